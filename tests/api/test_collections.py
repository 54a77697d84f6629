"""Collections of media."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests import pictures
from tests.client import Client

SHOWN = "id name description mediaCount media(first: 10) { totalCount nodes { uid } }"


async def act(client: Client, mutation: str, fields: str = f"collection {{ {SHOWN} }}", **asked: Any) -> Any:
    """The payload of a mutation of collections."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    key = asked.pop("key", "first")
    query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} errors {{ code path }} }} }}"
    return (await client.data(query, {"input": asked}, key=key))[mutation]


async def made(client: Client, name: str, *media: Any) -> Any:
    found = (await act(client, "createCollection", name=name))["collection"]
    if media:
        found = (await act(client, "addToCollection", id=found["id"], mediaIds=[item["id"] for item in media]))[
            "collection"
        ]
    return found


@pytest.mark.usefixtures("database_url")
async def test_a_collection_from_its_making_to_its_end(client: Client) -> None:
    media = [await client.uploaded(pictures.png(seed=seed)) for seed in (1, 2, 3)]
    cats = await made(client, " Cats ", *media[:2], media[0])
    both = await made(client, "A", media[0])
    renamed = (await act(client, "updateCollection", id=cats["id"], name="Pets", description="d"))["collection"]
    thinned = await act(client, "removeFromCollection", id=cats["id"], mediaIds=[media[1]["id"], media[2]["id"]])
    query = "query ($id: ID!) { collections { name mediaCount } node(id: $id) { id ... on Collection { name } }"
    query += " media(by: { id: $media }) { collections { name } } }"
    query = query.replace("($id: ID!)", "($id: ID!, $media: ID!)")
    seen = await client.data(query, {"id": cats["id"], "media": media[0]["id"]})
    gone = await act(client, "deleteCollection", "deletedId", id=cats["id"])
    kept = await client.data(query, {"id": cats["id"], "media": media[0]["id"]})

    assert (cats["name"], cats["mediaCount"], cats["media"]["totalCount"]) == ("Cats", 2, 2)
    assert [item["uid"] for item in cats["media"]["nodes"]] == [media[1]["uid"], media[0]["uid"]]
    assert (renamed["name"], renamed["description"], renamed["mediaCount"]) == ("Pets", "d", 2)
    assert [item["uid"] for item in thinned["collection"]["media"]["nodes"]] == [media[0]["uid"]]
    assert seen["collections"] == [{"name": "A", "mediaCount": 1}, {"name": "Pets", "mediaCount": 1}]
    assert seen["node"] == {"id": cats["id"], "name": "Pets"}
    assert seen["media"]["collections"] == [{"name": "A"}, {"name": "Pets"}]
    assert gone["deletedId"] == cats["id"]
    assert (kept["node"], kept["media"]["collections"]) == (None, [{"name": "A"}])
    assert both["mediaCount"] == 1


async def test_what_is_in_the_trash_is_in_no_count_and_comes_back(client: Client) -> None:
    media = await client.uploaded(pictures.png())
    await made(client, "c", media)
    counted = "{ collections { mediaCount media { nodes { uid } } } }"
    await client.data("mutation ($id: ID!) { deleteMedia(input: {id: $id}) { deletedId } }", {"id": media["id"]})
    empty = (await client.data(counted))["collections"]
    await client.data("mutation ($id: ID!) { restoreMedia(input: {id: $id}) { media { id } } }", {"id": media["id"]})
    full = (await client.data(counted))["collections"]

    assert empty == [{"mediaCount": 0, "media": {"nodes": []}}]
    assert full == [{"mediaCount": 1, "media": {"nodes": [{"uid": media["uid"]}]}}]


async def test_lists_can_be_narrowed_to_a_collection(client: Client) -> None:
    media = [await client.uploaded(pictures.png(seed=seed), name=f"{seed}.png") for seed in (1, 2)]
    found = await made(client, "c", media[0])
    query = "query ($id: ID!) { mediaList(filter: { collection: $id }) { totalCount nodes { name } } }"

    assert (await client.data(query, {"id": found["id"]}))["mediaList"] == {
        "totalCount": 1,
        "nodes": [{"name": "1.png"}],
    }
    assert "errors" in await client.graphql(query, {"id": media[0]["id"]})
    assert (await client.data(query, {"id": found["id"]}, key="second"))["mediaList"]["totalCount"] == 0


async def test_what_is_not_the_teams_own_is_not_there(client: Client) -> None:
    mine, foreign = await client.uploaded(pictures.png()), await client.uploaded(pictures.png(seed=2), key="second")
    found = await made(client, "c", mine)
    refused = [
        await act(client, "addToCollection", id=found["id"], mediaIds=[mine["id"], foreign["id"]]),
        await act(client, "addToCollection", id=found["id"], mediaIds=[]),
        await act(client, "addToCollection", id=found["id"], mediaIds=[mine["id"]] * 101),
        await act(client, "createCollection", name="\n"),
        await act(client, "createCollection", name="x" * 101),
    ]
    for mutation, more in (
        ("updateCollection", {"name": "x"}),
        ("deleteCollection", {}),
        ("addToCollection", {"mediaIds": [foreign["id"]]}),
        ("removeFromCollection", {"mediaIds": [mine["id"]]}),
    ):
        answer = await act(client, mutation, "errors { code }", id=found["id"], key="second", **more)
        assert answer["errors"][0]["code"] == "NOT_FOUND", mutation
        assert (await act(client, mutation, "errors { code }", id=mine["id"], **more))["errors"], mutation
    node = "query ($id: ID!) { node(id: $id) { id } collection(id: $id) { id } }"

    assert [answer["errors"][0]["code"] for answer in refused] == ["INVALID_INPUT"] * 5
    assert (await client.data("{ collections { mediaCount } }"))["collections"] == [{"mediaCount": 1}]
    for key in ("second", None):
        assert await client.data(node, {"id": found["id"]}, key=key) == {"node": None, "collection": None}
    seen = "query ($uid: String!) { media(by: { uid: $uid }) { collections { name } } }"
    assert (await client.data(seen, {"uid": mine["uid"]}, key=None))["media"]["collections"] == []


@pytest.mark.usefixtures("database_url")
async def test_its_description_can_be_null_and_its_name_cannot(client: Client) -> None:
    cats = await made(client, "Cats")
    refused = await act(client, "updateCollection", id=cats["id"], name=None)
    cleared = await act(client, "updateCollection", id=cats["id"], description=None)

    assert (refused["collection"], refused["errors"]) == (None, [{"code": "INVALID_INPUT", "path": ["input", "name"]}])
    assert (cleared["collection"]["description"], cleared["errors"]) == (None, [])


async def test_a_name_is_given_once_even_to_many_at_once(client: Client) -> None:
    answers = await asyncio.gather(*(act(client, "createCollection", name="one") for _ in range(4)))
    other = await made(client, "other")
    taken = await act(client, "updateCollection", id=other["id"], name="one")

    assert sorted(len(answer["errors"]) for answer in answers) == [0, 1, 1, 1]
    assert {error["code"] for answer in [*answers, taken] for error in answer["errors"]} == {"CONFLICT"}


async def test_a_reader_may_look_and_no_more(client: Client) -> None:
    await made(client, "c")
    query = 'mutation { createCollection(input: { name: "x" }) { collection { id } } }'

    assert "errors" in await client.graphql("{ collections(first: 501) { name } }")
    assert (await client.graphql(query, key="reader"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert len((await client.data("{ collections { name } }", key="reader"))["collections"]) == 1
