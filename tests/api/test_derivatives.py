"""Media that are made of others."""

from __future__ import annotations

from typing import Any

import pytest

from tests import pictures
from tests.client import Client

SEEN = "id uid name width height format source operation tags url sourceMedia { uid } derivedMedia { totalCount nodes { uid } }"
MAKE = (
    "mutation ($input: TransformMediaInput!) { transformMedia(input: $input) {"
    f" media {{ {SEEN} }} errors {{ code path }} }} }}"
)
FIND = f"query ($by: MediaBy!) {{ media(by: $by) {{ {SEEN} }} }}"


async def derived(client: Client, *, key: str = "first", **asked: Any) -> Any:
    return (await client.data(MAKE, {"input": asked}, key=key))["transformMedia"]


async def found(client: Client, uid: str, *, key: str | None = "first") -> Any:
    return (await client.data(FIND, {"by": {"uid": uid}}, key=key))["media"]


@pytest.mark.usefixtures("database_url")
async def test_what_a_transform_gives_is_a_media_of_its_own(client: Client) -> None:
    source = await client.uploaded(pictures.png(80, 60), name="cat.png")
    transform = {"width": 40, "height": 40, "fit": "COVER", "format": "WEBP"}
    media = (await derived(client, id=source["id"], transform=transform, tags=["small"]))["media"]
    answer = await client.get(media["url"], key=None)
    before = await found(client, source["uid"])
    await client.data(
        "mutation ($id: ID!) { deleteMedia(input: {id: $id, forGood: true}) { deletedId } }", {"id": source["id"]}
    )
    after = await found(client, media["uid"])

    assert (media["name"], media["width"], media["height"], media["format"]) == ("cat.webp", 40, 40, "WEBP")
    assert (media["source"], media["tags"]) == ("TRANSFORM", ["small"])
    assert media["operation"] == "w=40&h=40&fit=cover&format=webp"
    assert media["sourceMedia"] == {"uid": source["uid"]}
    assert pictures.decode(answer.body).size == (40, 40)
    assert before["derivedMedia"] == {"totalCount": 1, "nodes": [{"uid": media["uid"]}]}
    assert (after["sourceMedia"], after["operation"]) == (None, media["operation"])
    assert pictures.decode((await client.get(media["url"], key=None)).body).size == (40, 40)


async def test_presets_count_and_lists_can_be_narrowed_to_what_was_made(client: Client) -> None:
    source = await client.uploaded(pictures.png(80, 60))
    await client.data('mutation { setPreset(input: { name: "tiny", transform: { width: 10 } }) { preset { name } } }')
    media = (await derived(client, id=source["id"], preset="tiny", transform={"format": "JPEG"}))["media"]
    query = "query ($id: ID!) { mediaList(filter: { sourceMedia: $id }) { nodes { uid } } }"

    assert (media["width"], media["format"], media["operation"]) == (10, "JPEG", "w=10&format=jpg")
    assert (await client.data(query, {"id": source["id"]}))["mediaList"]["nodes"] == [{"uid": media["uid"]}]
    assert (await client.data(query, {"id": media["id"]}))["mediaList"]["nodes"] == []


async def test_nothing_is_made_of_what_cannot_be(client: Client) -> None:
    source = await client.uploaded(pictures.png(80, 60))
    foreign = await client.uploaded(pictures.png(seed=4), key="second")
    refused = [
        await derived(client, id=source["id"], preset="none"),
        await derived(client, id=source["id"], transform={"crop": {"left": 500, "top": 500, "width": 5, "height": 5}}),
        await derived(client, id=foreign["id"], transform={"width": 5}),
        await derived(client, id="x", transform={"width": 5}),
    ]
    query = "{ mediaList { totalCount } }"

    assert [answer["errors"][0]["code"] for answer in refused] == [
        "INVALID_INPUT",
        "INVALID_INPUT",
        "NOT_FOUND",
        "NOT_FOUND",
    ]
    assert (await client.data(query))["mediaList"]["totalCount"] == 1
    assert (await client.graphql(MAKE, {"input": {"id": source["id"]}}, key="reader"))["errors"]


async def test_where_it_comes_from_is_told_to_the_team_alone(client: Client) -> None:
    source = await client.uploaded(pictures.png(80, 60))
    media = (await derived(client, id=source["id"], transform={"width": 20}))["media"]
    for key in (None, "second"):
        seen = await found(client, media["uid"], key=key)
        assert (seen["sourceMedia"], seen["operation"]) == (None, None)
        assert (await found(client, source["uid"], key=key))["derivedMedia"] == {"totalCount": 0, "nodes": []}
