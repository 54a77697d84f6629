"""Quotas under concurrency, on SQLite and PostgreSQL: no limit is ever passed, and nothing that was taken is lost."""

from __future__ import annotations

import asyncio
import random

import pytest

from graphql_api.db import database, teams, usage
from graphql_api.domain.plan import Plan
from graphql_api.domain.usage import Usage
from tests.conftest import migrate

MONTH = "2026-11"


async def attempt(team_id: int, plan: Plan, size: int, month: str = MONTH, *, fails: bool = False) -> bool:
    """One upload as the library makes it: counted in a transaction, which may yet be rolled back."""
    try:
        async with database.transaction():
            taken = await usage.take(team_id, plan, month, size)
            await asyncio.sleep(0)
            if fails:
                raise LookupError  # noqa: TRY301  (the transaction has to see it)
    except LookupError:
        return False
    return taken


@pytest.mark.parametrize("seed", range(12))
async def test_any_number_at_once_never_passes_a_limit(database_url: str, seed: int) -> None:
    """Random plans, sizes and failures; what is counted must be what went in, and one more must not have fitted."""
    chance = random.Random(seed)
    plan = Plan(
        max_file_bytes=1,
        uploads_per_month=chance.choice([None, 0, 1, 5, 12]),
        images=chance.choice([None, 0, 3, 9]),
        storage_bytes=chance.choice([None, 10, 100, 10_000]),
    )
    sizes = [chance.choice([1, 7, 30]) for _ in range(25)]
    failing = [chance.random() < 0.2 for _ in sizes]
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        results = await asyncio.gather(
            *(attempt(team.id, plan, size, fails=fails) for size, fails in zip(sizes, failing, strict=True))
        )
        used = await usage.get(team.id)
        kept = [size for size, taken in zip(sizes, results, strict=True) if taken]

        assert (used.uploads, used.images, used.bytes) == (len(kept), len(kept), sum(kept))
        assert plan.uploads_per_month is None or used.uploads <= plan.uploads_per_month
        assert plan.images is None or used.images <= plan.images
        assert plan.storage_bytes is None or used.bytes <= plan.storage_bytes
        refused = [size for size, taken, fails in zip(sizes, results, failing, strict=True) if not taken and not fails]
        for size in refused:  # nobody was refused who would have fitted at the end, when least room was left
            assert not await attempt(team.id, plan, size)


async def test_a_month_begins_once_and_with_nothing(database_url: str) -> None:
    plan = Plan(max_file_bytes=1, uploads_per_month=4)
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        november = await asyncio.gather(*(attempt(team.id, plan, 1) for _ in range(9)))
        december = await asyncio.gather(*(attempt(team.id, plan, 1, "2026-12") for _ in range(9)))
        late = await attempt(team.id, plan, 1, "2026-11")  # a process whose clock is behind

        assert (sum(november), sum(december), late) == (4, 4, False)
        assert await usage.get(team.id) == Usage("2026-12", 4, 8, 8)


async def test_what_is_released_can_be_taken_again(database_url: str) -> None:
    plan = Plan(max_file_bytes=1, images=2, storage_bytes=20)
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        assert [await attempt(team.id, plan, 10) for _ in range(3)] == [True, True, False]
        await usage.release(team.id, 10)

        assert [await attempt(team.id, plan, 11), await attempt(team.id, plan, 10)] == [False, True]
        assert await usage.get(team.id) == Usage(MONTH, 3, 2, 20)


async def test_teams_do_not_share_a_quota(database_url: str) -> None:
    plan = Plan(max_file_bytes=1, uploads_per_month=1)
    await migrate(database_url)
    async with database.open_database(database_url):
        one, two = await teams.find_or_make("one"), await teams.find_or_make("two")

        assert await attempt(one.id, plan, 1)
        assert await attempt(two.id, plan, 1)
        assert not await attempt(one.id, plan, 1)
