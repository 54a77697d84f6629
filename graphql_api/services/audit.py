"""The audit trail: who did what that matters for security, in the words of the moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from graphql_api.db import audit as rows
from graphql_api.domain.account import Principal
from graphql_api.domain.audit import AuditAction, AuditEvent
from graphql_api.domain.key import Scope
from graphql_api.domain.page import MAX_PAGE
from graphql_api.errors import InvalidInput

RETENTION = dt.timedelta(days=400)

OPERATOR = "operator"  # whoever can run the command can do everything


class Audit:
    """Writes and reads the trail."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock

    async def record(
        self, principal: Principal, action: AuditAction, subject: str = "", *, team_id: int | None = None
    ) -> None:
        """Write an act down; to be called in the transaction of the act."""
        team = team_id if team_id is not None else principal.team.id if principal.team else None
        await rows.write(team, AuditEvent(action, actor(principal), subject, principal.address, self._clock()))

    async def list(self, principal: Principal, *, size: int, before: int | None) -> list[AuditEvent]:
        """The team's trail, the latest first; for its admins. InvalidInput, Forbidden."""
        team = principal.require(Scope.ADMIN)
        if not 0 <= size <= MAX_PAGE:
            raise InvalidInput("first", f"'first' must be between 0 and {MAX_PAGE}.")
        return await rows.page(team.id, size=size, before=before)

    async def sweep(self) -> int:
        """Forget what is older than RETENTION."""
        return await rows.sweep(self._clock() - RETENTION)


def actor(principal: Principal) -> str:
    """Who is calling, for people to read."""
    if principal.user is not None:
        return principal.user.email
    if principal.key is not None:
        return f"key {principal.key.id} ({principal.key.name})"
    return OPERATOR if not principal.address else "somebody"
