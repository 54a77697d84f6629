"""Transforms over HTTP: one engine behind every grammar, presets, overlays, placeholders, descriptions."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app

RENDITION = """query ($id: ID!, $transform: TransformInput, $preset: String) {
  node(id: $id) { ... on Media { rendition(transform: $transform, preset: $preset) {
    url width height format contentType placeholder { thumbhash blurhash color dataUrl } } } } }"""


async def rendition(
    client: Client, media: Any, transform: Any = None, *, preset: str | None = None, key: str | None = "first"
) -> Any:
    data = await client.data(RENDITION, {"id": media["id"], "transform": transform, "preset": preset}, key=key)
    return data["node"]["rendition"]


async def refusal(client: Client, media: Any, transform: Any, **options: Any) -> Any:
    variables = {"id": media["id"], "transform": transform, **options}
    answer = await client.graphql(RENDITION, variables)
    assert not (answer.get("data") or {}).get("node"), answer
    return answer["errors"][0]


def decode(body: bytes) -> Image.Image:
    return pictures.decode(body)


# --- one engine


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


# --- GraphQL refuses


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
        ({"background": "octarine"}, "CSS colour"),
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


async def test_a_size_that_only_pixels_tell_is_null(client: Client) -> None:
    bordered = Image.new("RGB", (100, 80), "white")
    bordered.paste(pictures.photo(40, 30), (20, 20))
    media = await client.uploaded(pictures.encode(bordered, "PNG"))
    planned = await rendition(client, media, {"trim": {"tolerance": 10}})
    assert (planned["width"], planned["height"]) == (None, None)
    assert decode((await client.get(planned["url"], key=None)).body).size == (40, 30)
    exact = await rendition(client, media, {"trim": {"tolerance": 10}, "width": 20, "height": 20, "fit": "COVER"})
    assert (exact["width"], exact["height"]) == (20, 20)
    described = await client.get(media["url"] + "?trim=auto&format=json", key=None)
    assert (described.json["width"], described.json["height"]) == (40, 30)


async def test_auto_format_is_chosen_when_the_image_is_loaded(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    planned = await rendition(client, media, {"width": 60, "format": "AUTO"})

    assert planned["format"] == "JPEG"
    for accept, kind in (("image/webp", "image/webp"), ("*/*", "image/jpeg")):
        answer = await client.get(planned["url"], key=None, headers={"Accept": accept})
        assert (answer.headers["Content-Type"], answer.headers["Vary"]) == (kind, "Accept")


# --- descriptions


@pytest.mark.parametrize("path", ["{src}?w=60&format=json", "/cdn-cgi/image/w=60,format=json/{uid}"])
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


# --- Cloudflare's grammar


@pytest.mark.parametrize(
    ("options", "code", "status"),
    [
        ("", 9401, 400),
        ("nonsense=1", 9401, 400),
        ("width", 9401, 400),
        ("width=0", 9401, 400),
        ("width=1e3", 9401, 400),
        ("width=60,,h=1", 9401, 400),
        ("fit=fill", 9401, 400),
        ("gravity=0.5,0.5", 9401, 400),
        ("gravity=top-left", 9401, 400),
        ("rotate=45", 9401, 400),
        ("quality=0", 9401, 400),
        ("format=bmp", 9401, 400),
        ("upscale=generate", 9401, 400),
        ("brightness=11", 9401, 400),
        ("background=octarine", 9401, 400),
        ("width=60%00", 9401, 400),
        ("w=8000,h=8000,fit=squeeze", 9402, 413),
    ],
)
async def test_a_bad_option_is_refused_with_cloudflares_code(
    client: Client, options: str, code: int, status: int
) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    answer = await client.get(f"/cdn-cgi/image/{options}/{media['uid']}", key=None)

    assert answer.status == status
    assert answer.headers["Cf-Resized"] == f"err={code}"
    assert answer.body.startswith(f"ERROR {code}".encode())
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "option",
    [
        "brightness=0",
        "contrast=0",
        "gamma=0",
        "rotate=0",
        "rotate=360",
        "upscale=interpolate",
        "onerror=redirect",
        "anim=true",
        "compression=fast",
    ],
)
async def test_what_cloudflare_takes_for_nothing_is_nothing(client: Client, option: str) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    plain, asked = [
        await client.get(f"/cdn-cgi/image/{options}/{media['uid']}", key=None) for options in ("w=60", f"w=60,{option}")
    ]

    assert asked.headers["ETag"] == plain.headers["ETag"]


async def test_sources_are_addresses_of_ours_and_no_others(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    path = media["url"].removeprefix(client.settings.public_url)
    good = [
        media["uid"],
        path[1:],
        media["url"],
        f"{client.settings.public_url}/{media['uid']}",
        f"{media['uid']}.webp",
    ]
    bad = [
        "zzz",
        "https://example.com/a.jpg",
        "http://127.0.0.1/x",
        path.replace("/src/", "/src/zz")[1:],
        "a/b/c",
    ]
    for source in good:
        answer = await client.get(f"/cdn-cgi/image/w=60/{source}", key=None)
        assert (answer.status, source) == (200, source)
    for source in bad:
        answer = await client.get(f"/cdn-cgi/image/w=60/{source}", key=None)
        assert (answer.status, answer.headers.get("Cf-Resized"), source) == (404, "err=9404", source)


async def test_an_error_may_lead_to_the_image_as_it_is(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))
    answer = await client.get(f"/cdn-cgi/image/w=8000,h=8000,fit=squeeze,onerror=redirect/{media['uid']}", key=None)

    assert (answer.status, answer.headers["Location"]) == (302, media["url"])
    assert (await client.get("/cdn-cgi/image/w=60,onerror=redirect/zzz", key=None)).status == 404


async def test_client_hints_decide_only_where_they_are_asked(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(120, 90))

    async def etag(options: str, **headers: str) -> tuple[str, str | None]:
        answer = await client.get(
            f"/cdn-cgi/image/{options}/{media['uid']}",
            key=None,
            headers={k.replace("_", "-"): v for k, v in headers.items()},
        )
        assert answer.status == 200, answer.body
        return answer.headers["ETag"], answer.headers.get("Vary")

    slow, vary = await etag("w=60,scq=50", Save_Data="on")
    assert vary == "Save-Data, ECT, RTT, Downlink"
    assert slow == (await etag("w=60,q=50"))[0]
    for hints in ({"ECT": "2g"}, {"RTT": "400"}, {"Downlink": "0.5"}):
        assert (await etag("w=60,scq=50", **hints))[0] == slow
    for hints in ({}, {"ECT": "4g"}, {"RTT": "50"}, {"Downlink": "50"}, {"RTT": "nan"}, {"Save-Data": "off"}):
        assert (await etag("w=60,scq=50", **hints))[0] == (await etag("w=60"))[0]
    wide, vary = await etag("w=auto", Sec_CH_Width="60")
    assert (wide, vary) == ((await etag("w=60"))[0], "Sec-CH-Width, Width")
    assert (await etag("w=auto"))[0] == (await etag("w=120"))[0]
    assert (await etag("w=60", Save_Data="on"))[1] is None


# --- presets


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


# --- overlays


async def test_an_overlay_must_be_seen_by_who_asks(client: Client) -> None:
    base = await client.uploaded(pictures.jpeg(120, 90))
    secret = await client.uploaded(pictures.png(40, 20), public=False)
    foreign = await client.uploaded(pictures.png(40, 20, seed=5), key="second", public=False)
    shown = await client.uploaded(pictures.png(40, 20, seed=6), key="second")
    plain = (await client.get(base["url"] + "?w=60", key=None)).headers["ETag"]

    async def etag(overlay: Any, key: str | None) -> str:
        return str((await client.get(f"{base['url']}?w=60&overlay={overlay['uid']}", key=key)).headers["ETag"])

    assert await etag(secret, None) == plain
    assert await etag(secret, "second") == plain
    assert await etag(secret, "first") != plain
    assert await etag(foreign, "first") == plain
    assert await etag(shown, None) not in (plain, await etag(secret, "first"))
    error = await refusal(client, base, {"overlays": [{"media": {"uid": foreign["uid"]}}]})
    missing = await refusal(client, base, {"overlays": [{"media": {"uid": "0" * 12}}]})
    assert error["message"].replace(foreign["uid"], "0" * 12) == missing["message"]


async def test_an_overlay_in_graphql_is_the_overlay_in_the_address(client: Client) -> None:
    base = await client.uploaded(pictures.jpeg(120, 90))
    mark = await client.uploaded(pictures.png(40, 20))
    transform = {
        "width": 100,
        "overlays": [
            {"media": {"uid": mark["uid"], "scale": 0.25, "anchor": "BOTTOM_RIGHT", "x": 3, "y": 4, "opacity": 0.5}},
            {"text": {"text": "50% off; & <more>", "size": 12, "color": "#ff0000", "bold": True}},
        ],
    }
    planned = await rendition(client, base, transform)
    answer = await client.get(planned["url"], key=None)
    plain = await client.get(base["url"] + "?w=100", key=None)

    assert answer.status == 200
    assert answer.headers["ETag"] != plain.headers["ETag"]
    assert decode(answer.body).size == (100, 75)
    # The same request, made from the address again.
    assert len([file for file in await client.renditions() if "proof" not in file.name]) == 2


# --- placeholders


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


# --- drawings


async def test_a_drawing_is_kept_clean_and_served_safely(client: Client) -> None:
    evil = pictures.svg('<script>alert(1)</script><rect width="100" height="80" fill="lime" onclick="x()"/>')
    made = await client.uploaded(evil)
    answer = await client.get(made["url"], key=None)

    assert made["format"] == "SVG"
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"script" not in answer.body
    assert b"onclick" not in answer.body
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.body) == made["bytes"]
    assert b"script" not in b"".join(blob.read_bytes() for blob in client.blobs())
    for query, kind in (("?w=50", "image/png"), ("?format=webp", "image/webp"), ("?w=50&format=jpg", "image/jpeg")):
        path = made["url"].replace(".svg", "") + query
        assert (await client.get(path, key=None)).headers["Content-Type"] == kind
    # What is no drawing is not served as one.
    photo = await client.uploaded(pictures.jpeg(50, 50))
    assert (await client.get(photo["url"].replace(".jpg", ".svg"), key=None)).headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("content", [b"<svg>" + b"x" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'></g></svg>"])
async def test_what_is_no_drawing_is_refused(client: Client, content: bytes) -> None:
    payload = await client.upload(content)

    assert payload["media"] is None
    assert payload["errors"][0]["code"] == "UNSUPPORTED_MEDIA"
    assert await client.spooled() == client.blobs() == []


# --- who may see what


async def test_what_depends_on_who_asks_is_for_no_shared_cache(client: Client) -> None:
    base = await client.uploaded(pictures.jpeg(120, 90))
    shown, secret = [await client.uploaded(pictures.png(40, 20, seed=seed), public=seed == 1) for seed in (1, 2)]

    async def control(query: str, key: str | None) -> str:
        answer = await client.get(f"{base['url']}?w=60{query}", key=key)
        return str(answer.headers["Cache-Control"])

    assert await control("", "first") == await control(f"&overlay={shown['uid']}", None) == "public, max-age=86400"
    for overlay in (secret["uid"], "0" * 12):
        for key in ("first", None):
            assert await control(f"&overlay={overlay}", key) == "private, no-cache"


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


async def test_a_drawing_takes_transforms_at_its_own_address(client: Client) -> None:
    made = await client.uploaded(pictures.svg('<rect width="100" height="80" fill="lime"/>'))
    answer = await client.get(made["url"] + "?w=50", key=None)

    assert (answer.headers["Content-Type"], decode(answer.body).size) == ("image/png", (50, 40))


@pytest.mark.parametrize("path", ["/cdn-cgi/image//x", "/cdn-cgi/image/w=50/", "/cdn-cgi/image//"])
async def test_even_no_options_and_no_source_answer_in_cloudflares_words(client: Client, path: str) -> None:
    assert (await client.get(path, key=None)).headers["Cf-Resized"] in ("err=9401", "err=9404")


async def test_what_cannot_be_shown_as_it_is_is_refused_and_not_kept(client: Client) -> None:
    wide = pictures.encode(Image.new("L", (70_000, 4)), "TIFF")
    answer = await client.rest_upload(wide)
    payload = await client.upload(wide)

    assert answer.status == 422
    assert payload["errors"][0]["code"] == "TOO_LARGE"
    listed = await client.data("{ mediaList { totalCount nodes { url } } }")
    assert listed["mediaList"] == {"totalCount": 0, "nodes": []}


async def test_one_placeholder_that_cannot_be_made_costs_no_other(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(300, 200))
    query = """query ($id: ID!) { node(id: $id) { ... on Media {
      a: rendition(transform: {crop: {left: 0, top: 0, width: 1, height: 200}, rotate: 45, width: 1}) { placeholder { thumbhash } }
      b: rendition(transform: {width: 50, height: 90, fit: COVER, brightness: 2}) { placeholder { thumbhash } } } } }"""
    node = (await client.data(query, {"id": media["id"]}))["node"]

    assert node["b"]["placeholder"]["thumbhash"]


async def test_a_trimmed_image_is_described_at_once(client: Client) -> None:
    bordered = Image.new("RGB", (100, 80), "white")
    bordered.paste(pictures.photo(40, 30), (20, 20))
    media = await client.uploaded(pictures.encode(bordered, "PNG"))
    for tolerance in range(5, 15):
        answer = await client.get(f"{media['url']}?trim=auto,{tolerance}&format=json", key=None)
        assert (answer.status, answer.json["width"]) == (200, 40)


@pytest.mark.parametrize("source", ["//[x", "%2F%2F%5Bx", "http://[x", "http://localhost:8000//[x", "http://"])
async def test_odd_sources_are_no_images(client: Client, source: str) -> None:
    answer = await client.get(f"/cdn-cgi/image/w=1/{source}", key=None)

    assert (answer.status, answer.headers["Cf-Resized"]) == (404, "err=9404")


async def test_what_is_said_beside_a_preset_takes_its_place(client: Client) -> None:
    media = await client.uploaded(pictures.jpeg(1200, 900))
    await set_preset(client, "turned", {"width": 400, "rotate": 90})
    for transform, size in (({"size": "S"}, (320, 426)), ({"height": 90}, (67, 90)), ({"rotate": 180}, (400, 300))):
        planned = await rendition(client, media, transform, preset="turned")
        assert (planned["width"], planned["height"]) == size
        assert decode((await client.get(planned["url"], key=None)).body).size == size


async def test_a_drawing_that_takes_too_long_is_served_and_not_drawn(tmp_path: Path) -> None:
    # Ten to the seventh rectangles, in a few hundred bytes.
    levels = "".join(f'<g id="g{n}">{f"""<use xlink:href="#g{n - 1}"/>""" * 10}</g>' for n in range(1, 8))
    costly = pictures.svg(f'<defs><g id="g0"><rect width="9" height="9"/></g>{levels}</defs><use xlink:href="#g7"/>')
    async with run_app(make_settings(tmp_path, imaging_seconds=1, imaging_workers=1)) as client:
        made = await client.uploaded(costly)
        media = (
            await client.data("query ($id: ID!) { media(by: { id: $id }) { transformable width } }", {"id": made["id"]})
        )["media"]
        shown = await client.get(made["url"], key=None)
        asked = await client.get(made["url"] + "?w=50", key=None)
        error = await refusal(client, made, {"width": 50})
        # Nobody else waits for it.
        assert (await client.get((await client.uploaded(pictures.jpeg()))["url"] + "?w=50", key=None)).status == 200

    assert media == {"transformable": False, "width": 100}
    assert shown.headers["Content-Type"] == asked.headers["Content-Type"] == "image/svg+xml"
    assert "cannot be turned into pixels" in error["message"]
