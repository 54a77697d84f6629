"""The limits that a caller is under. Sources: the tiers of seed 002; contracts/imgpro.md 1.2 and 1.8."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """Independent limits; None means that there is none."""

    max_file_bytes: int
    retention: dt.timedelta | None = None
    uploads_per_hour: int | None = None
    uploads_per_day: int | None = None
    requests_per_minute: int | None = None
    burst: int = 0  # so many more in one minute; not in five


KEYED = Plan(max_file_bytes=70 * MIB, requests_per_minute=1000, burst=200)  # seed 000: a team, with a burst
TEST = Plan(max_file_bytes=70 * MIB, requests_per_minute=60)  # seed 004: keys for trying have a low rate
MIRROR = Plan(max_file_bytes=70 * MIB, retention=dt.timedelta(days=1))  # what is fetched for `/cdn-cgi/image/`
GUEST = Plan(
    max_file_bytes=20 * MIB,
    retention=dt.timedelta(days=30),
    uploads_per_hour=20,
    uploads_per_day=100,
    requests_per_minute=300,
)

FAILED_AUTHENTICATIONS_PER_MINUTE = 30  # for an address: who tries keys out gets no further
