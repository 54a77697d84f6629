"""Many at once, in one mutation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import strawberry

from graphql_api.services.batch import run_batch
from schema.context import Info

InputT = TypeVar("InputT")
PayloadT = TypeVar("PayloadT")

RESULTS = "One result for each item, in the order of the input."
ITEMS = strawberry.argument(description="At most 100 items; each succeeds or fails on its own.")


async def run(
    info: Info, work: Callable[[Info, InputT], Awaitable[PayloadT]], items: Sequence[InputT]
) -> list[PayloadT]:
    """A payload for each item."""
    return await run_batch(items, lambda item: work(info, item))
