"""Rate limits in a real Redis: shared by processes, and without consequence when it is away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import structlog
from redis.asyncio import Redis as RedisClient

from graphql_api.domain.account import Principal
from graphql_api.errors import RateLimited
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services import counters
from graphql_api.services.counters import Counters
from graphql_api.services.limits import Limits
from graphql_api.services.metrics import Metrics
from tests.conftest import make_settings, run_app
from tests.plans import PLANS
from tests.redis_server import Redis

pytestmark = pytest.mark.usefixtures("early_in_the_minute")

GUEST = Principal(address="1.2.3.4", plan=PLANS.anonymous)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy Redis may take longer than we would wait in earnest."""
    monkeypatch.setattr(counters, "_REDIS_SECONDS", 20.0)


class Process:
    """What one process has of it."""

    def __init__(self, url: str, scale: float) -> None:
        self.metrics = Metrics()
        self.counters = Counters(url, self.metrics)
        self.limits = Limits(scale, self.counters, self.metrics)

    async def granted(self, times: int) -> int:
        asked = await asyncio.gather(*(self.limits.count_request(GUEST) for _ in range(times)))
        return sum(allowance is not None and allowance.granted for allowance in asked)

    @property
    def unavailable(self) -> int:
        (count,) = re.findall(
            r"^tintype_rate_limiter_unavailable_total (\S+)", self.metrics.render().decode(), re.MULTILINE
        )
        return int(float(count))

    def wait_until_it_is_tried_again(self) -> None:
        self.counters._away_until = 0.0


@asynccontextmanager
async def processes(*urls: str, scale: float = 0.1) -> AsyncIterator[list[Process]]:
    """As many processes; an address has 30 requests a minute, and a guest 2 uploads an hour."""
    async with AsyncExitStack() as stack:
        made = [Process(url, scale) for url in urls]
        for process in made:
            stack.push_async_callback(process.counters.close)
        yield made


async def test_processes_share_one_count_by_port_and_by_socket(redis: Redis) -> None:
    async with processes(redis.url, f"{redis.url}/0", redis.socket_url) as (one, two, three):
        assert await one.granted(10) == 10
        assert await two.granted(10) == 10
        assert await three.granted(20) == 10
        assert await one.granted(5) == 0
        refused = await two.limits.count_request(GUEST)
        unavailable = one.unavailable + two.unavailable + three.unavailable

    assert refused
    assert 0 < refused.reset_seconds <= 60
    assert unavailable == 0


async def test_databases_of_one_redis_are_apart(redis: Redis) -> None:
    async with processes(f"{redis.url}/1", f"{redis.socket_url}?db=2") as (one, two):
        assert (await one.granted(40), await two.granted(40)) == (30, 30)
        assert one.unavailable + two.unavailable == 0


async def test_many_at_once_from_several_processes_never_pass_the_limit(redis: Redis) -> None:
    async with processes(*[redis.url] * 4) as several:
        granted = await asyncio.gather(*(process.granted(50) for process in several))

    assert sum(granted) == 30


async def test_uploads_are_counted_exactly_across_processes(redis: Redis) -> None:
    async with processes(redis.url, redis.url) as (one, two):
        await one.limits.count_upload(GUEST)
        await two.limits.count_upload(GUEST)
        for process in (one, two):
            with pytest.raises(RateLimited) as refused:
                await process.limits.check_upload(GUEST)
            assert refused.value.retry_after
            assert 3500 < refused.value.retry_after <= 3600
        assert [allowance.remaining for allowance in await one.limits.uploads_left(GUEST)] == [0, 8]


async def test_keys_in_redis_end_by_themselves(redis: Redis) -> None:
    async with processes(redis.url) as (one,):
        await one.granted(1)
        await one.limits.count_failure("wrong", "1.2.3.4")
        await one.limits.count_upload(GUEST)
        assert one.counters._pool
        found = RedisClient(connection_pool=one.counters._pool)
        keys = [key async for key in found.scan_iter()]
        ends = [await found.ttl(key) for key in keys]

    assert len(keys) == 4
    assert all(key.startswith(b"tintype:") for key in keys)
    assert all(0 < end <= 86400 for end in ends)


async def test_without_redis_this_process_counts_and_nobody_is_refused_for_it() -> None:
    with structlog.testing.capture_logs() as logs:
        async with processes("redis://:secret@127.0.0.1:1") as (one,):
            assert await one.granted(40) == 30
            assert one.unavailable == 40

    events = [entry for entry in logs if entry["event"] == "rate_limiter_unavailable"]
    assert len(events) == 1
    assert "secret" not in str(logs)


async def test_when_redis_dies_requests_go_on_and_it_is_used_again_when_it_is_back(
    redis: Redis,
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with processes(redis.url, redis.url) as (one, two):
            assert await one.granted(30) == 30
            redis.kill()
            assert await one.granted(40) == 30  # the count of this process begins
            assert await two.granted(40) == 30
            assert (one.unavailable, two.unavailable) == (40, 40)
            redis.start()
            assert await two.granted(5) == 0  # nobody has looked yet
            one.wait_until_it_is_tried_again()
            two.wait_until_it_is_tried_again()
            assert await one.granted(1) + await two.granted(1) == 2
            assert await one.granted(20) + await two.granted(20) == 28
            assert (one.unavailable, two.unavailable) == (40, 45)

    told = [entry["event"] for entry in logs]
    assert (told.count("rate_limiter_unavailable"), told.count("rate_limiter_available")) == (2, 2)


async def test_a_redis_that_does_not_answer_keeps_nobody_waiting_twice(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(redis.url) as (one,):
        assert await one.granted(5) == 5
        monkeypatch.setattr(counters, "_REDIS_SECONDS", 0.1)
        redis.freeze()
        assert await one.granted(40) == 30
        assert one.unavailable == 40
        with monkeypatch.context() as during:
            during.setattr(one.counters, "_shared", object())  # to ask it would fail now
            assert await one.granted(40) == 0
        redis.thaw()
        monkeypatch.setattr(counters, "_REDIS_SECONDS", 20.0)
        one.wait_until_it_is_tried_again()
        assert (first := await one.limits.count_request(GUEST))
        # No answer of before is taken for one of now.
        assert await one.granted(40) == first.remaining < 25
        assert one.unavailable == 80


async def test_a_server_that_is_no_redis_is_as_good_as_none() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, processes(f"redis://127.0.0.1:{port}") as (one,):
        assert await one.granted(40) == 30


async def test_two_applications_share_a_rate_and_one_that_loses_redis_still_answers(
    tmp_path: Path, imaging: ImagingPool, redis: Redis
) -> None:
    changes = {"redis_url": redis.url, "rate_limit_scale": 0.02}
    async with (
        run_app(make_settings(tmp_path / "a", **changes), imaging) as one,
        run_app(make_settings(tmp_path / "b", **changes), imaging) as two,
    ):
        statuses = [
            (await client.get("/v1/images/nothing", key=None)).status for _ in range(4) for client in (one, two)
        ]
        redis.kill()
        alone = await one.get("/v1/images/nothing", key=None)
        text = (await one.get("/metrics", key=None)).body.decode()

    assert statuses == [404] * 6 + [429] * 2
    assert (alone.status, alone.headers["RateLimit-Remaining"]) == (404, "5")
    assert "tintype_rate_limiter_unavailable_total 1.0" in text
