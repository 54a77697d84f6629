"""The compiled execution against graphql-core's on the types of the real schema."""

from __future__ import annotations

import asyncio
import functools
from types import SimpleNamespace
from typing import Any, cast

import pytest
from graphql import ExecutionResult, GraphQLField, GraphQLSchema, execute, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.dataloader import DataLoader
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_api.domain.account import Principal, Team
from graphql_api.domain.key import Scope
from graphql_api.domain.media import FocalPoint, Media, Origin, Source
from graphql_api.domain.page import NEWEST_FIRST, Page, cursor_of
from graphql_api.domain.traits import Traits
from schema.build import SCHEMA
from schema.compiled import CompiledExecution
from schema.connection import Connection, present_page
from schema.media import present
from tests.documents import Drawn, documents
from tests.rows import NOW, make_media

REAL: GraphQLSchema = SCHEMA._schema
TEAM, OTHERS = Team(1, "ours", "aaaa"), Team(2, "theirs", "bbbb")
SERVICES = SimpleNamespace(source_url="https://cdn.example/src")
MEDIA = [
    make_media(TEAM),
    make_media(TEAM, caption="c", focal_point=FocalPoint(0.1, 0.2), external_id="x", expires=NOW),
    make_media(OTHERS, origin=Origin(Source.IMPORT, "https://else.example/a"), attributes={}, deleted_at=NOW),
]
# What needs a row or a pixel has tests of its own.
_ABSENT = {"rendition", "responsive", "versions", "original", "sourceMedia", "derivedMedia", "collections", "media"} | {
    "mediaCount"
}
_ROOTS = {"mediaList", "nodes", "node", "trash"}


async def _count() -> int:
    return len(MEDIA)


def _connection() -> Connection[Any]:
    page = Page(tuple(MEDIA), has_previous=False, has_next=True)
    return present_page(page, present, lambda media: cursor_of(media.domain, NEWEST_FIRST).format(), _count)


async def _tags(ids: list[object]) -> list[tuple[str, ...]]:
    return [("a", "b") for _ in ids]


async def _labels(ids: list[object]) -> list[dict[str, str]]:
    return [{"k": "v"} for _ in ids]


async def _traits(media: list[Media]) -> list[Traits]:
    return [Traits() for _ in media]


async def _later(value: object) -> object:
    return value


@pytest.fixture(scope="module", autouse=True)
def answers() -> Any:
    """The root fields of the real schema answer from memory."""
    fields = cast("Any", REAL.query_type).fields
    nodes = [*map(present, MEDIA), None]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mediaList", "trash"):
            patch.setattr(fields[name], "resolve", lambda *_, **__: _later(_connection()))
        patch.setattr(fields["nodes"], "resolve", lambda *_, **__: nodes)
        patch.setattr(fields["node"], "resolve", lambda *_, **__: nodes[0])
        yield


def _context(principal: Principal) -> Any:
    """As much of a GraphQLContext as the fields below ask."""
    loads: dict[str, Any] = {"tags": _tags, "labels": _labels, "traits": _traits}
    loaders = {name: DataLoader(load_fn=load) for name, load in loads.items()}
    return SimpleNamespace(principal=principal, services=SERVICES, **loaders)


async def _run(text: str, variables: dict[str, bool], principal: Principal, *, using: type[Any]) -> object:
    more: Any = {"executor_class": using, "operation_extensions": None}
    result = execute(REAL, parse_once(text), None, _context(principal), variables, **more)
    told = result if isinstance(result, ExecutionResult) else await result
    return repr(told.data), [(error.message, error.path, error.locations) for error in told.errors or ()]


parse_once = functools.lru_cache(8)(parse)
OURS = Principal(team=TEAM, scopes=frozenset(Scope))


def _allowed(parent: str, field: GraphQLField) -> bool:
    names = {name for name, each in cast("Any", REAL.get_type(parent)).fields.items() if each is field}
    return bool(names & _ROOTS) if parent == "Query" else not names & _ABSENT


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(REAL, _allowed), st.sampled_from([OURS, Principal()]))
def test_any_document_about_media_gives_what_graphql_core_gives(drawn: Drawn, principal: Principal) -> None:
    async def compare() -> None:
        expected = await _run(drawn.text, drawn.variables, principal, using=StrawberryGraphQLCoreExecutionContext)
        for _ in range(2):
            assert await _run(drawn.text, drawn.variables, principal, using=CompiledExecution) == expected

    assert validate(REAL, parse_once(drawn.text)) == []
    asyncio.run(compare())


LIST = """{ mediaList { totalCount pageInfo { hasNextPage endCursor } edges { cursor node {
  id uid name url format contentType width height frames bytes public createdAt expiresAt source externalId sourceUrl
  attributes { key value } focalPoint { x y } } } } }"""


class Counting(CompiledExecution):
    """Counts the lists that graphql-core completes itself."""

    lists = 0

    def complete_list_value(self, *args: Any) -> Any:
        Counting.lists += 1
        return super().complete_list_value(*args)


async def test_the_usual_list_is_completed_at_once() -> None:
    text, errors = cast("Any", await _run(LIST, {}, OURS, using=Counting))

    assert errors == []
    assert "https://cdn.example/src/bbbb/" in text
    assert Counting.lists == 0
