"""Many at once: bounded, side by side, each on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from graphql_api.errors import InvalidInput

MAX_BATCH = 100
_SIDE_BY_SIDE = 4  # enough to keep the imaging workers of a small machine busy, too few to starve other callers

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


async def run_batch(items: Sequence[ItemT], work: Callable[[ItemT], Awaitable[ResultT]]) -> list[ResultT]:
    """The results of `work` on each item, in order. InvalidInput(input) for more than MAX_BATCH items."""
    if len(items) > MAX_BATCH:
        raise InvalidInput("input", f"A batch has at most {MAX_BATCH} items.")
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
