"""Presets: transforms with a name."""

from __future__ import annotations

from typing import Any

from tests import pictures
from tests.client import Client
from tests.renditions import decode, refusal, rendition

SET = """mutation ($input: SetPresetInput!) { setPreset(input: $input) {
  preset { name query } errors { code message path } } }"""
DELETE = "mutation ($name: String!) { deletePreset(input: {name: $name}) { deletedName errors { code } } }"


async def set_preset(client: Client, name: str, transform: Any, *, key: str = "first") -> Any:
    return (await client.data(SET, {"input": {"name": name, "transform": transform}}, key=key))["setPreset"]


async def test_a_preset_is_followed_by_the_addresses_that_name_it(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    made = await set_preset(client, "card", {"width": 60, "height": 60, "fit": "COVER", "saturation": 0})
    planned = await rendition(client, media, preset="card")
    assert made["preset"] == {"name": "card", "query": "w=60&h=60&fit=cover&saturation=0"}
    assert planned["url"] == media["url"] + "?preset=card"
    assert decode((await client.get(planned["url"], key=None)).body).size == (60, 60)

    await set_preset(client, "card", {"width": 30})
    assert decode((await client.get(planned["url"], key=None)).body).size == (30, 22)
    wider = await rendition(client, media, {"width": 100, "format": "WEBP"}, preset="card")
    assert (wider["width"], wider["format"]) == (100, "WEBP")
    assert decode((await client.get(wider["url"], key=None)).body).size == (100, 75)
    assert decode((await client.get(planned["url"] + "&width=100", key=None)).body).size == (100, 75)

    assert (await client.data("{ presets { name query } }"))["presets"] == [{"name": "card", "query": "w=30"}]
    assert (await client.data(DELETE, {"name": "card"}))["deletePreset"] == {"deletedName": "card", "errors": []}
    assert decode((await client.get(planned["url"], key=None)).body).size == (120, 90)
    assert "no preset" in (await refusal(client, media, None, preset="card"))["message"]


async def test_a_box_replaces_that_of_the_preset_and_nothing_else(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    await set_preset(client, "card", {"width": 60, "height": 60, "fit": "COVER", "saturation": 0})
    planned = await rendition(client, media, {"width": 100}, preset="card")
    shown = decode((await client.get(planned["url"], key=None)).body)

    assert shown.size == (planned["width"], planned["height"]) == (100, 75)
    assert shown.convert("HSV").getchannel("S").getextrema() == (0, 0)


async def test_presets_are_of_their_team_and_bounded(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    await set_preset(client, "card", {"width": 30}, key="second")

    assert "no preset" in (await refusal(client, media, None, preset="card"))["message"]
    assert decode((await client.get(media["url"] + "?preset=card", key=None)).body).size == (120, 90)
    assert (await client.data("{ presets { name } }"))["presets"] == []
    assert (await client.data(DELETE, {"name": "card"}))["deletePreset"]["errors"] == [{"code": "NOT_FOUND"}]
    for name in ("", "Card", "a b", "-x", "a" * 65, "a/b", "é"):
        assert (await set_preset(client, name, {"width": 30}))["errors"][0]["path"] == ["input", "name"]
    assert (await set_preset(client, "empty", {}))["errors"][0]["path"] == ["input", "transform"]
    for number in range(100):
        assert (await set_preset(client, f"p{number}", {"width": number + 1}))["errors"] == []
    assert "at most 100" in (await set_preset(client, "one-more", {"width": 5}))["errors"][0]["message"]
    assert (await set_preset(client, "p5", {"width": 7}))["errors"] == []
    assert (await client.graphql(SET, {"input": {"name": "x", "transform": {"width": 1}}}, key="reader"))["errors"]


async def test_what_is_said_beside_a_preset_takes_its_place(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(1200, 900))
    await set_preset(client, "turned", {"width": 400, "rotate": 90})
    for transform, size in (({"size": "S"}, (320, 426)), ({"height": 90}, (67, 90)), ({"rotate": 180}, (400, 300))):
        planned = await rendition(client, media, transform, preset="turned")
        assert (planned["width"], planned["height"]) == size
        assert decode((await client.get(planned["url"], key=None)).body).size == size
