"""What GraphQL documents may cost in a minute, for a team or an address."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests.client import Answer, Client
from tests.conftest import make_settings, run_app
from tests.redis_server import Redis

PLANS = """
[anonymous]
max_file = "1MiB"
cost_per_minute = 50
[test]
max_file = "1MiB"
cost_per_minute = 50
[free]
max_file = "1MiB"
cost_per_minute = 1000
[unlimited]
max_file = "1MiB"
"""
PAGE = {"query": "{ mediaList(first: 98) { nodes { name } } rateLimit { limit cost remaining resetAt } }"}
COST = 100 + 5


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    path = tmp_path / "plans.toml"
    path.write_text(PLANS)
    return path


@pytest.fixture
async def counting(
    tmp_path: Path, imaging: ImagingPool, plans: Path, early_in_the_minute: None
) -> AsyncIterator[Client]:
    async with run_app(make_settings(tmp_path, plans_file=plans, graphql_batch_limit=20), imaging) as running:
        yield running


async def ask(client: Client, body: Any = PAGE, key: str | None = "first") -> Answer:
    return await client.request("POST", "/graphql", json=body, key=key)


async def test_each_document_says_what_is_left_of_the_minute(counting: Client) -> None:
    first, second = await ask(counting), await ask(counting, key="reader")
    told = [answer.json["data"]["rateLimit"] for answer in (first, second)]

    assert first.json["extensions"]["cost"]["requested"] == COST
    assert [(limit["limit"], limit["cost"], limit["remaining"]) for limit in told] == [
        (1000, COST, 1000 - COST),
        (1000, COST, 1000 - 2 * COST),
    ]
    now = dt.datetime.now(dt.UTC)
    assert (
        now - dt.timedelta(seconds=5) < dt.datetime.fromisoformat(told[0]["resetAt"]) < now + dt.timedelta(seconds=61)
    )


async def test_no_number_of_documents_at_once_costs_more_than_the_minute_has(counting: Client) -> None:
    answers = await asyncio.gather(*(ask(counting) for _ in range(12)))
    refused = [answer for answer in answers if answer.status == 429]

    assert len(refused) == 12 - 1000 // COST
    for answer in refused:
        (error,) = answer.json["errors"]
        assert error["message"] == "No more than 1000 points of cost per minute."
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["retryAfter"] == int(answer.headers["Retry-After"])
        assert "data" not in answer.json
    assert (await ask(counting, {"query": "{ __typename }"})).status == 200
    assert (await ask(counting, key="second")).status == 200


async def test_a_refused_mutation_did_nothing(counting: Client) -> None:
    for _ in range(8):
        await ask(counting)
    made = {
        "query": "mutation { "
        + " ".join(f'k{n}: createKey(input: {{name: "x"}}) {{ secret }}' for n in range(20))
        + " }"
    }
    refused = await ask(counting, made)
    keys = (await ask(counting, {"query": "{ viewer { team { keys { name } } } }"})).json["data"]

    assert refused.status == 429
    assert {key["name"] for key in keys["viewer"]["team"]["keys"]} & {"x"} == set()


async def test_guests_have_a_budget_by_address_and_an_operation_of_a_batch_is_refused_alone(counting: Client) -> None:
    one = {"query": "{ plans { name title price images } }"}
    statuses = [(await ask(counting, one, key=None)).status for _ in range(2)]
    batch = await ask(counting, [{"query": "{ __typename }"}, one], key=None)

    assert statuses == [200, 429]
    assert batch.status == 200
    assert batch.json[0]["data"] == {"__typename": "Query"}
    assert batch.json[1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_without_a_limit_there_is_none(tmp_path: Path, imaging: ImagingPool, plans: Path) -> None:
    for name, changes in (("plan", {"default_plan": "unlimited"}), ("scale", {"rate_limit_scale": 0})):
        async with run_app(make_settings(tmp_path / name, plans_file=plans, **changes), imaging) as client:
            answers = [await ask(client) for _ in range(12)]
            assert [answer.json["data"]["rateLimit"] for answer in answers] == [None] * 12


async def test_processes_share_a_budget_in_redis(
    tmp_path: Path, imaging: ImagingPool, plans: Path, redis: Redis, early_in_the_minute: None
) -> None:
    changes = {"plans_file": plans, "redis_url": redis.url}
    async with (
        run_app(make_settings(tmp_path, **changes), imaging) as one,
        run_app(make_settings(tmp_path, **changes), imaging) as other,
    ):
        told = [(await ask(client)).json["data"]["rateLimit"]["remaining"] for client in (one, other, one)]

    assert told == [1000 - COST * count for count in (1, 2, 3)]
