"""Rate limits: approximate, per address and time, in this process."""

from __future__ import annotations

import ipaddress
import time

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from graphql_api.domain.account import Principal
from graphql_api.domain.plan import Plan
from graphql_api.errors import RateLimited

_UPLOAD = "upload"
_IPV6_PREFIX = 64  # what one customer is given: single addresses in it cost nothing


class Limits:
    """`scale` multiplies every limit; 0 switches them off."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count_upload(self, principal: Principal) -> None:
        """Count an upload of this caller. RateLimited when its plan has no more."""
        for item in self._upload_items(principal.plan):
            await self._refuse_unless(
                await self._limiter.hit(item, _UPLOAD, _source(principal.address)), item, principal
            )

    async def check_upload(self, principal: Principal) -> None:
        """As `count_upload`, but count nothing yet."""
        for item in self._upload_items(principal.plan):
            await self._refuse_unless(
                await self._limiter.test(item, _UPLOAD, _source(principal.address)), item, principal
            )

    def _upload_items(self, plan: Plan) -> list[RateLimitItem]:
        limits = ((plan.uploads_per_hour, RateLimitItemPerHour), (plan.uploads_per_day, RateLimitItemPerDay))
        return [
            per(max(1, round(amount * self._scale))) for amount, per in limits if amount is not None and self._scale
        ]

    async def _refuse_unless(self, allowed: bool, item: RateLimitItem, principal: Principal) -> None:  # noqa: FBT001
        if allowed:
            return
        window = await self._limiter.get_window_stats(item, _UPLOAD, _source(principal.address))
        wait = max(1, round(window.reset_time - time.time()))
        raise RateLimited(f"No more than {item.amount} uploads per {item.GRANULARITY.name} without an API key.", wait)


def _source(address: str) -> str:
    """The network that counts as one caller."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return address
