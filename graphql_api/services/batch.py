"""Many at once: bounded, each on its own or all together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeVar

from graphql_api.db import teams
from graphql_api.db.database import transaction
from graphql_api.domain.account import Team
from graphql_api.errors import BatchRejected, InvalidInput, TintypeError

MAX_BATCH = 100
_SIDE_BY_SIDE = 4  # enough to keep the imaging workers of a small machine busy, too few to starve other callers

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

# What is left to do for one item once it is prepared: to write it.
Write = Callable[[], Awaitable[ResultT]]


async def run_batch(items: Sequence[ItemT], work: Callable[[ItemT], Awaitable[ResultT]]) -> list[ResultT]:
    """The results of `work` on each item, in order. InvalidInput(input) for more than MAX_BATCH items."""
    _refuse_many(items)
    places = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def run(item: ItemT) -> ResultT:
        async with places:
            return await work(item)

    outcomes = await asyncio.gather(*(run(item) for item in items), return_exceptions=True)
    # Only now that none is at work any more: what the caller lends them (spooled files) may go.
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


class _FailedError(Exception):
    """Nothing is to be written."""


async def run_together(
    team: Team, items: Sequence[ItemT], prepare: Callable[[ItemT], AbstractAsyncContextManager[Write[ResultT]]]
) -> list[ResultT | TintypeError]:
    """Prepare all items and write them in one transaction; if any fails nothing is written, and each has an error.

    InvalidInput(input) for more than MAX_BATCH items.
    """
    _refuse_many(items)
    failures: dict[int, TintypeError] = {}
    try:
        return list(await _together(team, items, prepare, failures))
    except _FailedError:
        return [failures.get(at) or BatchRejected() for at in range(len(items))]


async def _together(
    team: Team,
    items: Sequence[ItemT],
    prepare: Callable[[ItemT], AbstractAsyncContextManager[Write[ResultT]]],
    failures: dict[int, TintypeError],
) -> Sequence[ResultT]:
    """The results. _FailedError, out of all that was prepared, so that what it has kept so far is let go."""
    async with AsyncExitStack() as stack:
        writes: list[Write[ResultT]] = []
        for at, item in enumerate(items):
            try:
                writes.append(await stack.enter_async_context(prepare(item)))
            except TintypeError as error:
                failures[at] = error
        if failures:
            raise _FailedError
        results = []
        async with transaction():
            # The team first: two batches with the same items in other orders would wait for each other.
            await teams.lock(team.id)
            for at, write in enumerate(writes):
                try:
                    results.append(await write())
                except TintypeError as error:
                    failures[at] = error
                    raise _FailedError from error
        return results


def _refuse_many(items: Sequence[object]) -> None:
    if len(items) > MAX_BATCH:
        raise InvalidInput("input", f"A batch has at most {MAX_BATCH} items.")
