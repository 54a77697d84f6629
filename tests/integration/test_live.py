"""What processes tell each other through a real Redis: only what somebody hears, and bounded while it is away."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from graphql_api.services import live
from graphql_api.services.live import Live, Progress
from graphql_api.services.metrics import Metrics
from tests.people import eventually
from tests.redis_server import Redis

PATIENCE = 30


class Process:
    """What one process has of it."""

    def __init__(self, url: str) -> None:
        self.metrics = Metrics()
        self.live = Live(url, self.metrics)

    @property
    def dropped(self) -> int:
        (count,) = re.findall(r"^tintype_live_dropped_total (\S+)", self.metrics.render().decode(), re.MULTILINE)
        return int(float(count))


@asynccontextmanager
async def running(redis: Redis) -> AsyncIterator[Process]:
    process = Process(redis.url)
    task = asyncio.create_task(process.live.run())
    try:
        yield process
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await process.live.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long before trying again."""
    monkeypatch.setattr(live, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(live, "_MAX_RETRY_SECONDS", 0.2)


def news(upload_id: uuid.UUID, received: int = 1) -> Progress:
    return Progress(upload_id, received, 1_000_000, done=False)


async def connect(one: Process, two: Process) -> None:
    """Wait until the second hears what the first tells."""
    upload_id = uuid.uuid4()
    async with asyncio.timeout(PATIENCE):
        with two.live.progress(upload_id) as heard:
            coming = asyncio.ensure_future(anext(heard))
            while not coming.done():
                one.live.tell(news(upload_id))
                await asyncio.sleep(0.05)


async def test_only_what_somebody_hears_is_even_parsed(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, other = uuid.uuid4(), uuid.uuid4()
    async with running(redis) as one, running(redis) as two:
        await connect(one, two)
        parsed: list[tuple[Live, bytes]] = []
        real = Live._parse

        def parse(self: Live, data: bytes) -> live.Message | None:
            parsed.append((self, data))
            return real(self, data)

        monkeypatch.setattr(Live, "_parse", parse)
        with two.live.progress(wanted) as heard, one.live.progress(other) as own:
            for _ in range(20):
                one.live.tell(news(other))
            one.live.tell(news(wanted))
            async with asyncio.timeout(PATIENCE):
                first = await anext(heard)
                mine = [await anext(own) for _ in range(20)]
            two.live.tell(news(wanted, 2))  # its own comes back from Redis, and is not told twice
            two.live.tell(news(wanted, 3))
            async with asyncio.timeout(PATIENCE):
                rest = [await anext(heard) for _ in range(2)]

    assert [first, *rest] == [news(wanted), news(wanted, 2), news(wanted, 3)]
    assert mine == [news(other)] * 20
    assert not [data for process, data in parsed if process is two.live and str(other).encode() in data]
    assert [data for process, data in parsed if process is two.live and str(wanted).encode() in data]


async def test_a_redis_that_does_not_answer_is_told_no_more_than_fits(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_UNSENT", 50)
    monkeypatch.setattr(live, "_REDIS_SECONDS", 1.0)
    monkeypatch.setattr(live, "_SILENCE_SECONDS", 0.5)
    upload_id = uuid.uuid4()
    async with running(redis) as one, running(redis) as two:
        await connect(one, two)
        redis.freeze()
        tasks = len(asyncio.all_tasks())
        for _ in range(20):
            for _ in range(100):
                one.live.tell(news(upload_id))
            await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) <= tasks + 2  # of the client of Redis
        assert one.dropped >= 1900
        assert one.live._unsent.qsize() <= 50
        redis.thaw()
        await connect(one, two)


async def test_processes_find_each_other_again_when_redis_comes_back(redis: Redis) -> None:
    async with running(redis) as one, running(redis) as two:
        await connect(one, two)
        redis.kill()
        before, upload_id = one.dropped, uuid.uuid4()
        with one.live.progress(upload_id) as heard:
            one.live.tell(news(upload_id))
            assert await anext(heard) == news(upload_id)
        await eventually(lambda: one.dropped > before)
        redis.start()
        await connect(one, two)
        await connect(two, one)
