"""The compiled execution against graphql-core's: the same data, in the same order, and the same errors."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import functools
import gc
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from graphql import ExecutionResult, execute, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema import known, leaves
from schema.compiled import CompiledExecution
from tests.documents import Drawn, documents
from tests.pets import ODD_ONES, SCHEMA, Home, Making, Toy


async def _run(text: str, variables: dict[str, bool], root: object, *, using: type[Any]) -> ExecutionResult:
    more: Any = {"executor_class": using, "operation_extensions": None}
    result = execute(SCHEMA, parse_once(text), root, "hello", variables, **more)
    return result if isinstance(result, ExecutionResult) else await result


parse_once = functools.lru_cache(8)(parse)  # as `prepare` in schema/documents.py: the same nodes for the same text


def _told(result: ExecutionResult) -> tuple[str, Sequence[object]]:
    """All that a client or a log could see of it, in order."""
    errors = [(error.message, error.path, error.locations, type(error.original_error)) for error in result.errors or ()]
    return repr(result.data), errors


async def _compare(drawn: Drawn, root: Callable[[], object]) -> None:
    """Compiled anew, found again, and with other variables; each on data of its own, as iterators are read once."""
    others = {name: not value for name, value in drawn.variables.items()}
    for variables in (drawn.variables, drawn.variables, others):
        expected = _told(await _run(drawn.text, variables, root(), using=StrawberryGraphQLCoreExecutionContext))
        assert _told(await _run(drawn.text, variables, root(), using=CompiledExecution)) == expected


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What graphql-core leaves behind unawaited is swept up while nobody minds."""
    yield
    gc.collect()


# graphql-core drops what is under way beside an error, in both executions. (Swept up while a named tuple is made, which
# has no builtins, that cannot even be warned of.)
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=250, deadline=None)
@given(documents(SCHEMA), st.integers(0, 2**32), st.sampled_from([0, 1, 10]))
def test_any_document_gives_what_graphql_core_gives(drawn: Drawn, seed: int, odd: int) -> None:
    assert validate(SCHEMA, parse_once(drawn.text)) == []

    asyncio.run(_compare(drawn, lambda: Making(random.Random(seed), odd).home()))


class Counting(CompiledExecution):
    """Counts what graphql-core resolves itself."""

    resolved = 0

    def build_resolve_info(self, *args: Any) -> Any:
        Counting.resolved += 1
        return super().build_resolve_info(*args)


PLAIN_QUERY = (
    "{ home { cats { name lives size born toys { label } grid best: bestToy { label } } toy { odd weight } } }"
)


async def test_what_is_plain_is_resolved_at_once() -> None:
    root = Making(random.Random(1), 0).home()
    Counting.resolved = 0

    result = await _run(PLAIN_QUERY, {}, root, using=Counting)

    assert result.errors is None
    assert Counting.resolved == 1  # `home`, which has a resolver


async def test_what_has_a_resolver_does_not_slow_down_its_neighbours() -> None:
    root = Making(random.Random(1), 0).home()
    assert len(root.cats) > 1
    Counting.resolved = 0

    await _run("{ home { cats { name where nick } } }", {}, root, using=Counting)

    assert Counting.resolved == 2 + len(root.cats)  # `home`, `cats`, and each `where`


async def test_middleware_sees_every_field() -> None:
    def upper(next_: Any, root: Any, info: Any, **args: Any) -> Any:
        value = next_(root, info, **args)
        return value.upper() if isinstance(value, str) else value

    more: Any = {"executor_class": CompiledExecution, "operation_extensions": None, "middleware": [upper]}
    toy = Toy(label="ball", weight=1.0, odd=None)
    root = Home(named=[], pets=None, cats=[], maybe_cats=[], cat=None, toy=toy)

    result: Any = execute(SCHEMA, parse_once("{ home { toy { label } } }"), root, **more)

    assert result.data == {"home": {"toy": {"label": "BALL"}}}


async def test_what_is_known_of_operations_is_bounded() -> None:
    root = Making(random.Random(1), 0).home()
    for number in range(known._MAX + 10):
        await _run(f"{{ home {{ toy {{ label_{number}: label }} }} }}", {}, root, using=CompiledExecution)
    names = [f"v{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    text = f"query ({declared}) {{ home {{ toy {{ {' '.join(f'label @skip(if: ${name})' for name in names)} }} }} }}"
    for bits in range(2 ** len(names)):
        variables = {name: bool(bits >> place & 1) for place, name in enumerate(names)}
        await _run(text, variables, root, using=CompiledExecution)

    assert len(known.OPERATIONS) == len(known.BUILT) == known._MAX
    last = list(known.OPERATIONS._values.values())[-1]
    assert 0 < len(last._variants) <= known._MAX_VARIANTS


async def test_what_is_kept_of_an_execution_is_nothing_of_who_asked() -> None:
    document, more = parse_once("{ home { cat { hop } } }"), {"executor_class": CompiledExecution}
    answers = []
    for context, name in (("one", "Minka"), ("other", "Felix")):
        home = _usual_home()
        assert home.cat
        home.cat.name = name
        result = execute(SCHEMA, document, home, context, {}, **more, operation_extensions=None)  # type: ignore[arg-type]
        assert isinstance(result, ExecutionResult)
        answers.append(result.data)

    assert answers == [{"home": {"cat": {"hop": text}}} for text in ("one n", "other l")]


async def test_a_plain_field_takes_arguments() -> None:
    cat = Making(random.Random(3), 0).cat()
    cat.toys = [Toy(label="a", weight=1.0, odd=None), Toy(label="b", weight=1.0, odd=None)]
    root = Home(named=[], pets=None, cats=[], maybe_cats=[], cat=cat, toy=cat.toys[0])

    result = await _run(
        "{ home { cat { bestToy { label } next: bestToy(skip: 1) { label } } } }", {}, root, using=Counting
    )

    assert result.data == {"home": {"cat": {"bestToy": {"label": "a"}, "next": {"label": "b"}}}}


async def test_plain_methods_with_arguments_are_called_at_once_and_awaited_one_by_one() -> None:
    root = Making(random.Random(1), 0).home()
    for cat in root.cats:
        cat.name = "Minka"
    Counting.resolved = 0

    near = await _run("{ home { cats { hop(length: 2) } } }", {}, root, using=Counting)
    at_once = Counting.resolved
    far = await _run("{ home { cats { hop(length: 3) } } }", {}, root, using=Counting)

    assert (near.data, far.data) == (
        {"home": {"cats": [{"hop": "hello n"} for _ in root.cats]}},
        {"home": {"cats": [{"hop": "k"} for _ in root.cats]}},
    )
    assert at_once == 2 < len(root.cats) + 2  # `home`, and all of `hop`
    assert Counting.resolved > at_once + len(root.cats)


async def test_what_had_to_be_awaited_once_leaves_its_neighbours_alone() -> None:
    root = Making(random.Random(1), 0).home()
    for cat in root.cats:
        cat.name = "Minka"
    query = "{ home { cats { name far: hop(length: 3) other: hop(length: 1) greeting } } }"
    await _run(query, {}, root, using=Counting)
    await _run(query, {}, root, using=Counting)
    Counting.resolved = 0

    result = await _run(query, {}, root, using=Counting)

    assert result.data is not None
    assert result.data["home"]["cats"][0] == {"name": "Minka", "far": "k", "other": "i", "greeting": "hello M"}
    assert Counting.resolved == 3 + 2 * len(root.cats)  # `home`, `cats`, all `greeting`; each `far` and each `other`


def test_arguments_are_remembered_by_little() -> None:
    assert known.simple({"a": 1, "b": "x" * 500, "c": None}) is not None
    assert known.simple({"a": 1}) != known.simple({"a": True})
    assert known.simple({"a": "x" * 300, "b": "x" * 300}) is None
    assert known.simple({f"v{number}": number for number in range(17)}) is None
    assert known.simple({"a": [1]}) is None
    assert known.simple({"a" * 600: 1}) is None


@given(st.lists(st.datetimes(timezones=st.just(dt.UTC)), min_size=1))
def test_orjson_writes_times_in_utc_as_isoformat_does(moments: list[dt.datetime]) -> None:
    assert leaves.moments(moments, None) == [moment.isoformat() for moment in moments]  # type: ignore[arg-type]


CAT = """name nick lives size born toys { label weight odd } grid ref price greeting bestToy { label } hop far: hop(length: 1) cut later
  nth { label } where"""
WHOLE = f"""{{ home {{
  named {{ __typename name nick ... on Dog {{ tail good secret friend {{ name }} }} ... on Cat {{ lives }} }}
  pets {{ ... on Dog {{ name }} ... on Cat {{ lives size }} }}
  cats {{ {CAT} }} plain: cats {{ name lives size born toys {{ label weight odd }} grid ref price }} maybeCats {{ name }}
  cat {{ name }} toy {{ label weight odd }} }} }}"""


def _usual_home() -> Home:
    making = Making(random.Random(11), 0)
    cats: list[Any] = [making.cat() for _ in range(3)]
    cats[0].toys = [making.toy()]
    dog = making.dog()
    return Home(
        named=[cats[0], None, dog],
        pets=[dog, cats[1]],
        cats=cats,
        maybe_cats=[None, cats[2]],
        cat=cats[0],
        toy=making.toy(),
    )


def _objects(home: Home) -> list[Any]:
    cats: list[Any] = home.cats
    return [home, cats[0], home.named[2], home.toy, cats[0].toys[0]]


def _lists(home: Home) -> list[list[Any]]:
    return [home.named, home.pets or [], home.cats, home.maybe_cats, home.cats[0].toys]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning")
async def test_what_is_wrong_in_any_one_place_is_told_as_graphql_core_tells_it() -> None:
    names = [[item.name for item in dataclasses.fields(each) if item.init] for each in _objects(_usual_home())]
    fields = [(place, name) for place, each in enumerate(names) for name in each]
    items = [(place, index) for place, each in enumerate(_lists(_usual_home())) for index in range(len(each))]

    def with_field(place: int, name: str, value: object) -> Home:
        home = _usual_home()
        setattr(_objects(home)[place], name, value)
        return home

    def with_item(place: int, index: int, value: object) -> Home:
        home = _usual_home()
        _lists(home)[place][index] = value
        return home

    wrong: list[Callable[[], Home]] = [
        *(functools.partial(with_field, *where, value) for where in fields for value in ODD_ONES),
        *(functools.partial(with_item, *where, value) for where in items for value in ODD_ONES),
    ]
    assert len(wrong) > 400
    for root in wrong:
        expected = _told(await _run(WHOLE, {}, root(), using=StrawberryGraphQLCoreExecutionContext))
        assert _told(await _run(WHOLE, {}, root(), using=CompiledExecution)) == expected
