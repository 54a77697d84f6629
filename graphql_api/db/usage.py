"""What teams use, counted by single guarded statements: no two callers can both take the last place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pypika_tortoise.functions import Coalesce, Count, Sum
from pypika_tortoise.queries import Query, Table
from pypika_tortoise.terms import Case, Criterion
from tortoise.expressions import F
from tortoise.query_api import execute_pypika

from graphql_api.db.models import Team as TeamRow
from graphql_api.db.models import Usage as UsageRow
from graphql_api.db.rows import fetch
from graphql_api.domain.plan import Plan
from graphql_api.domain.usage import Usage

_usage, _media, _version = Table("usage"), Table("media"), Table("media_version")


async def take(team_id: int, plan: Plan, month: str, size: int, *, images: int = 1) -> bool:
    """Count one more upload of `size` bytes, if the plan has room for it. Holds the row until the transaction ends.

    It makes one more image, or (0) replaces the file of one.
    """
    now = _usage.month >= month  # a process whose clock is behind must not start an old month again
    uploads = Case().when(now, _usage.uploads).else_(0)
    query = (
        Query.update(_usage)
        .set(_usage.uploads, uploads + 1)
        .set(_usage.month, Case().when(now, _usage.month).else_(month))
        .set(_usage.images, _usage.images + images)
        .set(_usage.bytes, _usage.bytes + size)
        .where(_usage.team_id == team_id)
    )
    return bool((await execute_pypika(query.where(_has_room(plan, month, (images, size))))).rows_affected)


def _has_room(plan: Plan, month: str, more: tuple[int, int]) -> Criterion:
    images, size = more
    room: Criterion = _usage.images >= 0
    if plan.uploads_per_month is not None:
        fits = _usage.uploads < plan.uploads_per_month
        # (A plan of no uploads has none in a new month either.)
        room &= fits | (_usage.month < month) if plan.uploads_per_month else fits
    if plan.images is not None and images:
        room &= _usage.images < plan.images
    if plan.storage_bytes is not None:
        room &= _usage.bytes <= plan.storage_bytes - size
    return room


async def release(team_id: int, size: int, *, images: int = 1) -> None:
    """`size` bytes less are kept: those of one image with all its versions, or (0) of a version alone."""
    await UsageRow.filter(team_id=team_id).update(images=F("images") - images, bytes=F("bytes") - size)


async def get(team_id: int) -> Usage:
    """What the team has used, as it was counted last; nothing for a team that was just erased."""
    row = await UsageRow.get_or_none(team_id=team_id)
    return Usage(row.month, row.uploads, row.images, row.bytes) if row else Usage("", 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Recount:
    """What was counted for a team, and what there is."""

    team: str
    counted: tuple[int, int]  # images, bytes
    found: tuple[int, int]

    @property
    def is_right(self) -> bool:
        """Whether they agree."""
        return self.counted == self.found


async def recount(team_id: int, *, repair: bool) -> Recount:
    """Count what is kept. To be called in a transaction: the row is held, so that nothing moves meanwhile."""
    await UsageRow.filter(team_id=team_id).update(images=F("images"))
    row = await UsageRow.get(team_id=team_id)
    query = Query.from_(_media).select(Count("*").as_("images"), Coalesce(Sum(_media.bytes), 0).as_("bytes"))
    counting = (_media.team_id == team_id) & (_media.test == False)  # noqa: E712 (SQL)
    (found,) = await fetch(query.where(counting))
    earlier = Query.from_(_version).join(_media).on(_media.id == _version.media_id).where(counting)
    (replaced,) = await fetch(earlier.select(Coalesce(Sum(_version.bytes), 0).as_("bytes")))
    there = int(found["images"]), int(found["bytes"]) + int(replaced["bytes"])
    if repair and there != (row.images, row.bytes):
        await UsageRow.filter(team_id=team_id).update(images=there[0], bytes=there[1])
    team = await TeamRow.get(id=team_id)
    return Recount(team.name, (row.images, row.bytes), there)


async def team_ids() -> Sequence[int]:
    """All teams that use anything."""
    return [row.team_id for row in await UsageRow.all().order_by("team_id")]  # type: ignore[attr-defined]
