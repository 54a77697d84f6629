"""Sends what is due to webhooks: each at least once, by whichever process is first, until it arrives or is given up."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable

import structlog

from graphql_api.db import webhooks as rows
from graphql_api.domain.event import Delivery
from graphql_api.errors import InvalidInput, UpstreamFailed
from graphql_api.remote.webhook import Sender

log = structlog.get_logger("tintype")

# After each failure, how long to wait: ten attempts in two days. A tenth more or less is left to the poll below.
_WAITS = tuple(
    dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
MAX_ATTEMPTS = len(_WAITS) + 1
_LEASE = dt.timedelta(seconds=60)  # longer than an attempt: whoever died in one is followed by another
_POLL_SECONDS = 5
_SIDE_BY_SIDE = 64  # attempts: each waits for somebody else's server, at most ten seconds
_OF_ONE_WEBHOOK = 2  # of them: who is slow makes nobody wait but itself
_SUCCESS = 2  # hundred and something


class Deliveries:
    """Runs beside the requests of one process."""

    def __init__(self, sender: Sender, clock: Callable[[], dt.datetime]) -> None:
        self._sender = sender
        self._clock = clock
        self._wanted = asyncio.Event()
        self._sending: dict[asyncio.Task[None], uuid.UUID] = {}  # attempts under way, and the webhook of each

    def wake(self) -> None:
        """Look at once, not only at the next poll."""
        self._wanted.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        try:
            while True:
                self._wanted.clear()
                try:
                    while await self._begin_due():
                        pass
                except Exception:
                    log.exception("deliveries_failed")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_SECONDS):
                        await self._wanted.wait()
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _begin_due(self) -> int:
        """Begin to send what is due now, as far as there are places; returns how many were looked at."""
        if (free := _SIDE_BY_SIDE - len(self._sending)) <= 0:
            return 0
        places = Counter(self._sending.values())
        full = [webhook_id for webhook_id, count in places.items() if count >= _OF_ONE_WEBHOOK]
        found = await rows.due(self._clock(), free, full)
        for delivery, url, secret in found:
            if places[delivery.webhook_id] >= _OF_ONE_WEBHOOK:
                continue
            if await rows.claim(delivery, self._clock() + _LEASE):
                places[delivery.webhook_id] += 1
                task = asyncio.create_task(self._attempt(delivery, url, secret))
                self._sending[task] = delivery.webhook_id
                task.add_done_callback(self._end)
        return len(found)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("deliveries_failed", exc_info=error)
        self.wake()  # there is a place for another

    async def _attempt(self, delivery: Delivery, url: str, secret: str) -> None:
        headers = {"Tintype-Event": delivery.event.value, "Tintype-Delivery": str(delivery.id)}
        status: int | None
        try:
            status = await self._sender.post(url, secret, delivery.payload.encode(), headers)
            failure = None if status // 100 == _SUCCESS else f"The answer had the status {status}."
        except (UpstreamFailed, InvalidInput) as error:
            status, failure = None, str(error)
        except Exception:  # one that cannot be sent must not keep others
            log.exception("webhook_broken", delivery=str(delivery.id))
            status, failure = None, "The message could not be sent."
        now = self._clock()
        wait = _WAITS[delivery.attempts] if failure and delivery.attempts < len(_WAITS) else None
        await rows.settle(
            delivery.id,
            (status, failure),
            due_at=now + wait if wait else None,
            delivered_at=None if failure else now,
        )
        if failure:
            log.info("webhook_failed", delivery=str(delivery.id), attempt=delivery.attempts + 1, reason=failure)
