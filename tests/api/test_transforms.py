"""Transforms over HTTP: one engine behind every grammar, and what it refuses and tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.renditions import decode, refusal, rendition

SAME = [
    ({"width": 60}, "w=60", "width=60"),
    ({"width": 30, "dpr": 2}, "w=30&dpr=2", "w=30,dpr=2"),
    (
        {"width": 60, "height": 60, "fit": "COVER", "gravity": {"anchor": "TOP"}},
        "w=60&h=60&fit=cover&g=top",
        "w=60,h=60,fit=cover,g=top",
    ),
    (
        {"width": 60, "height": 60, "fit": "PAD", "background": "red"},
        "w=60&h=60&fit=pad&bg=f00",
        "w=60,h=60,fit=pad,background=rgb%28255%2C0%2C0%29",
    ),
    ({"width": 60, "height": 40, "fit": "SQUEEZE"}, "w=60&h=40&fit=fill", "w=60,h=40,fit=squeeze"),
    ({"flip": "BOTH"}, "rotate=180", "flip=hv"),
    ({"rotate": 90, "flip": "HORIZONTAL"}, "flip=h&rotate=90", "rotate=90,flip=h"),
    ({"brightness": 1.5, "saturation": 0}, "brightness=1.5&filter=greyscale", "saturation=0,brightness=1.5"),
    ({"gamma": 0.5}, "gamma=0.5", "gamma=2"),  # the two name opposite directions
    ({"sharpen": 2, "blur": 3}, "blur=3&sharp=2", "sharpen=2,blur=3"),
    ({"trim": {"edges": {"top": 1, "right": 2, "bottom": 3, "left": 4}}}, "trim=1,2,3,4", "trim=1;2;3;4"),
    (
        {"crop": {"left": 10, "top": 20, "width": 50, "height": 40}},
        "crop=10,20,50,40",
        "trim.left=10,trim.top=20,trim.width=50,trim.height=40",
    ),
    ({"format": "WEBP", "quality": 70}, "format=webp&q=70", "f=webp,q=70"),
    ({"format": "JPEG", "quality": 90}, "f=jpeg&quality=high", "format=baseline-jpeg,q=high"),
    ({"metadata": "NONE"}, "metadata=none", "metadata=none"),
    ({"width": 5000}, "", "width=5000"),
]


@pytest.mark.parametrize(("transform", "query", "options"), SAME)
async def test_every_grammar_leads_to_one_rendition(client: Client, transform: Any, query: str, options: str) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    planned = await rendition(client, media, transform)
    path = media["url"].removeprefix(client.settings.public_url)
    answers = [
        await client.get(planned["url"], key=None),
        await client.get(f"{path}?{query}", key=None),
        await client.get(f"/cdn-cgi/image/{options}{path}", key=None),
        await client.get(f"/cdn-cgi/image/{options}/{media['uid']}", key=None),
    ]

    assert [answer.status for answer in answers] == [200] * 4, [answer.body[:200] for answer in answers]
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert len(await client.renditions()) == 1
    shown = decode(answers[0].body)
    assert shown.size == (planned["width"], planned["height"])
    assert answers[0].headers["Content-Type"] == planned["contentType"]


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        ({"width": 0}, "'width' must be between 1 and 8192"),
        ({"brightness": 11}, "'brightness' must be between 0 and 10"),
        ({"blur": -1}, "'blur' must be"),
        ({"radius": 9000}, "'radius' must be"),
        ({"hue": 400}, "'hue' must be"),
        ({"dpr": 9}, "'dpr' must be"),
        ({"width": 8000, "dpr": 2}, "'width' must be"),
        ({"background": "octarine"}, "A Color is a CSS colour"),
        ({"gravity": {"focalPoint": {"x": 2, "y": 0}}}, "between 0 and 1"),
        ({"gravity": {"anchor": "TOP", "smart": "AUTO"}}, "exactly one key"),
        ({"crop": {"left": 500, "top": 0, "width": 5, "height": 5}}, "outside of the 120 x 90 pixels"),
        ({"crop": {"left": 0, "top": 0, "width": 0, "height": 5}}, "at least 1"),
        ({"size": "S", "width": 5}, "'size' cannot be combined"),
        ({"size": "S", "fit": "COVER"}, "'fit' cannot be combined"),
        ({"overlays": [{"media": {"uid": "0123456789ab"}}]}, "no media '0123456789ab'"),
        ({"overlays": [{"media": {"uid": "../../etc"}}]}, "by its uid"),
        ({"overlays": [{"text": {"text": ""}}]}, "1 to 200 characters"),
        ({"overlays": [{"text": {"text": "x" * 201}}]}, "1 to 200 characters"),
        ({"overlays": [{"text": {"text": "a\u0000b"}}]}, "printable"),
        ({"overlays": [{"text": {"text": "x"}}] * 6}, "at most 5 overlays"),
        ({"padding": {"top": -1}}, "at least 0"),
        ({"padding": {"top": 5000}}, "at most 2048"),
        ({"quality": 101}, "'quality' must be between 1 and 100"),
        ({"width": 8000, "height": 8000, "fit": "SQUEEZE"}, "more than 25000000 pixels"),
    ],
)
async def test_graphql_names_what_is_wrong(client: Client, transform: Any, words: str) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    error = await refusal(client, media, transform)

    assert words in error["message"]
    assert error["extensions"]["code"] in ("INVALID_INPUT", "TOO_LARGE", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")


async def test_a_circle_keeps_its_density(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    planned = await rendition(client, media, {"width": 20, "height": 20, "fit": "COVER", "radius": 8192, "dpr": 2})
    answers = [
        await client.get(address, key=None)
        for address in (planned["url"], f"{media['url']}?w=20&h=20&fit=cover&dpr=2&radius=max")
    ]

    assert planned["width"] == 40
    assert decode(answers[1].body).size == (40, 40)
    assert answers[0].headers["ETag"] == answers[1].headers["ETag"]


@pytest.mark.parametrize(("word", "density", "side"), [("s", 2, 640), ("s", 1.5, 480), ("l", 8, 900)])
async def test_a_size_by_name_has_a_density_too(client: Client, word: str, density: float, side: int) -> None:
    media = await client.uploaded(pictures.jpeg(1000, 900))
    planned = await rendition(client, media, {"size": word.upper(), "dpr": density})
    answers = [
        await client.get(address, key=None) for address in (planned["url"], f"{media['url']}?size={word}&dpr={density}")
    ]

    assert [decode(answer.body).height for answer in answers] == [side, side]
    assert answers[0].headers["ETag"] == answers[1].headers["ETag"]


async def test_a_size_that_only_pixels_tell_is_null(client: Client) -> None:
    bordered = Image.new("RGB", (100, 80), "white")
    bordered.paste(pictures.photo(40, 30), (20, 20))
    media = await client.uploaded(pictures.encode(bordered, "PNG"))
    planned = await rendition(client, media, {"trim": {"tolerance": 10}})
    assert (planned["width"], planned["height"]) == (None, None)
    assert decode((await client.get(planned["url"], key=None)).body).size == (40, 30)
    exact = await rendition(client, media, {"trim": {"tolerance": 10}, "width": 20, "height": 20, "fit": "COVER"})
    assert (exact["width"], exact["height"]) == (20, 20)
    cut = await client.get(f"/cdn-cgi/image/trim=border/{media['uid']}", key=None)
    assert cut.headers["ETag"] == (await client.get(planned["url"], key=None)).headers["ETag"]
    described = await client.get(media["url"] + "?trim=auto&format=json", key=None)
    assert (described.json["width"], described.json["height"]) == (40, 30)


async def test_auto_format_is_chosen_when_the_image_is_loaded(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    planned = await rendition(client, media, {"width": 60, "format": "AUTO"})

    assert planned["format"] == "JPEG"
    for accept, kind in (("image/webp", "image/webp"), ("*/*", "image/jpeg")):
        answer = await client.get(planned["url"], key=None, headers={"Accept": accept})
        assert (answer.headers["Content-Type"], answer.headers["Vary"]) == (kind, "Accept")


@pytest.mark.parametrize(
    "path",
    [
        "{src}?w=60&format=json",
        "{src}?f=png&f=json&f=nix&w=60&f=jpg&format=json",
        "/cdn-cgi/image/w=60,format=json/{uid}",
    ],
)
async def test_an_image_can_be_described(client: Client, path: str) -> None:
    content = pictures.jpeg(120, 90)
    media = await client.uploaded(content)
    answer = await client.get(path.format(src=media["url"], uid=media["uid"]), key=None)
    image = await client.get(media["url"] + "?w=60", key=None)

    assert answer.json == {
        "width": 60,
        "height": 45,
        "format": "image/jpeg",
        "file_size": len(image.body),
        "original": {"file_size": len(content), "width": 120, "height": 90, "format": "image/jpeg"},
    }


async def test_the_last_format_decides_whether_an_image_is_described(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    for query, kind in (("format=json&f=png", "image/png"), ("f=png&format=json", "application/json; charset=utf-8")):
        answer = await client.get(f"{media['url']}?{query}", key=None)
        assert answer.headers["Content-Type"] == kind


async def test_metadata_is_kept_for_whom_the_operator_wants(tmp_path: Path, imaging: ImagingPool) -> None:
    for everybody in (True, False):
        async with run_app(make_settings(tmp_path / str(everybody), public_metadata=everybody), imaging) as client:
            made = await client.uploaded(pictures.encode(pictures.photo(), "JPEG", exif=pictures.camera()))
            for key, allowed in (("first", True), ("second", everybody), (None, everybody)):
                answer = await client.get(made["url"] + "?metadata=keep&w=50", key=key)
                exif = pictures.decode(answer.body).getexif()
                assert bool(exif.get_ifd(0x8825)) is allowed
                assert answer.headers["Cache-Control"].startswith("public" if everybody else "private")


async def test_blur_is_what_an_address_can_say(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    blurred = await rendition(client, media, {"blur": 250})
    assert blurred["url"].endswith("?blur=250")
    assert "'blur' must be between 0 and 250" in (await refusal(client, media, {"blur": 251}))["message"]
    assert (await refusal(client, media, {"blur": 12.5}))["message"]


async def test_what_cannot_be_shown_as_it_is_is_refused_and_not_kept(client: Client) -> None:
    wide = pictures.encode(Image.new("L", (70_000, 4)), "TIFF")
    answer = await client.rest_upload(wide)
    payload = await client.upload(wide)

    assert answer.status == 422
    assert payload["errors"][0]["code"] == "TOO_LARGE"
    listed = await client.data("{ mediaList { totalCount nodes { url } } }")
    assert listed["mediaList"] == {"totalCount": 0, "nodes": []}


async def test_a_trimmed_image_is_described_at_once(client: Client) -> None:
    bordered = Image.new("RGB", (100, 80), "white")
    bordered.paste(pictures.photo(40, 30), (20, 20))
    media = await client.uploaded(pictures.encode(bordered, "PNG"))
    for tolerance in range(5, 15):
        answer = await client.get(f"{media['url']}?trim=auto,{tolerance}&format=json", key=None)
        assert (answer.status, answer.json["width"]) == (200, 40)
