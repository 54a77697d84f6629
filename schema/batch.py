"""One thing to do, or many in one mutation: each on its own, or all together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

import strawberry

from graphql_api.domain.key import Scope
from graphql_api.errors import TintypeError
from graphql_api.services.batch import Write, run_batch, run_together
from schema.context import Info
from schema.errors import UserError, user_error

InputT = TypeVar("InputT")
ResultT = TypeVar("ResultT")
PayloadT = TypeVar("PayloadT")

RESULTS = "One result for each item, in the order of the input."
ITEMS = strawberry.argument(description="At most 100 items.")
POLICY = strawberry.argument(description="What an item that fails means for the others.")


@strawberry.enum(description="What an item that fails means for the others of its batch.")
class BatchErrorPolicy(Enum):
    """How a batch is run."""

    CONTINUE = strawberry.enum_value("continue", description="Nothing: each is done, or not, on its own.")
    REJECT_ALL = strawberry.enum_value(
        "reject_all", description="That nothing is done: all are written at once, or none."
    )


@dataclass(frozen=True, slots=True)
class Work(Generic[InputT, ResultT, PayloadT]):
    """What a mutation does with an item: prepare it, write it, and say what came of it."""

    prepare: Callable[[Info, InputT], AbstractAsyncContextManager[Write[ResultT]]]
    succeeded: Callable[[InputT, ResultT], PayloadT]
    failed: Callable[[list[UserError]], PayloadT]

    async def one(self, info: Info, item: InputT, at: int | None = None) -> PayloadT:
        """The payload of one item, which has this place in its batch if it is of one."""
        try:
            async with self.prepare(info, item) as write:
                return self.succeeded(item, await write())
        except TintypeError as error:
            return self.failed([user_error(error, at)])

    async def many(self, info: Info, items: Sequence[InputT], policy: BatchErrorPolicy) -> list[PayloadT]:
        """A payload for each item, in their order."""
        if policy is BatchErrorPolicy.CONTINUE:
            return await run_batch(range(len(items)), lambda at: self.one(info, items[at], at))
        team = info.context.principal.require(Scope.WRITE)
        outcomes = await run_together(team, items, lambda item: self.prepare(info, item))
        return [
            self.failed([user_error(outcome, at)])
            if isinstance(outcome, TintypeError)
            else self.succeeded(item, outcome)
            for at, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
        ]


@asynccontextmanager
async def ready(write: Write[ResultT]) -> AsyncIterator[Write[ResultT]]:
    """What needs no preparation."""
    yield write
