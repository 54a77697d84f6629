"""Quotas: exact, counted in the transaction of what they count, and what to do about one that is used up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from graphql_api.db import teams
from graphql_api.db import usage as rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.domain.plan import Plan, Plans
from graphql_api.domain.usage import Quota, month_of, next_month
from graphql_api.errors import InvalidInput, NotFound, QuotaExceeded
from graphql_api.services.audit import Audit
from graphql_api.services.upgrades import Upgrades


class Quotas:
    """What teams have used of their plans."""

    def __init__(self, *, plans: Plans, upgrades: Upgrades, audit: Audit, clock: Callable[[], dt.datetime]) -> None:
        self._plans = plans
        self._upgrades = upgrades
        self._audit = audit
        self._clock = clock

    @property
    def plans(self) -> Plans:
        """All plans."""
        return self._plans

    async def of(self, team: Team, plan: Plan) -> Quota:
        """What the team has used, as of this month."""
        now = self._clock()
        return Quota(plan, (await rows.get(team.id)).in_month(month_of(now)), next_month(now))

    async def get(self, principal: Principal) -> Quota:
        """What the caller's team has used of its plan. Unauthenticated, Forbidden."""
        team = principal.require(Scope.READ)
        return await self.of(team, self._plans.of(team.plan))

    async def check(self, principal: Principal, team: Team, size: int, *, images: int = 1) -> None:
        """Refuse early what `take` would refuse. QuotaExceeded."""
        if principal.is_test:
            return
        quota = await self.of(team, principal.plan)
        if (reason := quota.refusal(size, images=images)) is not None:
            raise self._exceeded(team, quota, reason)

    async def take(self, principal: Principal, team: Team, size: int, *, images: int = 1) -> None:
        """Count one more image, or (0) version of one, in the transaction that keeps it; not for test keys.

        QuotaExceeded.
        """
        if principal.is_test:
            return
        if await rows.take(team.id, principal.plan, month_of(self._clock()), size, images=images):
            return
        quota = await self.of(team, principal.plan)
        raise self._exceeded(team, quota, quota.refusal(size, images=images) or "The plan has no room for one more.")

    @staticmethod
    async def release(media: Media, size: int, *, images: int = 1) -> None:
        """One image with all its versions (0: a version alone) less is kept: to be called where it is removed."""
        if not media.test:
            await rows.release(media.team_id, size, images=images)

    def _exceeded(self, team: Team, quota: Quota, reason: str) -> QuotaExceeded:
        plan, used = quota.plan, quota.usage
        usage = {
            "plan": plan.name,
            "uploads_used": used.uploads,
            "uploads_limit": plan.uploads_per_month,
            "storage_used_bytes": used.bytes,
            "storage_limit_bytes": plan.storage_bytes,
        }
        return QuotaExceeded(reason, action=self._upgrades.action(team, plan), usage=usage)

    async def set_plan(self, principal: Principal, team_name: str, plan_name: str) -> Team:
        """Put a team on a plan; for operators. NotFound, InvalidInput, Forbidden."""
        principal.require_operator()
        return await self.change_plan(principal, team_name, plan_name)

    async def change_plan(self, principal: Principal, team_name: str, plan_name: str) -> Team:
        """The same, by command."""
        if plan_name not in self._plans.by_name:
            raise InvalidInput("plan", f"There is no such plan; there are: {', '.join(self._plans.by_name)}.")
        if (team := await teams.find(team_name)) is None:
            raise NotFound("There is no such team.")
        async with transaction():
            await teams.set_plan(team.id, plan_name)
            await self._audit.record(principal, AuditAction.PLAN_CHANGED, f"to {plan_name}", team_id=team.id)
        return Team(team.id, team.name, team.storage, plan_name)

    # --- the truth

    async def recount(self, *, repair: bool) -> list[rows.Recount]:
        """Hold what is counted against what is there, team by team; with `repair` make it so."""
        found = []
        for team_id in await rows.team_ids():
            async with transaction():
                found.append(await rows.recount(team_id, repair=repair))
        return found
