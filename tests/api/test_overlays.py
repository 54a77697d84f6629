"""What is put on top, and what it makes of who may see and keep the result."""

from __future__ import annotations

from typing import Any

from PIL import Image

from tests import pictures
from tests.client import Client
from tests.lab import pixel
from tests.renditions import decode, refusal, rendition


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


async def test_no_cache_keeps_an_image_longer_than_anything_in_it(client: Client) -> None:
    base = await client.uploaded(pictures.jpeg(120, 90))
    brief = await client.uploaded(pictures.jpeg(120, 90, seed=2), ttl="2h")
    marks = [
        (await client.uploaded(pictures.png(40, 20, seed=seed), ttl=ttl))["uid"]
        for seed, ttl in enumerate(("5m", "1h", None))
    ]

    async def age(url: str) -> int:
        answers = [await client.get(url, key=None) for _ in range(2)]
        answers.append(await client.get(url, key=None, headers={"If-None-Match": answers[0].headers["ETag"]}))
        assert [answer.status for answer in answers] == [200, 200, 304]
        ages = {answer.headers["Cache-Control"].removeprefix("public, max-age=") for answer in answers}
        return min(map(int, ages))

    assert await age(f"{base['url']}?overlay={marks[2]}") == 86_400
    assert 290 < await age(f"{base['url']}?overlay={marks[2]}&overlay={marks[0]}&overlay={marks[1]}") <= 300
    assert 3590 < await age(f"{brief['url']}?overlay={marks[1]}") <= 3600
    assert 7190 < await age(brief["url"]) <= 7200
    described = await client.get(f"{base['url']}?overlay={marks[0]}&format=json", key=None)
    assert int(described.headers["Cache-Control"].removeprefix("public, max-age=")) <= 300


async def test_an_overlay_that_is_slow_to_decode_is_decoded_once(client: Client) -> None:
    base = await client.uploaded(pictures.jpeg(400, 300))
    mark = await client.uploaded(pictures.encode(Image.new("RGB", (2500, 2000), "blue"), "PNG"))
    shown = [await client.get(f"{base['url']}?w={width}&overlay={mark['uid']};w=100") for width in (300, 200)]

    for answer in shown:
        assert answer.status == 200
        assert pixel(decode(answer.body), *(side // 2 for side in decode(answer.body).size))[2] > 200
    assert len([file for file in await client.renditions() if "proof" in file.name]) == 1
