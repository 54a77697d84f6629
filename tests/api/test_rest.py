"""The img.pro line: seed 002's requests and answers, guests, and errors in its own words."""

from __future__ import annotations

import datetime as dt

import pytest

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app


async def test_the_answer_is_that_of_the_seed(client: Client) -> None:
    answer = await client.rest_upload(pictures.jpeg(400, 300), caption="Hero shot from launch day")
    image = answer.json

    assert answer.status == 201
    assert list(image) == [
        *(
            "id",
            "object",
            "url",
            "page_url",
            "sizes",
            "filename",
            "format",
            "width",
            "height",
            "bytes",
            "transformable",
        ),
        *("status", "public", "published_at", "expires_at", "created_at", "caption", "metadata", "nsfw", "labels"),
    ]
    assert (image["object"], image["status"], image["format"], image["transformable"]) == (
        "image",
        "ready",
        "jpg",
        True,
    )
    assert (image["width"], image["height"], image["expires_at"]) == (400, 300, None)
    assert (image["caption"], image["filename"]) == ("Hero shot from launch day", "file.bin")
    assert image["page_url"] == f"http://localhost:8000/{image['id']}"
    assert image["created_at"].endswith("Z")
    assert list(image["sizes"]) == ["small", "medium", "large"]
    assert image["sizes"]["small"] == {"url": f"{image['url']}?size=s", "width": 400, "height": 300}
    got = await client.get(f"/v1/images/{image['id']}")
    assert (got.status, got.json) == (200, image)


async def test_the_sizes_are_what_their_urls_give(client: Client) -> None:
    image = (await client.rest_upload(pictures.jpeg(2000, 1500))).json
    for size in image["sizes"].values():
        picture = pictures.decode((await client.get(size["url"], key=None)).body)
        assert picture.size == (size["width"], size["height"])
    assert [size["width"] for size in image["sizes"].values()] == [426, 853, 1440]


async def test_a_guest_uploads_without_a_key_for_30_days(client: Client) -> None:
    answer = await client.rest_upload(pictures.png(), key=None)
    image = answer.json
    left = dt.datetime.fromisoformat(image["expires_at"]) - dt.datetime.now(dt.UTC)

    assert answer.status == 201
    assert dt.timedelta(days=29, hours=23) < left <= dt.timedelta(days=30)
    assert (await client.get(f"/v1/images/{image['id']}", key=None)).json == image
    age = (await client.get(image["url"], key=None)).headers["Cache-Control"]
    assert age == "public, max-age=86400"
    assert (await client.data("{ mediaList { totalCount } }"))["mediaList"]["totalCount"] == 0


async def test_guests_have_a_rate_and_keys_have_none(client: Client) -> None:
    statuses = [(await client.rest_upload(pictures.png(), key=None)).status for _ in range(20)]
    assert set(statuses) == {201}
    refused = await client.rest_upload(pictures.png(), key=None)

    assert (refused.status, refused.json["error"]["code"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.json["error"]["action"]["type"] == "wait"
    assert (await client.rest_upload(pictures.png())).status == 201


async def test_a_guests_imports_are_counted_whatever_comes_of_them(client: Client) -> None:
    body = {"url": "http://127.0.0.1/x"}
    statuses = [(await client.request("POST", "/v1/images", json=body, key=None)).status for _ in range(21)]

    assert statuses == [422] * 20 + [429]


async def test_fields_that_nobody_knows_are_bounded_and_forgotten(client: Client) -> None:
    assert (await client.rest_upload(pictures.png(), unknown="x" * 16_000)).status == 201
    refused = await client.rest_upload(pictures.png(), unknown="x" * 66_000)

    assert (refused.status, list(refused.json["error"]["details"])) == (422, ["unknown"])


async def test_guests_are_an_operators_choice(settings: Settings, imaging: ImagingPool) -> None:
    async with run_app(make_settings(settings.data_dir, anonymous_uploads=False), imaging) as client:
        answer = await client.rest_upload(pictures.png(), key=None)

        assert (answer.status, answer.json["error"]["type"]) == (401, "authentication_error")


async def test_rights_come_before_the_body(client: Client) -> None:
    writer = await client.request("POST", "/v1/images", json={})
    reader = await client.request("POST", "/v1/images", json={}, key="reader")

    assert (writer.status, writer.json["error"]["code"]) == (422, "validation_error")
    assert (reader.status, reader.json["error"]["code"], reader.json["error"]["type"]) == (
        403,
        "forbidden",
        "permission_error",
    )


@pytest.mark.parametrize("name", ["nothing", "w9b4pckbadsf", "..%2f..%2fetc", "%00", "x" * 3000])
async def test_what_is_not_there_is_not_found(client: Client, name: str) -> None:
    answer = await client.get(f"/v1/images/{name}")

    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    assert answer.json["error"]["type"] == "invalid_request_error"


async def test_errors_carry_the_request_id_and_take_a_harmless_one(client: Client) -> None:
    own = await client.get("/v1/images/nothing", headers={"X-Request-Id": "abc-12345"})
    evil = await client.get("/v1/images/nothing", headers={"X-Request-Id": "a b<script>"})

    assert own.headers["X-Request-Id"] == "abc-12345"
    assert len(evil.headers["X-Request-Id"]) == 32
