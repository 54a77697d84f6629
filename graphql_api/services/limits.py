"""Rate limits: approximate, per address and time, in this process."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from graphql_api.domain.account import Principal
from graphql_api.domain.plan import Plan
from graphql_api.errors import RateLimited

_UPLOAD = "upload"
_ATTEMPTS = 30  # in a quarter of an hour
_IPV6_PREFIX = 64  # what one customer is given: single addresses in it cost nothing


class Limits:
    """`scale` multiplies every limit; 0 switches them off."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count_upload(self, principal: Principal) -> None:
        """Count an upload of this caller. RateLimited when its plan has no more."""
        await self._ask(self._limiter.hit, principal)

    async def check_upload(self, principal: Principal) -> None:
        """As `count_upload`, but count nothing yet."""
        await self._ask(self._limiter.test, principal)

    async def count_attempt(self, kind: str, subject: str) -> None:
        """Count an attempt at something that may be guessed or spammed, by address or account. RateLimited."""
        if not self._scale or not subject:
            return
        item = RateLimitItemPerMinute(max(1, round(_ATTEMPTS * self._scale)), 15)
        if not await self._limiter.hit(item, kind, _source(subject)):
            window = await self._limiter.get_window_stats(item, kind, _source(subject))
            raise RateLimited("Too many attempts.", max(1, round(window.reset_time - time.time())))

    async def _ask(self, has_room: Callable[..., Awaitable[bool]], principal: Principal) -> None:
        source = _source(principal.address)
        for item in self._upload_items(principal.plan):
            if not await has_room(item, _UPLOAD, source):
                window = await self._limiter.get_window_stats(item, _UPLOAD, source)
                wait = max(1, round(window.reset_time - time.time()))
                per = f"{item.amount} uploads per {item.GRANULARITY.name}"
                raise RateLimited(f"No more than {per} without an API key.", wait)

    def _upload_items(self, plan: Plan) -> list[RateLimitItem]:
        limits = ((plan.uploads_per_hour, RateLimitItemPerHour), (plan.uploads_per_day, RateLimitItemPerDay))
        return [
            per(max(1, round(amount * self._scale))) for amount, per in limits if amount is not None and self._scale
        ]


def _source(address: str) -> str:
    """The network that counts as one caller."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return address
