"""Webhooks of teams: made, changed, tried out; and what was sent to them."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from graphql_api.db import teams
from graphql_api.db import webhooks as rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.event import Delivery, EventType, Webhook
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Keep
from graphql_api.errors import InvalidInput, NotFound
from graphql_api.remote.guard import parse_url
from graphql_api.services.audit import Audit
from graphql_api.services.events import new_delivery

MAX_WEBHOOKS = 10  # of a team
LOG_PAGE = 50
_RETENTION = dt.timedelta(days=30)
_MISSING = "There is no such webhook."
_NO_DELIVERY = "There is no such delivery."


@dataclass(frozen=True, slots=True)
class Webhooks:
    """All webhooks of all teams; for their admins, as they are told of everything. `wake` has the due sent now."""

    audit: Audit
    clock: Callable[[], dt.datetime]
    wake: Callable[[], None]

    async def list_all(self, principal: Principal) -> list[Webhook]:
        """The team's webhooks, the oldest first. Forbidden."""
        return await rows.list_all(principal.require(Scope.ADMIN).id)

    async def make(self, principal: Principal, url: str, events: Collection[EventType]) -> tuple[Webhook, str]:
        """Make one; it and its secret, which is told this once. InvalidInput, Forbidden."""
        team, now = principal.require(Scope.ADMIN), self.clock()
        made = Webhook(
            uuid.uuid4(), team.id, _checked(url), _listed(events), active=True, created_at=now, updated_at=now
        )
        secret = _new_secret()
        async with transaction():
            await teams.lock(team.id)  # one after the other: two at once would not see each other's
            await rows.insert(made, secret)
            if len(await rows.list_all(team.id)) > MAX_WEBHOOKS:
                raise InvalidInput("url", f"A team has at most {MAX_WEBHOOKS} webhooks.")
            await self.audit.record(principal, AuditAction.WEBHOOK_CREATED, made.url)
        return made, secret

    async def update(
        self,
        principal: Principal,
        webhook_id: uuid.UUID,
        url: str | Keep,
        events: Collection[EventType] | Keep,
        active: bool | Keep,  # noqa: FBT001 (one of three that may stay)
    ) -> Webhook:
        """Change one. NotFound, InvalidInput, Forbidden."""
        found = await self._own(principal, webhook_id)
        changed = replace(
            found,
            url=found.url if isinstance(url, Keep) else _checked(url),
            events=found.events if isinstance(events, Keep) else _listed(events),
            active=found.active if isinstance(active, Keep) else active,
            updated_at=self.clock(),
        )
        async with transaction():
            await rows.update(changed)
            await self.audit.record(principal, AuditAction.WEBHOOK_CHANGED, changed.url)
        return changed

    async def rotate(self, principal: Principal, webhook_id: uuid.UUID) -> tuple[Webhook, str]:
        """Give one a new secret; the old one is void at once. NotFound, Forbidden."""
        found, secret = await self._own(principal, webhook_id), _new_secret()
        async with transaction():
            await rows.set_secret(webhook_id, secret)
            await self.audit.record(principal, AuditAction.WEBHOOK_CHANGED, found.url)
        return found, secret

    async def delete(self, principal: Principal, webhook_id: uuid.UUID) -> None:
        """Remove one with all that is on its way to it. NotFound, Forbidden."""
        found = await self._own(principal, webhook_id)
        async with transaction():
            await teams.lock(found.team_id)
            if not await rows.delete(webhook_id):
                raise NotFound(_MISSING)
            await self.audit.record(principal, AuditAction.WEBHOOK_DELETED, found.url)

    async def try_out(self, principal: Principal, webhook_id: uuid.UUID) -> Delivery:
        """Send it a message that tells of nothing. NotFound, Forbidden."""
        made = new_delivery(webhook_id, EventType.WEBHOOK_TEST, {}, self.clock())
        async with transaction():
            await teams.lock(principal.require(Scope.ADMIN).id)  # what is deleted meanwhile gets no message
            await self._own(principal, webhook_id)
            await rows.send([made])
        self.wake()
        return made

    async def deliveries(
        self, principal: Principal, webhook_id: uuid.UUID, size: int, before: uuid.UUID | None
    ) -> Sequence[Delivery]:
        """What was, or is to be, sent to one, the latest first, from the one before `before`.

        NotFound, InvalidInput, Forbidden.
        """
        found = await self._own(principal, webhook_id)
        if not 1 <= size <= LOG_PAGE:
            raise InvalidInput("first", f"'first' must be between 1 and {LOG_PAGE}.")
        last = await rows.find_delivery(found.team_id, before) if before is not None else None
        if before is not None and last is None:
            raise NotFound(_NO_DELIVERY)
        return await rows.log(webhook_id, size, last)

    async def redeliver(self, principal: Principal, delivery_id: uuid.UUID) -> Delivery:
        """Send a message again, as it was. NotFound, Forbidden."""
        team = principal.require(Scope.ADMIN)
        if await rows.find_delivery(team.id, delivery_id) is None:
            raise NotFound(_NO_DELIVERY)
        await rows.redeliver(delivery_id, self.clock())
        self.wake()
        if (found := await rows.find_delivery(team.id, delivery_id)) is None:
            raise NotFound(_NO_DELIVERY)
        return found

    async def sweep(self) -> int:
        """Forget what was sent long ago."""
        return await rows.sweep(self.clock() - _RETENTION)

    async def _own(self, principal: Principal, webhook_id: uuid.UUID) -> Webhook:
        team = principal.require(Scope.ADMIN)
        if (found := await rows.find(team.id, webhook_id)) is None:
            raise NotFound(_MISSING)
        return found


def _checked(url: str) -> str:
    """Whether it leads to a public address is seen each time that something is sent there."""
    return str(parse_url(url))


def _listed(events: Collection[EventType]) -> frozenset[EventType]:
    listed = frozenset(events) - {EventType.WEBHOOK_TEST}  # that one comes when it is asked for
    if not listed:
        raise InvalidInput("events", "A webhook must be told of something.")
    return listed


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"
