"""What a media knows, over HTTP, and what of it strangers are not told."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from unittest import mock

import pytest

from graphql_api.db import blobs
from tests import pictures
from tests.client import UPLOAD, Client

EXIF = "make model lens takenAt exposureTime fNumber iso focalLength artist copyright serialNumber lensSerialNumber location { latitude longitude altitude }"
TRAITS = f"colorSpace exif {{ {EXIF} }} placeholder {{ thumbhash blurhash color dataUrl }} palette {{ color share }} perceptualHash"
QUERY = f"query ($id: ID!) {{ media(by: {{ id: $id }}) {{ {TRAITS} }} }}"
PUBLIC = {
    "make": "Maker",
    "model": "Model 7",
    "lens": "Lens 35mm",
    "takenAt": "2024-05-06T07:08:09-03:30",
    "exposureTime": 0.008,
    "fNumber": 2.8,
    "iso": 400,
    "focalLength": 35.0,
    "artist": "Zoë",
    "copyright": "© Zoë",
}
PRIVATE = {
    "serialNumber": "B123",
    "lensSerialNumber": "L456",
    "location": {"latitude": 64.1416667, "longitude": -21.9375, "altitude": -12.5},
}


def snapshot() -> bytes:
    return pictures.encode(pictures.photo(), "JPEG", quality=90, exif=pictures.camera())


async def traits(client: Client, made: Any, key: str | None = "first") -> Any:
    return (await client.data(QUERY, {"id": made["id"]}, key=key))["media"]


async def test_the_team_learns_everything(client: Client) -> None:
    found = await traits(client, await client.uploaded(snapshot()))

    assert found["exif"] == PUBLIC | PRIVATE
    assert found["colorSpace"] == "SRGB"
    assert len(found["perceptualHash"]) == 16
    assert 1 <= len(found["palette"]) <= 6
    assert found["palette"][0]["color"] == found["placeholder"]["color"]
    assert len(found["placeholder"]["blurhash"]) == 28
    assert len(base64.b64decode(found["placeholder"]["thumbhash"])) > 15
    head, _, data = found["placeholder"]["dataUrl"].partition(",")
    assert head == "data:image/webp;base64"
    assert pictures.decode(base64.b64decode(data)).size == (24, 18)


@pytest.mark.parametrize("key", ["second", None])
async def test_strangers_learn_neither_where_nor_with_which_device(client: Client, key: str | None) -> None:
    made = await client.uploaded(snapshot(), public=True)
    await client.uploaded(snapshot(), key="second")  # to have the same bytes does not make it theirs

    found = await traits(client, made, key)
    assert found["exif"] == PUBLIC | dict.fromkeys(PRIVATE)
    mine = await traits(client, made)
    assert {name: value for name, value in found.items() if name != "exif"} == {
        name: value for name, value in mine.items() if name != "exif"
    }
    node = f"query ($id: ID!) {{ node(id: $id) {{ ... on Media {{ exif {{ {EXIF} }} }} }} nodes(ids: [$id]) {{ ... on Media {{ exif {{ {EXIF} }} }} }} }}"
    answer = await client.data(node, {"id": made["id"]}, key=key)
    assert [answer["node"]["exif"], answer["nodes"][0]["exif"]] == [PUBLIC | dict.fromkeys(PRIVATE)] * 2


async def test_in_one_list_each_media_tells_what_it_may(client: Client) -> None:
    mine, theirs = await client.uploaded(snapshot()), await client.uploaded(snapshot(), key="second")
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Media { exif { make location { latitude } } } } }"
    nodes = (await client.data(query, {"ids": [mine["id"], theirs["id"]]}))["nodes"]

    assert nodes[0]["exif"] == {"make": "Maker", "location": {"latitude": 64.1416667}}
    assert nodes[1]["exif"] == {"make": "Maker", "location": None}


async def test_an_image_without_exif_has_none(client: Client) -> None:
    found = await traits(client, await client.uploaded(pictures.png()))

    assert found["exif"] is None
    assert found["placeholder"]
    assert found["palette"]
    assert found["perceptualHash"]


async def test_an_upload_answers_with_its_traits(client: Client) -> None:
    query = UPLOAD.replace("uid", TRAITS)
    answer = await client.multipart(query, {"input": {"file": None}}, {"variables.input.file": snapshot()})

    assert answer.json["data"]["uploadMedia"]["media"]["exif"] == PUBLIC | PRIVATE


@pytest.fixture
async def asked() -> AsyncIterator[list[Any]]:
    """The sets of digests whose traits were fetched."""
    fetched: list[Any] = []
    real = blobs.traits_of

    async def spy(digests: Any) -> Any:
        fetched.append(set(digests))
        return await real(digests)

    with mock.patch.object(blobs, "traits_of", spy):
        yield fetched


async def test_lists_fetch_traits_once_and_only_when_asked(client: Client, asked: list[Any]) -> None:
    made = await asyncio.gather(*(client.uploaded(pictures.png(seed=seed % 3)) for seed in range(6)))
    await client.data("{ mediaList { nodes { id name width tags } } }")
    assert asked == []

    nodes = (await client.data(f"{{ mediaList {{ nodes {{ {TRAITS} }} }} }}"))["mediaList"]["nodes"]
    assert asked == [{media["sha256"] for media in made}]
    assert len(nodes) == 6
    assert all(node["perceptualHash"] for node in nodes)


async def test_media_of_older_versions_answer_null(client: Client) -> None:
    async def forget(*_: Any) -> Any:
        return {}

    made = await client.uploaded(snapshot())
    with mock.patch.object(blobs, "traits_of", forget):
        assert await traits(client, made) == {
            "colorSpace": None,
            "exif": None,
            "placeholder": None,
            "palette": None,
            "perceptualHash": None,
        }
