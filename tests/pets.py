"""A schema of pets for the compiled execution: every kind of field; and data for it, as odd as is wanted."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import math
import random
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.columns import PLAIN

Odd = NewType("Odd", int)


def _odd(value: int) -> int | None:
    """A scalar that refuses what is even, and forgets what is 7."""
    if value % 2 == 0:
        raise ValueError(f"{value} is not odd.")
    return None if value == 7 else value


@strawberry.enum
class Size(Enum):
    SMALL = 1
    LARGE = 2


@strawberry.interface
class Named:
    name: str
    nick: str | None


@strawberry.type
class Toy:
    label: str
    weight: float
    odd: Odd | None


@strawberry.type
class Cat(Named):
    lives: int
    size: Size
    born: dt.datetime | None
    toys: list[Toy]
    grid: list[list[int]] | None
    ref: uuid.UUID | None
    price: decimal.Decimal | None

    def _greet(self, info: strawberry.Info) -> str:
        return f"{info.context} {self.name[0]}"  # which raises when there is no name

    def _cut(self, length: int | None = 9) -> str | None:
        if length is not None and length > len(self.name):
            raise ValueError(f"{self.name} is short.")
        return self.name[:length]

    async def _nth(self, info: strawberry.Info, number: int | None = None) -> list[Toy]:
        await asyncio.sleep(0)
        return [self.toys[number or 0], *self.toys] if info.context else []

    def _best(self, skip: int = 0) -> Toy | None:
        return self.toys[skip] if self.toys else None

    def _hop(self, info: strawberry.Info, length: int | None = 2) -> str | None:
        if length is not None and length % 2:  # then it takes longer
            return self._jump(length)  # type: ignore[return-value]
        return f"{info.context} {self.name[length or 0]}"

    async def _jump(self, length: int) -> str | None:
        await asyncio.sleep(0)
        return self.name[length] if length < len(self.name) else None

    def _place(self, info: strawberry.Info) -> str:
        return ".".join(map(str, info.path.as_list()))  # so it is not plain

    async def _wait(self) -> str | None:
        return self.nick

    greeting: str = strawberry.field(resolver=_greet, metadata=PLAIN)
    best_toy: Toy | None = strawberry.field(resolver=_best, metadata=PLAIN)
    hop: str | None = strawberry.field(resolver=_hop, metadata=PLAIN)
    cut: str | None = strawberry.field(resolver=_cut)
    nth: list[Toy] = strawberry.field(resolver=_nth)
    where: str = strawberry.field(resolver=_place)
    later: str | None = strawberry.field(resolver=_wait)


@strawberry.type
class Dog(Named):
    tail: float
    friend: Named | None
    good: bool
    secret: strawberry.ID


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]


@strawberry.type
class Home:
    named: list[Named | None]
    pets: list[Pet] | None
    cats: list[Cat]
    maybe_cats: list[Cat | None]
    cat: Cat | None
    toy: Toy


@strawberry.type
class Query:
    @strawberry.field
    def home(self, info: strawberry.Info) -> Home:
        found: Home = info.root_value
        return found

    @strawberry.field
    async def homes(self, info: strawberry.Info) -> list[Home] | None:
        return [info.root_value, info.root_value]

    @strawberry.field
    def cats(self, info: strawberry.Info) -> list[Cat]:
        found: list[Cat] = info.root_value.cats
        return found


SCALARS: dict[object, Any] = {Odd: strawberry.scalar(name="Odd", serialize=_odd)}
SCHEMA: GraphQLSchema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS), types=[Cat, Dog])._schema


class Later:
    """An awaitable that can be awaited in both executions."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, object]:
        yield
        return self.value

    def __repr__(self) -> str:
        return "Later"


class Stranger:
    """An object of nobody's type with some of the attributes."""

    def __repr__(self) -> str:
        return "Stranger"

    name, nick, label, weight, odd = "stranger", None, "thing", 1.5, 3


class Cold(Cat):
    """A subclass that is no type of its own."""


ODD_ONES: list[Any] = [
    *(None, 0, -1, 2**31, True, 1.5, math.nan, "", "5", b"x", []),
    *(ValueError("told"), Stranger(), Later("x"), Later(None)),
]


@dataclass
class Making:
    """Homes from a seed (drawn by hypothesis one by one, they would take a second each); `odd` of 100 values are wrong."""

    dice: random.Random
    odd: int

    def _mostly(self, value: Any) -> Any:
        return self.dice.choice(ODD_ONES) if self.dice.randrange(100) < self.odd else value

    def _maybe(self, value: Any) -> Any:
        return self._mostly(self.dice.choice((value, None)))

    def _list(self, make: Callable[[], Any]) -> Any:
        made = [make() for _ in range(self.dice.randrange(4))]
        return self._mostly(self.dice.choice((made, made, tuple(made), iter(made))) if self.odd else made)

    def _text(self) -> Any:
        return self._mostly(self.dice.choice(("Tom", "Ü", "")))

    def _number(self) -> Any:
        return self._mostly(self.dice.randrange(10))

    def toy(self) -> Any:
        return self._mostly(
            Toy(label=self._text(), weight=self._mostly(self.dice.random()), odd=self._maybe(self._number()))
        )

    def cat(self, kind: type[Cat] = Cat) -> Any:
        made = kind(
            name=self._text(),
            nick=self._maybe(self._text()),
            lives=self._number(),
            size=self._mostly(self.dice.choice(list(Size))),
            born=self._maybe(dt.datetime(2026, 1, 1, self.dice.randrange(24), tzinfo=dt.UTC)),
            toys=self._list(self.toy),
            grid=self._maybe(self._list(lambda: self._list(self._number))),
            ref=self._maybe(uuid.UUID(int=self.dice.getrandbits(128))),
            price=self._maybe(decimal.Decimal(self.dice.randrange(100)) / 100),
        )
        return self._mostly(made)

    def dog(self) -> Any:
        made = Dog(
            name=self._text(),
            nick=self._maybe(self._text()),
            tail=self._mostly(self.dice.random()),
            friend=self._maybe(self.cat()),
            good=self._mostly(self.dice.choice((True, False))),
            secret=self._text(),
        )
        return self._mostly(made)

    def animal(self) -> Any:
        return self.dice.choice((self.cat, self.dog, lambda: self.cat(Cold)))()

    def home(self) -> Home:
        return Home(
            named=self._list(lambda: self._maybe(self.animal())),
            pets=self._maybe(self._list(self.dice.choice((self.cat, self.animal)))),
            cats=self._list(self.cat),
            maybe_cats=self._list(lambda: self._maybe(self.cat())),
            cat=self._maybe(self.cat()),
            toy=self.toy(),
        )
