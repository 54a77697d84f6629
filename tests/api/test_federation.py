"""Tintype in a company's graph: what a gateway composes, and the entities that it asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import build_schema

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import run_app
from tests.people import act

ENTITIES = """query ($keys: [_Any!]!) { _entities(representations: $keys) {
  __typename ... on Media { uid name } ... on Collection { name }
} }"""


@pytest.fixture
async def subgraph(settings: Settings, imaging: ImagingPool) -> AsyncIterator[Client]:
    async with run_app(settings.model_copy(update={"graphql_federation": True}), imaging) as running:
        yield running


async def entities(client: Client, *keys: Any, key: str | None = "first") -> Any:
    return (await client.data(ENTITIES, {"keys": list(keys)}, key=key))["_entities"]


async def test_the_service_tells_its_schema_with_keys(subgraph: Client) -> None:
    sdl = (await subgraph.data("{ _service { sdl } }", key=None))["_service"]["sdl"]
    known = (
        "directive @link(url: String, import: [String]) on SCHEMA directive @key(fields: String!) repeatable on OBJECT"
    )
    known += " directive @shareable on OBJECT "
    build_schema(known + sdl, assume_valid_sdl=True)

    assert 'type Media implements Node @key(fields: "id") @key(fields: "uid") {' in sdl
    assert "@link(" in sdl
    assert "_entities" not in sdl


async def test_entities_are_found_by_their_keys_in_order(subgraph: Client) -> None:
    one, two = [await subgraph.uploaded(pictures.png(seed=seed), name=f"{seed}.png") for seed in (1, 2)]
    made = await act(subgraph, "createCollection", "collection { id }", name="c", key="first")
    found = await entities(
        subgraph,
        {"__typename": "Media", "uid": two["uid"]},
        {"__typename": "Collection", "id": made["collection"]["id"]},
        {"__typename": "Media", "id": "nothing"},
        {"__typename": "Media", "id": one["id"]},
        {"__typename": "Collection", "id": one["id"]},
        {"__typename": "Team", "id": one["id"]},
        {"__typename": "Media", "uid": 5},
    )

    assert found == [
        {"__typename": "Media", "uid": two["uid"], "name": "2.png"},
        {"__typename": "Collection", "name": "c"},
        None,
        {"__typename": "Media", "uid": one["uid"], "name": "1.png"},
        *[None] * 3,
    ]


async def test_who_may_not_see_an_object_finds_no_entity(subgraph: Client) -> None:
    media = await subgraph.uploaded(pictures.png(), public=False)
    made = await act(subgraph, "createCollection", "collection { id }", name="c", key="first")
    keys = [
        {"__typename": "Media", "id": media["id"]},
        {"__typename": "Media", "uid": media["uid"]},
        {"__typename": "Collection", "id": made["collection"]["id"]},
    ]
    for key in ("second", None):
        assert await entities(subgraph, *keys, key=key) == [None] * 3


@pytest.mark.parametrize("keys", [[5], ["x"], [{}], [{"__typename": 5}], [None]])
async def test_what_is_no_representation_is_refused(subgraph: Client, keys: list[Any]) -> None:
    answer = await subgraph.graphql(ENTITIES, {"keys": keys})

    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_many_entities_cost_what_they_cost(subgraph: Client) -> None:
    answer = await subgraph.graphql(ENTITIES, {"keys": [{"__typename": "Media", "id": "x"}] * 1001})
    fine = await subgraph.graphql(ENTITIES, {"keys": [{"__typename": "Media", "id": "x"}] * 100})

    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert fine["extensions"]["cost"]["requested"] > 100


async def test_without_the_setting_there_is_none_of_it(client: Client) -> None:
    for query in ("{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"):
        answer = await client.graphql(query)
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
