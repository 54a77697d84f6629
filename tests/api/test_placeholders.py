"""Placeholders of renditions."""

from __future__ import annotations

import base64
from typing import Any

from PIL import Image

from tests import pictures
from tests.client import Client
from tests.renditions import rendition


async def test_a_placeholder_shows_what_the_rendition_shows(client: Client) -> None:
    halves = Image.new("RGB", (200, 100), (0, 0, 255))
    halves.paste((255, 0, 0), (0, 0, 100, 100))
    media = await client.uploaded(pictures.encode(halves, "PNG"))

    async def color(transform: Any) -> tuple[int, ...]:
        placeholder = (await rendition(client, media, transform))["placeholder"]
        shown = pictures.decode(base64.b64decode(placeholder["dataUrl"].partition(",")[2]))
        assert max(shown.size) <= 32
        return tuple(bytes.fromhex(placeholder["color"][1:]))

    left, right = {"left": 0, "top": 0, "width": 90, "height": 100}, {"left": 110, "top": 0, "width": 90, "height": 100}
    upright = {"width": 50, "height": 80, "fit": "COVER"}
    for red in ({"crop": left}, upright | {"gravity": {"anchor": "LEFT"}}):
        shown = await color(red)
        assert shown[0] > 200
        assert max(shown[1:]) < 60
    for blue in ({"crop": right}, upright | {"gravity": {"anchor": "RIGHT"}}):
        shown = await color(blue)
        assert shown[2] > 200
        assert max(shown[:2]) < 60
    assert len(set(await color({"saturation": 0, "crop": left}))) == 1
    assert await client.renditions() == []


async def test_a_placeholder_of_the_whole_is_that_of_the_media(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(300, 200))
    data = await client.data(
        "query ($id: ID!) { media(by: { id: $id }) { placeholder { thumbhash dataUrl } } }", {"id": media["id"]}
    )
    for transform in (None, {"width": 50}, {"format": "WEBP"}, {"width": 40, "height": 40}):
        placeholder = (await rendition(client, media, transform))["placeholder"]
        assert placeholder["thumbhash"] == data["media"]["placeholder"]["thumbhash"]
    everything = {
        "width": 3000,
        "height": 2000,
        "fit": "PAD",
        "background": "red",
        "rotate": 30,
        "blur": 50,
        "pixelate": 90,
        "radius": 400,
        "padding": {"top": 100},
        "border": {"width": {"left": 50}},
        "trim": {"tolerance": 5},
        "overlays": [{"text": {"text": "Hello", "size": 400}}, {"media": {"uid": media["uid"], "repeat": "BOTH"}}],
    }
    placeholder = (await rendition(client, media, everything))["placeholder"]
    assert placeholder["thumbhash"] != data["media"]["placeholder"]["thumbhash"]


async def test_one_placeholder_that_cannot_be_made_costs_no_other(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(300, 200))
    query = """query ($id: ID!) { node(id: $id) { ... on Media {
      a: rendition(transform: {crop: {left: 0, top: 0, width: 1, height: 200}, rotate: 45, width: 1}) { placeholder { thumbhash } }
      b: rendition(transform: {width: 50, height: 90, fit: COVER, brightness: 2}) { placeholder { thumbhash } } } } }"""
    node = (await client.data(query, {"id": media["id"]}))["node"]

    assert node["b"]["placeholder"]["thumbhash"]
