"""Signed addresses of what is private, and the files as they came."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests import pictures
from tests.client import Client
from tests.people import Clock, join

ASK = """query ($uid: String!, $for: Duration) { media(by: { uid: $uid }) {
  url(expiresIn: $for)
  small: url(transform: { width: 20 }, expiresIn: $for)
  rendition(transform: { width: 30, format: AUTO }, expiresIn: $for) { url }
  responsive(transform: { width: 40 }, widths: [10, 40], formats: [WEBP], expiresIn: $for) { src srcSet sources { srcSet } }
  original(expiresIn: $for) { url filename contentType bytes }
} }"""


async def asked(client: Client, uid: str, *, key: str | None = "first", expires_in: str | None = "1h") -> Any:
    return (await client.data(ASK, {"uid": uid, "for": expires_in}, key=key))["media"]


async def replaced(client: Client, media_id: str) -> None:
    """Give it a file that is 90 pixels wide."""
    replace = "mutation ($input: ReplaceMediaInput!) { replaceMedia(input: $input) { errors { code } } }"
    asked_for = {"input": {"id": media_id, "file": None}}
    await client.multipart(replace, asked_for, {"variables.input.file": pictures.png(90, 60)})


def first_of(src_set: str) -> str:
    return src_set.split(" ", maxsplit=1)[0]


async def test_whoever_has_a_signed_address_sees_what_is_private(client: Client) -> None:
    media = await client.uploaded(pictures.png(80, 60), public=False)
    signed, plain = await asked(client, media["uid"]), await asked(client, media["uid"], expires_in=None)
    widths = {
        signed["url"]: 80,
        signed["small"]: 20,
        signed["rendition"]["url"]: 30,
        signed["responsive"]["src"]: 40,
        first_of(signed["responsive"]["srcSet"]): 10,
        first_of(signed["responsive"]["sources"][0]["srcSet"]): 10,
    }

    for url, width in widths.items():
        answer = await client.get(url, key=None)
        assert (answer.status, pictures.decode(answer.body).width) == (200, width), url
        assert answer.headers["Cache-Control"].startswith("public, max-age=")
    for url in (plain["url"], plain["small"], plain["rendition"]["url"], plain["responsive"]["src"]):
        assert "sig=" not in url
        assert (await client.get(url, key=None)).status == 404
        assert (await client.get(url)).status == 200


async def test_who_was_shown_one_file_does_not_see_what_it_is_replaced_by(client: Client) -> None:
    media = await client.uploaded(pictures.png(80, 60), public=False)
    signed = await asked(client, media["uid"])
    await replaced(client, media["id"])
    later = await asked(client, media["uid"])

    for key, width in (("url", 80), ("small", 20)):
        answers = [await client.get(item[key], key=None) for item in (signed, later)]
        assert answers[0].body != answers[1].body
        assert pictures.decode(answers[0].body).width == width
    originals = [await client.get(item["original"]["url"], key=None) for item in (signed, later)]
    assert [pictures.decode(answer.body).width for answer in originals] == [80, 90]


async def test_earlier_versions_can_be_shown_as_well(client: Client) -> None:
    media = await client.uploaded(pictures.png(80, 60), public=False)
    await replaced(client, media["id"])
    query = "query ($uid: String!, $for: Duration) { media(by: { uid: $uid }) { versions { url(expiresIn: $for) } } }"
    urls = {
        key: [
            item["url"] for item in (await client.data(query, {"uid": media["uid"], "for": key}))["media"]["versions"]
        ]
        for key in ("1h", None)
    }
    shown = [await client.get(url, key=None) for url in urls["1h"]]
    moved = urls["1h"][1].replace("v=1", "v=2")

    assert [pictures.decode(answer.body).width for answer in shown] == [90, 80]
    assert [(await client.get(url, key=None)).status for url in (*urls[None], moved)] == [404] * 3


@pytest.mark.parametrize("wrong", ["-1h", "1m", "x", 91 * 24 * 3600])
async def test_a_time_that_cannot_be_is_refused_as_what_it_is(client: Client, wrong: object) -> None:
    media = await client.uploaded(pictures.png())
    answer = await client.graphql(ASK, {"uid": media["uid"], "for": wrong})

    assert "A Duration is like 5m, 2h or 7d" in answer["errors"][0]["message"]
    assert "ttl" not in answer["errors"][0]["message"]


async def test_a_signature_is_for_one_picture_in_one_shape(client: Client) -> None:
    media = await client.uploaded(pictures.png(80, 60), public=False)
    other = await client.uploaded(pictures.png(seed=7), public=False)
    url = (await asked(client, media["uid"]))["small"]
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query)
    said = dict(pairs)
    forged = [
        url.replace("w=20", "w=21"),
        url.replace(media["uid"], other["uid"]),
        url.replace(".png", ".webp"),
        f"{url}&blur=1",
        f"{url}&v=1",
        url.replace(f"until={said['until']}", f"until={int(said['until']) + 1}"),
        url.replace(f"until={said['until']}&", ""),
        url[:-1] + ("A" if url[-1] != "A" else "E"),
        url.replace(f"sig={said['sig']}", "sig="),
        url.replace(f"sig={said['sig']}", "sig=\u00fc"),
        url.replace("/src/", "/original/"),
    ]
    turned = f"{parts.path}?{urlencode(pairs[::-1])}"

    for attempt in forged:
        answer = await client.get(attempt, key=None)
        assert answer.status in (401, 404), attempt
        assert not answer.body.startswith(b"\x89PNG")
    assert (await client.get(turned, key=None)).status == 200


async def test_it_ends_when_its_time_is_over_and_is_the_same_for_a_while(house: Client, clock: Clock) -> None:
    owner = await join(house, "owner@example.org")
    media = await house.uploaded(pictures.png(), key=owner.access, public=False)
    now = clock.stop()
    clock.forward(seconds=361 - now.timestamp() % 360)  # just after a step of a tenth of an hour begins
    first = (await asked(house, media["uid"], key=owner.access))["url"]
    clock.forward(seconds=300)
    again = (await asked(house, media["uid"], key=owner.access))["url"]
    clock.forward(seconds=100)
    other = (await asked(house, media["uid"], key=owner.access))["url"]
    clock.forward(minutes=53)
    late = await house.get(first, key=None)
    clock.forward(minutes=7)
    over = await house.get(first, key=None)

    assert again == first
    assert other != first
    assert (late.status, over.status) == (200, 404)


async def test_what_is_public_needs_no_signature_and_the_original_always_does(client: Client) -> None:
    content = pictures.jpeg(80, 60, orientation=6)
    media = await client.uploaded(content, name="kätzchen.jpg")
    seen = await asked(client, media["uid"])
    original = seen["original"]
    answer = await client.get(original["url"], key=None)
    part = await client.get(original["url"], key=None, headers={"Range": "bytes=0-9"})
    known = await client.get(original["url"], key=None, headers={"If-None-Match": answer.headers["ETag"]})
    bare = original["url"].partition("?")[0]

    assert "sig=" not in seen["url"] + seen["small"] + seen["responsive"]["srcSet"]
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == original["contentType"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''k%C3%A4tzchen.jpg"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (part.status, part.body, known.status) == (206, content[:10], 304)
    assert (original["filename"], original["bytes"]) == ("kätzchen.jpg", len(content))
    assert (await client.get(bare)).body == content
    assert {(await client.get(bare, key=key)).status for key in ("second", None)} == {404}
    for key in ("second", None):
        assert (await asked(client, media["uid"], key=key))["original"] is None


@pytest.mark.parametrize("key", ["first", "test"])
async def test_it_ends_with_the_media(client: Client, key: str) -> None:
    media = await client.uploaded(pictures.png(), public=False, key=key)
    seen = await asked(client, media["uid"], key=key)
    there = [(await client.get(url, key=None)).status for url in (seen["url"], seen["original"]["url"])]
    delete = "mutation ($id: ID!) { deleteMedia(input: { id: $id }) { deletedId } }"
    await client.data(delete, {"id": media["id"]}, key=key)
    gone = [(await client.get(url, key=None)).status for url in (seen["url"], seen["original"]["url"])]

    assert (there, gone) == ([200, 200], [404, 404])


async def test_no_cache_keeps_an_original_longer_than_it_lives(client: Client) -> None:
    media = await client.uploaded(pictures.png(), ttl="5m")
    url = (await asked(client, media["uid"]))["original"]["url"]
    said = (await client.get(url, key=None)).headers["Cache-Control"]

    assert int(said.removeprefix("public, max-age=")) <= 300
