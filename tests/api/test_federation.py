"""Tintype in a company's graph: what a gateway composes, and the entities that it asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import build_schema

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.api.test_live import connected, events
from tests.api.test_parts import ask, parts_of
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


async def test_entities_come_by_events_over_sockets_and_in_parts(subgraph: Client) -> None:
    media = await subgraph.uploaded(pictures.png(), name="a.png")
    variables: dict[str, Any] = {"keys": [{"__typename": "Media", "id": media["id"]}]}
    async with events(subgraph, ENTITIES, **variables) as stream:
        told = [said async for _, said in stream]
    async with connected(subgraph) as socket:
        await socket.begin(authorization=f"Bearer {subgraph.keys['first']}")
        await socket.subscribe(ENTITIES, **variables)
        heard = (await socket.receive())["payload"]
    deferred = ENTITIES.replace("... on Media { uid name }", "... on Media @defer { uid name }")
    first, *later = parts_of(await ask(subgraph, deferred, variables=variables))
    whole = {"__typename": "Media", "uid": media["uid"], "name": "a.png"}

    assert told[0]["data"]["_entities"] == heard["data"]["_entities"] == [whole]
    assert first["data"]["_entities"] == [{"__typename": "Media"}]
    assert later[0]["incremental"][0]["data"] == {"uid": media["uid"], "name": "a.png"}


async def test_a_schema_that_is_kept_back_is_not_told_to_gateways_either(
    settings: Settings, imaging: ImagingPool
) -> None:
    kept = {"graphql_federation": True, "graphql_introspection": False}
    query = "{ _service { sdl } }"
    async with run_app(settings.model_copy(update=kept), imaging) as client:
        media = await client.uploaded(pictures.png())
        plain = await client.graphql(query)
        async with events(client, query) as stream:
            told = [said async for _, said in stream]
        found = await entities(client, {"__typename": "Media", "id": media["id"]})

    for answer in (plain, told[0]):
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert "introspection is off" in answer["errors"][0]["message"]
        assert "data" not in answer
    assert found[0]["uid"] == media["uid"]
