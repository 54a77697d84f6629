"""Counting per window of time, with the `limits` library: in Redis, shared, where there is one; else in this process.

Redis being away never refuses and hardly delays anybody: this process then counts on its own until Redis is back.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.memory import Entry
from limits.aio.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graphql_api.services.metrics import Metrics

_MAX_KEYS = 50_000  # in memory; some 250 bytes each, two for each caller and rule
_REDIS_SECONDS = 0.2  # for all that one request has to ask
_REDIS_CONNECTIONS = 32
_BREAK_SECONDS = 5.0  # how long nobody asks a Redis that did not answer
_PREFIX = "tintype"

ResultT = TypeVar("ResultT")
log = structlog.get_logger("tintype")


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `amount` in `seconds`: by two counters, which is nearly exact, or by the times of all that came."""

    amount: int
    seconds: int
    exact: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What is left of a rule, and after how many seconds there is room for more than that."""

    remaining: int
    reset_seconds: int


class Windows:
    """The two ways of counting, over one storage."""

    def __init__(self, storage: MemoryStorage | RedisStorage) -> None:
        self._sliding = SlidingWindowCounterRateLimiter(storage)
        self._exact = MovingWindowRateLimiter(storage)

    async def hit(self, rule: Rule, who: str, weight: int = 1) -> bool:
        """Count one, or as many as it weighs; False, and nothing is counted, where there is no room."""
        return await self._limiter(rule).hit(_item(rule), who, cost=weight)

    async def state(self, rule: Rule, who: str) -> State:
        """How the rule stands; nothing is counted."""
        window = await self._limiter(rule).get_window_stats(_item(rule), who)
        # The second after: at the very moment there may be none yet.
        left = math.floor(window.reset_time - time.time()) + 1
        return State(max(0, window.remaining), min(max(1, left), rule.seconds))

    def _limiter(self, rule: Rule) -> RateLimiter:
        return self._exact if rule.exact else self._sliding


def _item(rule: Rule) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(rule.amount, rule.seconds, "rate")


class Counters:
    """Windows in Redis, with those of this process to fall back on; `redis_url` may be empty."""

    def __init__(self, redis_url: str, metrics: Metrics) -> None:
        self._own = Windows(BoundedMemory())
        self._pool = _connect(redis_url) if redis_url else None
        self._shared = Windows(_redis(self._pool)) if self._pool else None
        self._metrics = metrics
        self._away_until: float | None = None

    async def ask(self, question: Callable[[Windows], Awaitable[ResultT]]) -> ResultT:
        """The answer of Redis or, where there is none in time, that of this process."""
        if self._shared is None:
            return await question(self._own)
        if self._may_try():
            try:
                async with asyncio.timeout(_REDIS_SECONDS):
                    answer = await question(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                self._lose(error)
            else:
                self._find()
                return answer
        self._metrics.limiter_unavailable()
        return await question(self._own)

    def _may_try(self) -> bool:
        """Whether to ask Redis. During an outage one request in a while does; the others do not wait for it."""
        if self._away_until is None:
            return True
        if (now := time.monotonic()) < self._away_until:
            return False
        self._away_until = now + _BREAK_SECONDS
        return True

    def _lose(self, error: Exception) -> None:
        if self._away_until is None:
            # Its kind alone: a text of the client may have the address, and with it the password.
            log.error("rate_limiter_unavailable", error=type(error).__name__, consequence="limits hold per process")
        self._away_until = time.monotonic() + _BREAK_SECONDS

    def _find(self) -> None:
        if self._away_until is not None:
            log.info("rate_limiter_available")
            self._away_until = None

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.disconnect()


def _connect(url: str) -> BlockingConnectionPool:
    return BlockingConnectionPool.from_url(
        url,
        max_connections=_REDIS_CONNECTIONS,
        timeout=_REDIS_SECONDS,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), 1),  # at once, for a connection that went stale
    )


def _redis(pool: BlockingConnectionPool) -> RedisStorage:
    # Where Redis is, the pool knows; `limits` has its own spelling of some addresses.
    options: dict[str, Any] = {"connection_pool": pool}  # allowed, but not in the library's types
    return RedisStorage("async+redis://", implementation="redispy", key_prefix=_PREFIX, **options)


class BoundedMemory(MemoryStorage):
    """The library's memory, bounded, and without its sweep of all keys at each hit.

    That sweep takes 18 ms once there are 100,000 keys, and an IPv6 /48 has 65,536 networks of one caller each. Here
    nothing is swept: what is full loses its oldest tenth. Nothing below awaits, so no locks are needed either.
    """

    STORAGE_SCHEME = None  # type: ignore[assignment]  # not to be found by an address

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count `amount` more under the key, which is new again after `expiry` seconds."""
        count = await self.get(key) + amount
        self.storage[key] = count
        if count == amount:
            self.expirations[key] = time.time() + expiry
            if len(self.expirations) > _MAX_KEYS:
                for old in _oldest(self.expirations):
                    self.storage.pop(old, None)
                    self.expirations.pop(old, None)
        return count

    async def decr(self, key: str, amount: int = 1) -> int:
        """Count `amount` less."""
        self.storage[key] = count = max(0, await self.get(key) - amount)
        return count

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Write down the time of a hit, where fewer than `limit` are younger than `expiry`."""
        known, now = self.events.setdefault(key, []), time.time()
        if amount > limit or (len(known) > limit - amount and known[limit - amount].atime >= now - expiry):
            return False
        self.events[key] = ([Entry(expiry)] * amount + known)[:limit]
        if len(self.events) > _MAX_KEYS:
            for old in _oldest(self.events):
                self.events.pop(old, None)
        return True


def _oldest(entries: dict[str, ResultT]) -> list[str]:
    return list(entries)[: _MAX_KEYS // 10]
