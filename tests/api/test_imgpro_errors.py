"""Errors of img.pro's dialect (contracts/imgpro.md 1.9): each that can happen, in the words of both families."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.imgpro import G1, G3, PHOTO, code_of, drop, patch, send, uploaded
from tests.people import act
from tests.plans import OURS

MIB = 1024 * 1024


async def test_errors_in_the_words_of_each_generation(client: Client) -> None:
    flat = await client.get("/v1/media/nothing")
    nested = await client.get("/v1/images/nothing")
    by_header = await client.get("/v1/images/nothing", headers=G3)
    elsewhere = await client.get("/v1/usage", headers=G3, key=None)
    reader = await send(client, "/v1/upload", key="reader")
    nobody = await client.get("/v1/media", key=None)
    wrong = await client.get("/v1/images", key="nonsense")
    no_file = await client.request("POST", "/v1/upload", data={"caption": "x"})
    usage = [await client.get("/v1/usage", key=None), await client.get("/v1/usage", key=None, headers=G1)]
    gone = await client.get("/v1/usage", key="9|gone")

    assert (flat.status, flat.json) == (404, {"error": "not_found", "message": "There is no such media."})
    assert nested.json["error"]["code"] == "not_found"
    assert by_header.json == nested.json
    assert elsewhere.json["error"] == "unauthorized"
    assert (reader.status, reader.json["error"]) == (403, "forbidden")
    assert (nobody.status, nobody.json["error"]) == (401, "unauthorized")
    assert (wrong.status, wrong.json["error"]["type"]) == (401, "authentication_error")
    assert (no_file.status, no_file.json["error"], list(no_file.json["errors"])) == (422, "validation_error", ["file"])
    assert [answer.json["error"] if index else answer.json["error"]["code"] for index, answer in enumerate(usage)] == [
        "unauthorized",
        "unauthorized",
    ]
    assert (gone.status, gone.json["error"]) == (401, "unauthorized")
    assert "X-Monthly-Uploads-Remaining" in no_file.headers
    for answer in (flat, nested, reader, nobody, wrong, gone):
        assert answer.headers["X-Request-Id"]


async def test_a_key_that_may_only_write_is_told_so_by_what_is_its_teams(client: Client) -> None:
    secret = (await act(client, "createKey", "secret", key="first", name="w", scopes=["WRITE"]))["secret"]
    mine = await uploaded(client, fields={"public": "false"})
    others = await uploaded(client, fields={"public": "false"}, key="second")
    paths = (f"/v1/media/{mine['id']}", f"/v1/images/{mine['id']}", f"/v1/media/{others['id']}", "/v1/media/nothing")
    answers = [await client.get(path, key=secret) for path in ("/v1/media", *paths)]

    assert [answer.status for answer in answers] == [403, 403, 403, 404, 404]


async def test_a_guest_has_nothing_that_nobody_could_see(client: Client) -> None:
    flat = await send(client, "/v1/upload", {"public": "false"}, key=None)
    nested = await send(client, "/v1/images", {"public": "0"}, key=None)

    assert (flat.status, list(flat.json["errors"])) == (422, ["public"])
    assert (nested.status, list(nested.json["error"]["details"])) == (422, ["public"])


async def test_a_second_external_id_is_a_conflict(client: Client) -> None:
    await uploaded(client, fields={"external_id": "ext-123"})
    flat = await send(client, "/v1/upload", {"external_id": "ext-123"})
    nested = await send(client, "/v1/images", {"external_id": "ext-123"})

    assert (flat.status, flat.json["error"]) == (409, "external_id_duplicate")
    assert (nested.status, nested.json["error"]["code"]) == (409, "external_id_duplicate")


async def test_what_one_guest_calls_an_image_is_nothing_to_another(client: Client) -> None:
    made = [await uploaded(client, path, {"external_id": "ext-1"}, key=None) for path in ("/v1/upload", "/v1/images")]

    assert made[0]["external_id"] is None
    assert (await uploaded(client, fields={"external_id": "ext-1"}))["external_id"] == "ext-1"


async def test_a_full_plan_says_what_is_used_and_what_to_do(tmp_path: Path, imaging: ImagingPool) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(OURS.replace("uploads_per_month = 100\n", "uploads_per_month = 1\n"))
    async with run_app(make_settings(tmp_path, plans_file=plans), imaging) as client:
        media = await uploaded(client)
        flat, nested = [await send(client, path) for path in ("/v1/upload", "/v1/images")]
        paths = ("/v1/images", "/v1/upload", "/v1/import")
        probes = [await client.request("POST", path, json={}) for path in paths]
        full = [await client.request("POST", path, json={"url": "http://127.0.0.1:9/"}) for path in paths]
        usage = {
            "plan": "free",
            "uploads_used": 1,
            "uploads_limit": 1,
            "storage_used_bytes": media["bytes"],
            "storage_limit_bytes": 5 * 2**30,
        }

        assert (flat.status, flat.json["error"], flat.json["usage"]) == (403, "quota_exceeded", usage)
        assert [(answer.status, code_of(answer)) for answer in probes] == [(422, "validation_error")] * 3
        assert [(answer.status, code_of(answer)) for answer in full] == [(403, "quota_exceeded")] * 3
        error = nested.json["error"]
        assert (nested.status, error["type"], error["code"], error["usage"]) == (
            403,
            "quota_error",
            "quota_exceeded",
            usage,
        )
        for action in (flat.json["action"], error["action"]):
            assert (action["type"], action["label"]) == ("upgrade", "Upgrade to Pro")
            assert (await client.get(action["url"], key=None)).status == 200


@pytest.mark.usefixtures("early_in_the_minute")
async def test_too_many_requests_say_when_to_come_again(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, rate_limit_scale=0.003), imaging) as client:
        while (flat := await client.get("/v1/media")).status == 200:
            pass
        nested, old = await client.get("/v1/images"), await client.get("/v1/media", headers=G1)

    assert (flat.status, flat.json["error"]) == (429, "rate_limited")
    assert flat.json["action"] == {
        "type": "wait",
        "label": "Try again later",
        "seconds": int(flat.headers["Retry-After"]),
    }
    error = nested.json["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limited")
    assert error["action"] == {"type": "wait", "retry_after": int(nested.headers["Retry-After"])}
    assert (old.status, old.json["error"]) == (429, "rate_limit_exceeded")


async def _picture(_: web.Request) -> web.Response:
    return web.Response(body=pictures.png())


async def _slow(_: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


@pytest.fixture
async def importing(tmp_path: Path, imaging: ImagingPool) -> AsyncIterator[tuple[Client, str]]:
    """A server that may import from another, and where that is."""
    app = web.Application()
    app.router.add_get("/slow", _slow)
    app.router.add_get("/photo.png", _picture)
    async with TestServer(app) as other:
        hosts = [f"127.0.0.1:{other.port}"]
        async with run_app(make_settings(tmp_path, import_allowed_hosts=hosts, import_seconds=0.5), imaging) as client:
            yield client, f"http://{hosts[0]}"


@pytest.mark.parametrize(("path", "status"), [("nothing", 502), ("slow", 504)])
async def test_what_cannot_be_fetched_says_so(importing: tuple[Client, str], path: str, status: int) -> None:
    client, other = importing
    flat, nested = [
        await client.request("POST", target, json={"url": f"{other}/{path}"}) for target in ("/v1/import", "/v1/images")
    ]

    assert (flat.status, flat.json["error"]) == (status, "fetch_failed")
    assert (nested.status, nested.json["error"]["type"], nested.json["error"]["code"]) == (
        status,
        "processing_error",
        "fetch_failed",
    )


async def test_what_breaks_inside_says_what_failed_and_nothing_of_why(importing: tuple[Client, str]) -> None:
    client, other = importing
    shutil.rmtree(client.settings.media_folder, ignore_errors=True)
    client.settings.media_folder.write_bytes(b"")  # no folder: no file goes into it
    answers = {
        "upload": await send(client, "/v1/upload"),
        "image": await send(client, "/v1/images"),
        "import": await client.request("POST", "/v1/import", json={"url": f"{other}/photo.png"}),
    }

    assert {name: (answer.status, code_of(answer)) for name, answer in answers.items()} == {
        "upload": (500, "upload_failed"),
        "image": (500, "upload_failed"),
        "import": (500, "import_failed"),
    }
    for answer in answers.values():
        assert b"directory" not in answer.body


async def test_a_full_disk_is_told_by_upload_and_import(small_disk: Path, imaging: ImagingPool) -> None:
    content = pictures.encode(Image.effect_noise((2200, 1500), 90).convert("RGB"), "PNG")  # more than there is room for

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=content)

    app = web.Application()
    app.router.add_get("/large.png", large)
    async with TestServer(app) as other:
        hosts = [f"127.0.0.1:{other.port}"]
        async with run_app(make_settings(small_disk, import_allowed_hosts=hosts), imaging) as client:
            answers = [
                await send(client, "/v1/upload", content=content),
                await client.request("POST", "/v1/import", json={"url": f"http://{hosts[0]}/large.png"}),
            ]

    assert [(answer.status, code_of(answer)) for answer in answers] == [(507, "upload_failed"), (507, "import_failed")]


async def test_what_breaks_in_the_database_says_what_failed(client: Client) -> None:
    image = await uploaded(client, "/v1/images")
    path = f"/v1/images/{image['id']}"
    with sqlite3.connect(client.settings.database_url.removeprefix("sqlite://")) as database:
        database.execute("ALTER TABLE media RENAME TO lost")
    database.close()
    codes = {
        "get": await client.get(path),
        "list": await client.get("/v1/media"),
        "patch": await patch(client, path, {"caption": "x"}),
        "delete": await drop(client, path),
    }

    assert {name: (answer.status, code_of(answer)) for name, answer in codes.items()} == {
        "get": (500, "server_error"),
        "list": (500, "server_error"),
        "patch": (500, "update_failed"),
        "delete": (500, "delete_failed"),
    }
    for answer in codes.values():
        assert b"media" not in answer.body


async def test_files_have_the_limits_of_who_sends_them(client: Client) -> None:
    head = PHOTO[:200]
    drawing = pictures.svg(f"<!--{'x' * 10 * MIB}-->")
    sent = {
        "guest": await send(client, "/v1/upload", content=head + bytes(20 * MIB), key=None),
        "keyed": await send(client, "/v1/upload", content=head + bytes(70 * MIB)),
        "images": await send(client, "/v1/images", content=head + bytes(70 * MIB)),
        "drawing": await send(client, "/v1/upload", content=drawing, filename="d.svg"),
    }
    said = {name: str(answer.json.get("errors") or answer.json["error"]["details"]) for name, answer in sent.items()}

    assert {answer.status for answer in sent.values()} == {422}
    for name, limit in {"guest": 20, "keyed": 70, "images": 70, "drawing": 10}.items():
        assert f" {limit * MIB} bytes" in said[name]
    assert client.blobs() == []


async def test_the_link_refuses_what_the_image_refuses(client: Client) -> None:
    media = await uploaded(client)
    query = "w=8000&h=8000&fit=squeeze"
    image, link = [await client.get(f"{media[name]}?{query}", key=None) for name in ("src", "link")]
    page = await client.get(f"{media['link']}?{query}", key=None, headers={"Accept": "text/html"})

    assert [answer.status for answer in (image, link, page)] == [413] * 3
    assert code_of(link) == "validation_error"
