"""What a team has used of its plan. Months are calendar months in UTC, written `2026-11`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from graphql_api.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Usage:
    """Uploads of a month; images and bytes that are kept, those in the trash counted until they are purged."""

    month: str
    uploads: int
    images: int
    bytes: int

    def in_month(self, month: str) -> Usage:
        """The same in this month: a new one begins with no uploads."""
        return self if self.month >= month else Usage(month, 0, self.images, self.bytes)


@dataclass(frozen=True, slots=True)
class Quota:
    """A plan and what is used of it."""

    plan: Plan
    usage: Usage
    resets_at: dt.datetime

    def refusal(self, size: int, *, images: int = 1) -> str | None:
        """Why one more upload of `size` bytes does not fit, or None when it does; with no `images` it replaces one."""
        plan, usage = self.plan, self.usage
        if plan.uploads_per_month is not None and usage.uploads >= plan.uploads_per_month:
            return f"All {plan.uploads_per_month} uploads of this month are used."
        if plan.images is not None and images and usage.images >= plan.images:
            return f"All {plan.images} images of the plan are stored."
        if plan.storage_bytes is not None and usage.bytes + size > plan.storage_bytes:
            return f"The {plan.storage_bytes} bytes of storage of the plan do not hold {size} more."
        return None


def left(limit: int | None, used: int) -> int | None:
    """What is left of a limit; None without one."""
    return None if limit is None else max(0, limit - used)


def month_of(moment: dt.datetime) -> str:
    """The month that a moment is in."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m")


def next_month(moment: dt.datetime) -> dt.datetime:
    """When the month of this moment is over."""
    at = moment.astimezone(dt.UTC)
    return dt.datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=dt.UTC)
