"""What can be said of media beyond their pixels, and lists that are filtered and ordered by it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from PIL import Image

from tests import pictures
from tests.client import Client
from tests.people import act

SAID = (
    "id uid externalId source sourceUrl focalPoint { x y } labels { key value } attributes { key value } tags updatedAt"
)
FIND = f"query ($by: MediaBy!) {{ media(by: $by) {{ {SAID} }} }}"
LIST = (
    "query ($filter: MediaFilterInput, $order: MediaOrder, $first: Int, $after: String) { mediaList(filter: $filter, "
    "orderBy: $order, first: $first, after: $after) { totalCount nodes { name } pageInfo { endCursor hasNextPage } } }"
)
UPDATE = f"mutation ($input: UpdateMediaInput!) {{ updateMedia(input: $input) {{ media {{ {SAID} }} errors {{ code path message }} }} }}"


async def names(client: Client, key: str = "first", **variables: Any) -> list[str]:
    found = (await client.data(LIST, variables, key=key))["mediaList"]
    assert variables.get("first") or found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


async def test_what_is_said_at_the_upload_and_changed_later(client: Client) -> None:
    made = await client.uploaded(
        pictures.png(),
        labels=[{"key": "site", "value": "example.com/blog"}],
        attributes=[{"key": "file", "value": "C:\\x, y"}],
        externalId="crm-7",
        focalPoint={"x": 0.25, "y": 1},
    )
    first = (await client.data(FIND, {"by": {"externalId": "crm-7"}}))["media"]
    changes = {
        "id": made["id"],
        "labels": [],
        "attributes": [{"key": "b", "value": ""}],
        "externalId": None,
        "focalPoint": None,
    }
    changed = (await client.data(UPDATE, {"input": changes}))["updateMedia"]["media"]

    assert first["uid"] == made["uid"]
    assert first["labels"] == [{"key": "site", "value": "example.com/blog"}]
    assert first["attributes"] == [{"key": "file", "value": "C:\\x, y"}]
    assert (first["focalPoint"], first["source"], first["sourceUrl"]) == ({"x": 0.25, "y": 1.0}, "UPLOAD", None)
    assert (changed["labels"], changed["externalId"], changed["focalPoint"]) == ([], None, None)
    assert changed["attributes"] == [{"key": "b", "value": ""}]
    assert (await client.data(FIND, {"by": {"externalId": "crm-7"}}))["media"] is None


@pytest.mark.usefixtures("database_url")
async def test_null_clears_what_can_be_empty(client: Client) -> None:
    pair = [{"key": "a", "value": "b"}]
    made = await client.uploaded(pictures.png(), labels=pair, attributes=pair, tags=["x"])
    answer = await client.data(UPDATE, {"input": {"id": made["id"], "labels": None, "attributes": None, "tags": None}})
    media = answer["updateMedia"]["media"]

    assert (media["labels"], media["attributes"], media["tags"]) == ([], [], [])


@pytest.mark.usefixtures("database_url")
async def test_an_update_that_says_nothing_does_nothing(client: Client) -> None:
    made = await client.uploaded(pictures.png(), tags=["x"])
    before = (await client.data(FIND, {"by": {"id": made["id"]}}))["media"]
    payload = (await client.data(UPDATE, {"input": {"id": made["id"]}}))["updateMedia"]

    assert payload == {"media": before, "errors": []}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"labels": [{"key": "a", "value": "b,c"}]}, "labels"),
        ({"labels": [{"key": "a", "value": " b"}]}, "labels"),
        ({"labels": [{"key": "a", "value": "𝄞" * 65}]}, "labels"),
        ({"labels": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, "labels"),
        ({"labels": [{"key": str(n), "value": "x"} for n in range(21)]}, "labels"),
        ({"attributes": [{"key": "", "value": "b"}]}, "attributes"),
        ({"attributes": [{"key": "a", "value": "\0"}]}, "attributes"),
        ({"attributes": [{"key": "a", "value": "x" * 1025}]}, "attributes"),
        ({"externalId": "x" * 256}, "externalId"),
        ({"externalId": "a\nb"}, "externalId"),
        ({"focalPoint": {"x": 1.1, "y": 0}}, "focalPoint"),
    ],
)
async def test_what_cannot_be_said_is_refused_by_name(client: Client, said: dict[str, Any], path: str) -> None:
    payload = await client.upload(pictures.png(), **said)

    assert payload["media"] is None
    assert (payload["errors"][0]["code"], payload["errors"][0]["path"]) == ("INVALID_INPUT", ["input", path])
    assert client.blobs() == []


async def test_an_external_id_is_given_once_even_to_many_at_once(client: Client) -> None:
    payloads = await asyncio.gather(*(client.upload(pictures.png(seed=seed), externalId="one") for seed in range(5)))
    made = [payload["media"] for payload in payloads if payload["media"]]
    refused = [payload["errors"][0]["code"] for payload in payloads if payload["errors"]]
    await client.uploaded(pictures.png(), externalId="one", key="second")
    await client.uploaded(pictures.png(), externalId="one", key="test")
    other = await client.uploaded(pictures.png(seed=9))
    answer = (await client.data(UPDATE, {"input": {"id": other["id"], "externalId": "one"}}))["updateMedia"]

    assert len(made) == 1
    assert refused == ["EXTERNAL_ID_DUPLICATE"] * 4
    assert answer["errors"][0]["code"] == "EXTERNAL_ID_DUPLICATE"
    delete = "mutation ($input: DeleteMediaInput!) { deleteMedia(input: $input) { errors { code } } }"
    await client.data(delete, {"input": {"id": made[0]["id"]}})
    again = await client.uploaded(pictures.png(), externalId="one")
    assert (await client.data(FIND, {"by": {"externalId": "one"}}))["media"]["uid"] == again["uid"]


async def test_a_media_is_found_by_each_of_its_names(client: Client) -> None:
    made = await client.uploaded(pictures.png(), public=False, externalId="mine")
    path = made["url"].removeprefix(client.settings.public_url)
    for by in (
        {"id": made["id"]},
        {"uid": made["uid"]},
        {"externalId": "mine"},
        {"url": made["url"]},
        {"url": f"{path}?w=7#x"},
    ):
        assert (await client.data(FIND, {"by": by}))["media"]["uid"] == made["uid"], by
        assert (await client.graphql(FIND, {"by": by}, key="second"))["data"]["media"] is None, by
    for by in ({"url": "https://elsewhere.example/src/a/b.jpg"}, {"url": ""}, {"uid": "'"}, {"id": "x"}):
        assert (await client.data(FIND, {"by": by}))["media"] is None, by
    for by in ({}, {"id": made["id"], "uid": made["uid"]}):
        assert "errors" in await client.graphql(FIND, {"by": by}), by


async def test_what_is_the_teams_own_is_told_to_nobody_else(client: Client) -> None:
    said: dict[str, Any] = {
        "labels": [{"key": "a", "value": "b"}],
        "attributes": [{"key": "a", "value": "b"}],
        "externalId": "x",
    }
    made = await client.uploaded(pictures.png(), **said)
    for key in (None, "second"):
        seen = (await client.data(FIND, {"by": {"uid": made["uid"]}}, key=key))["media"]
        assert (seen["labels"], seen["attributes"], seen["externalId"]) == ([], [], None)


async def test_lists_are_filtered_ordered_and_paged(client: Client) -> None:
    red = pictures.encode(Image.new("RGB", (300, 200), "red"), "PNG")
    await client.uploaded(red, name="c.png", tags=["x", "y"], labels=[{"key": "site", "value": "s"}])
    await client.uploaded(pictures.jpeg(), name="a.jpg", tags=["x"], public=False, caption="Sunny")
    await client.uploaded(pictures.animation("GIF"), name="b.gif")
    await client.uploaded(pictures.png(), name="foreign.png", tags=["x"], key="second")

    assert await names(client) == ["b.gif", "a.jpg", "c.png"]
    assert await names(client, order={"field": "NAME", "ascending": True}) == ["a.jpg", "b.gif", "c.png"]
    assert await names(client, order={"field": "CREATED_AT", "ascending": True}) == ["c.png", "a.jpg", "b.gif"]
    assert await names(client, filter={"tags": {"any": ["X"]}}) == ["a.jpg", "c.png"]
    assert await names(client, filter={"tags": {"any": []}}) == []
    assert await names(client, filter={"tags": {"any": None, "all": []}}) == ["b.gif", "a.jpg", "c.png"]
    for tags in ({"any": ["x", " "]}, {"all": [""]}):
        refused = await client.graphql(LIST, {"filter": {"tags": tags}})
        assert refused["errors"][0]["extensions"]["field"] == "tags"
    assert await names(client, filter={"tags": {"all": ["x", "y"]}}) == ["c.png"]
    assert await names(client, filter={"labels": [{"key": "site", "value": "s"}]}) == ["c.png"]
    assert await names(client, filter={"search": "sun"}) == ["a.jpg"]
    assert await names(client, filter={"formats": ["GIF", "PNG"], "animated": False}) == ["c.png"]
    assert await names(client, filter={"width": {"least": 300, "most": 300}}) == ["c.png"]
    assert await names(client, filter={"public": False}) == ["a.jpg"]
    assert await names(client, filter={"sources": ["IMPORT"]}) == []
    assert await names(client, filter={"createdAt": {"most": "2020-01-01T00:00:00"}}) == []
    tags = await client.data("{ tags { name count } }")
    assert tags["tags"] == [{"name": "x", "count": 2}, {"name": "y", "count": 1}]

    order = {"field": "NAME", "ascending": True}
    page = (await client.data(LIST, {"order": order, "first": 2}))["mediaList"]
    after = page["pageInfo"]["endCursor"]
    assert await names(client, order=order, first=2, after=after) == ["c.png"]
    assert await names(client, order={"field": "NAME"}, first=2, after=after) == ["a.jpg"]
    refused = await client.graphql(LIST, {"after": after})
    assert refused["errors"][0]["message"] == "'after' is a cursor of another order."


async def test_pictures_that_look_alike_are_found(client: Client) -> None:
    photo = pictures.photo(240, 160)
    made = await client.uploaded(pictures.encode(photo, "PNG"), name="photo")
    smaller = await client.uploaded(pictures.encode(photo.resize((120, 80)), "JPEG", quality=60), name="smaller")
    await client.uploaded(pictures.png(seed=4), name="another")
    await client.uploaded(pictures.encode(photo, "WEBP"), name="foreign", key="second")

    assert await names(client, filter={"similarTo": {"id": made["id"]}}) == ["smaller", "photo"]
    for similar in ({"id": made["id"], "distance": 17}, {"id": "nonsense"}):
        assert "errors" in await client.graphql(LIST, {"filter": {"similarTo": similar}})
    await act(client, "deleteMedia", key="first", id=smaller["id"])
    assert await names(client, filter={"similarTo": {"id": made["id"]}}) == ["photo"]
    assert await names(client, filter={"similarTo": {"id": made["id"]}, "status": "TRASHED"}) == ["smaller"]


async def test_a_crop_keeps_the_focal_point_of_the_media(client: Client) -> None:
    picture = Image.new("RGB", (300, 100), "blue")
    picture.paste((255, 0, 0), (0, 0, 100, 100))
    made = await client.uploaded(pictures.encode(picture, "PNG"), focalPoint={"x": 0, "y": 0.5})
    plain = await client.uploaded(pictures.encode(picture, "PNG"))
    query = "query ($id: ID!) { media(by: { id: $id }) { rendition(transform: { width: 50, height: 50, fit: COVER, gravity: { smart: FOCAL } }) { url } } }"
    url = (await client.data(query, {"id": made["id"]}))["media"]["rendition"]["url"]

    for address in (url, f"{made['url']}?w=50&h=50&fit=cover&gravity=focal"):
        assert pictures.decode((await client.get(address)).body).convert("RGB").getpixel((25, 25)) == (255, 0, 0)
    centre = await client.get(f"{plain['url']}?w=50&h=50&fit=cover&gravity=focal")
    assert pictures.decode(centre.body).convert("RGB").getpixel((25, 25)) == (0, 0, 255)


@pytest.mark.usefixtures("database_url")
async def test_every_script_can_be_written(client: Client) -> None:
    persian, family = "می‌روم", "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    pair = [{"key": persian, "value": family}]
    said: dict[str, Any] = {"labels": pair, "attributes": pair, "tags": [persian, family], "externalId": family}
    made = await client.uploaded(pictures.png(), name=f"{family} {persian}.png", **said)
    make = "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { name } } }"
    collection = (await client.data(make, {"name": persian}))["createCollection"]["collection"]
    media = (await client.data(FIND, {"by": {"externalId": family}}))["media"]

    assert made["name"] == f"{family} {persian}.png"
    assert (media["labels"], media["attributes"], media["tags"]) == (pair, pair, [persian, family])
    assert collection == {"name": persian}
    assert await names(client, filter={"search": persian, "tags": {"any": [family]}}) == [made["name"]]


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\ufeff"])
async def test_what_hides_or_turns_a_text_is_no_part_of_it(client: Client, hidden: str) -> None:
    made = await client.uploaded(pictures.png(), name=f"a{hidden}b.png")
    tagged = await client.upload(pictures.png(), tags=[f"a{hidden}b"])
    nothing = await client.upload(pictures.png(), tags=["\u200d"])
    unnamed = (await client.data(UPDATE, {"input": {"id": made["id"], "name": "\u200c"}}))["updateMedia"]

    assert made["name"] == "ab.png"
    assert [found["errors"][0]["path"] for found in (tagged, nothing)] == [["input", "tags"]] * 2
    assert unnamed["errors"][0]["path"] == ["input", "name"]
