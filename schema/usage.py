"""Plans, and what a team has used of its own."""

from __future__ import annotations

import datetime as dt

import strawberry

from graphql_api.domain import plan as domain
from graphql_api.domain.usage import Quota, left
from graphql_api.errors import TintypeError
from schema.context import Info
from schema.errors import UserError, user_error
from schema.scalars import BigInt


@strawberry.type(description="Limits that come together; null where there is none.")
class Plan:
    """A domain Plan."""

    name: str = strawberry.field(description="Its name.")
    title: str = strawberry.field(description="Its name, for people.")
    price: str | None = strawberry.field(description="What it costs, in words.")
    uploads_per_month: int | None = strawberry.field(description="Uploads and imports in a calendar month (UTC).")
    storage_bytes: BigInt | None = strawberry.field(description="Bytes of all originals together.")
    images: int | None = strawberry.field(description="Images that are kept at once.")
    max_file_bytes: BigInt = strawberry.field(description="Bytes of one file.")
    retention_days: int | None = strawberry.field(description="How long images are kept.")
    requests_per_minute: int | None = strawberry.field(description="Requests in a minute.")
    cost_per_minute: int | None = strawberry.field(description="What GraphQL documents may cost in a minute.")


def present_plan(plan: domain.Plan) -> Plan:
    """A plan in GraphQL's words."""
    return Plan(
        name=plan.name,
        title=plan.title,
        price=plan.price,
        uploads_per_month=plan.uploads_per_month,
        storage_bytes=_big(plan.storage_bytes),
        images=plan.images,
        max_file_bytes=BigInt(plan.max_file_bytes),
        retention_days=plan.retention.days if plan.retention else None,
        requests_per_minute=plan.requests_per_minute,
        cost_per_minute=plan.cost_per_minute,
    )


@strawberry.type(description="What a team has used of its plan. What is in the trash counts until it is gone for good.")
class Usage:
    """A Quota."""

    plan: Plan = strawberry.field(description="The plan.")
    uploads: int = strawberry.field(description="Uploads and imports of this month.")
    uploads_left: int | None = strawberry.field(description="What is left of them; null without a limit.")
    images: int = strawberry.field(description="Images that are kept.")
    images_left: int | None = strawberry.field(description="What is left of them; null without a limit.")
    storage_bytes: BigInt = strawberry.field(description="Bytes of all originals together.")
    storage_bytes_left: BigInt | None = strawberry.field(description="What is left of them; null without a limit.")
    resets_at: dt.datetime = strawberry.field(description="When the next month begins.")


def present_usage(quota: Quota) -> Usage:
    """What is used, in GraphQL's words."""
    plan, usage = quota.plan, quota.usage
    return Usage(
        plan=present_plan(plan),
        uploads=usage.uploads,
        uploads_left=left(plan.uploads_per_month, usage.uploads),
        images=usage.images,
        images_left=left(plan.images, usage.images),
        storage_bytes=BigInt(usage.bytes),
        storage_bytes_left=_big(left(plan.storage_bytes, usage.bytes)),
        resets_at=quota.resets_at,
    )


def _big(value: int | None) -> BigInt | None:
    return None if value is None else BigInt(value)


@strawberry.type(description="How much GraphQL documents may cost in a minute, and what is left of that.")
class RateLimit:
    """An Allowance."""

    limit: int = strawberry.field(description="What they may cost in a minute.")
    cost: int = strawberry.field(description="What this request has cost so far.")
    remaining: int = strawberry.field(description="What is left after it.")
    reset_at: dt.datetime = strawberry.field(description="When there is more.")


@strawberry.input(description="A team and the plan that it shall be on.")
class SetTeamPlanInput:
    """Two names."""

    team_name: str = strawberry.field(description="Name of the team.")
    plan: str = strawberry.field(description="Name of the plan.")


@strawberry.type(description="What setting a plan came to.")
class SetTeamPlanPayload:
    """A plan or errors."""

    plan: Plan | None = strawberry.field(default=None, description="The plan; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type
class UsageQuery:
    """What can be asked of plans."""

    @strawberry.field(description="The plans that teams may choose from, the smallest first.")
    def plans(self, info: Info) -> list[Plan]:
        return [present_plan(plan) for plan in info.context.services.quotas.plans.offered()]

    @strawberry.field(description="How the caller's budget of cost stands; null where nothing limits it.")
    def rate_limit(self, info: Info) -> RateLimit | None:
        meter = info.context.meter
        if (allowance := meter.allowance) is None:
            return None
        reset_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=allowance.reset_seconds)
        return RateLimit(limit=allowance.limit, cost=meter.cost, remaining=allowance.remaining, reset_at=reset_at)


@strawberry.type
class UsageMutation:
    """What can be done about plans."""

    @strawberry.mutation(description="Put a team on a plan; for administrators of the installation.")
    async def set_team_plan(self, info: Info, input: SetTeamPlanInput) -> SetTeamPlanPayload:
        context = info.context
        try:
            await context.services.quotas.set_plan(context.principal, input.team_name, input.plan)
        except TintypeError as error:
            return SetTeamPlanPayload(errors=[user_error(error)])
        return SetTeamPlanPayload(plan=present_plan(context.services.quotas.plans.of(input.plan)))
