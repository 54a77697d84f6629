"""The API keys of a team: made, renamed, given another secret, revoked; by its admins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from graphql_api.db import keys as rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.key import ApiKey, NewKey, Profile, Scope
from graphql_api.domain.names import clean_name
from graphql_api.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphql_api.services.audit import Audit

MAX_KEYS = 200


class Keys:
    """What can be done with keys."""

    def __init__(self, *, audit: Audit, clock: Callable[[], dt.datetime]) -> None:
        self._audit = audit
        self._clock = clock

    async def list(self, principal: Principal) -> list[ApiKey]:
        """The team's keys; for its admins."""
        return await rows.list_all(principal.require(Scope.ADMIN).id)

    async def make(self, principal: Principal, asked: NewKey) -> tuple[ApiKey, str]:
        """A new key of the team and its secret, shown now and never again. InvalidInput, Conflict, Forbidden."""
        team = self._require(principal, asked)
        if asked.expires_at is not None and asked.expires_at <= self._clock():
            raise InvalidInput("expiresAt", "'expiresAt' must lie in the future.")
        if await rows.count(team.id) >= MAX_KEYS:
            raise Conflict(f"A team has at most {MAX_KEYS} keys.")
        maker = principal.user.id if principal.user else principal.key.user_id if principal.key else None
        async with transaction():
            key, secret = await rows.make(team.id, asked, user_id=maker)
            await self._audit.record(principal, AuditAction.KEY_CREATED, _named(key))
        return key, secret

    @staticmethod
    def _require(principal: Principal, asked: NewKey) -> Team:
        """The team, if the caller may make such a key: admins any, a person their own for uploads."""
        if asked.profile is Profile.SK and principal.user is not None:
            return principal.require(Scope.WRITE)
        team = principal.require(Scope.ADMIN)
        if not asked.scopes <= principal.scopes:
            raise Forbidden("A key cannot be given a scope that its maker has not.")
        return team

    async def make_for(self, team: Team, asked: NewKey, *, lifetime: dt.timedelta | None = None) -> str:
        """A key by the operator's command."""
        if lifetime is not None:
            asked = replace(asked, expires_at=self._clock() + lifetime)
        async with transaction():
            key, secret = await rows.make(team.id, asked)
            await self._audit.record(Principal(), AuditAction.KEY_CREATED, _named(key), team_id=team.id)
        return secret

    async def rotate(self, principal: Principal, key_id: int) -> tuple[ApiKey, str]:
        """Another secret for a key; the old one is no good from this moment. NotFound, Forbidden."""
        team, key = await self._get(principal, key_id)
        async with transaction():
            if (secret := await rows.set_secret(team.id, key)) is None:
                raise NotFound("There is no such key.")
            await self._audit.record(principal, AuditAction.KEY_ROTATED, _named(key))
        return key, secret

    async def rename(self, principal: Principal, key_id: int, name: str) -> ApiKey:
        """Another name. NotFound, InvalidInput, Forbidden."""
        team, key = await self._get(principal, key_id)
        cleaned = clean_name("name", name)
        async with transaction():
            await rows.rename(team.id, key.id, cleaned)
            await self._audit.record(principal, AuditAction.KEY_RENAMED, f"{_named(key)} to {cleaned}")
        return await rows.get(team.id, key.id) or key

    async def revoke(self, principal: Principal, key_id: int) -> None:
        """Make the key worthless. NotFound, Forbidden."""
        team, key = await self._get(principal, key_id)
        async with transaction():
            if not await rows.remove(team.id, key.id):
                raise NotFound("There is no such key.")
            await self._audit.record(principal, AuditAction.KEY_REVOKED, _named(key))

    @staticmethod
    async def _get(principal: Principal, key_id: int) -> tuple[Team, ApiKey]:
        """A key that the caller may change: admins all of the team's, a person their own."""
        team = principal.require(Scope.READ)
        key = await rows.get(team.id, key_id)
        is_own = key is not None and principal.user is not None and key.user_id == principal.user.id
        if not is_own:
            principal.require(Scope.ADMIN)
        if key is None:
            raise NotFound("There is no such key.")
        if not key.scopes <= principal.scopes and not is_own:
            raise Forbidden("This key may do more than you.")
        return team, key

    @staticmethod
    async def has_any() -> bool:
        """Whether this is an installation in use."""
        return await rows.has_any()


def _named(key: ApiKey) -> str:
    return f"key {key.id} ({key.name})"
