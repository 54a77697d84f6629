"""Import by URL: what a server on the other side can do, and where a URL may lead."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app

ASKED = web.AppKey("asked", list[str])
IMPORT = "mutation ($input: ImportMediaInput!) { importMedia(input: $input) { media { uid name width caption } errors { __typename code message path } } }"


async def _picture(request: web.Request) -> web.Response:
    request.app[ASKED].append(request.path)
    return web.Response(body=pictures.png(200, 100), content_type="text/plain")


async def _text(_: web.Request) -> web.Response:
    return web.Response(text="no picture at all")


async def _slow(_: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    await response.prepare(request)
    await response.write(pictures.png()[:500])
    assert request.transport
    request.transport.abort()
    return response


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(200):
        await response.write(b"\x89PNG" + b"x" * 1024 * 1024)
    return response


async def _redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query["to"]})


@pytest.fixture
async def other() -> AsyncIterator[TestServer]:
    """A server somewhere else."""
    app = web.Application()
    app[ASKED] = []
    app.router.add_get("/{name:cat.picture.png}", _picture)
    app.router.add_get("/slow", _slow)
    app.router.add_get("/text", _text)
    app.router.add_get("/cut", _cut)
    app.router.add_get("/endless", _endless)
    app.router.add_get("/redirect", _redirect)
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
async def trusting(settings: Settings, imaging: ImagingPool, other: TestServer) -> AsyncIterator[Client]:
    """An application that may import from the other server."""
    changed = make_settings(
        settings.data_dir,
        import_allowed_hosts=[f"127.0.0.1:{other.port}"],
        import_host_map={"https://pictures.example": f"http://127.0.0.1:{other.port}"},
        import_seconds=1.0,
    )
    async with run_app(changed, imaging) as client:
        yield client


async def imported(client: Client, url: str, **fields: object) -> object:
    return (await client.data(IMPORT, {"input": {"url": url, **fields}}))["importMedia"]


async def test_a_picture_is_fetched_and_named_after_its_url(trusting: Client, other: TestServer) -> None:
    payload = await imported(trusting, str(other.make_url("/cat%20picture.png")), caption="c")

    assert payload["errors"] == []  # type: ignore[index]
    media = payload["media"]  # type: ignore[index]
    assert (media["name"], media["width"], media["caption"]) == ("cat picture.png", 200, "c")
    rest = await trusting.request("POST", "/v1/images", json={"url": str(other.make_url("/cat%20picture.png"))})
    assert (rest.status, rest.json["width"]) == (201, 200)


async def test_an_origin_may_be_mapped(trusting: Client) -> None:
    payload = await imported(trusting, "https://pictures.example/cat%20picture.png?x=1")

    assert payload["errors"] == []  # type: ignore[index]


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/nothing", "UPSTREAM_FAILED", 502),
        ("/slow", "UPSTREAM_TIMEOUT", 504),
        ("/cut", "UPSTREAM_FAILED", 502),
        ("/redirect?to=/nothing", "UPSTREAM_FAILED", 502),
        ("/redirect?to=ftp://x/", "INVALID_INPUT", 422),
        ("/redirect?to=/redirect%3Fto%3D/redirect%3Fto%3D/x", "UPSTREAM_FAILED", 502),
        ("/endless", "TOO_LARGE", 422),
    ],
)
async def test_what_the_other_side_does_wrong_is_typed(
    trusting: Client, other: TestServer, path: str, code: str, status: int
) -> None:
    url = f"http://127.0.0.1:{other.port}{path}"
    payload = await imported(trusting, url)
    assert [error["code"] for error in payload["errors"]] == [code]  # type: ignore[index]
    rest = await trusting.request("POST", "/v1/images", json={"url": url})
    assert rest.status == status
    assert rest.json["error"]["code"] in ("fetch_failed", "validation_error")
    assert trusting.blobs() == []
    assert await trusting.spooled() == []


async def test_a_redirect_loop_ends(trusting: Client, other: TestServer) -> None:
    base = f"http://127.0.0.1:{other.port}/redirect?to="
    payload = await imported(trusting, base + "/redirect%3Fto%3D%252Fredirect%253Fto%253D%25252Fnothing")

    assert payload["errors"][0]["code"] == "UPSTREAM_FAILED"  # type: ignore[index]


async def test_an_allowed_host_is_no_bridge_to_a_private_one(trusting: Client, other: TestServer) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        port = listening.getsockname()[1]
        payload = await imported(trusting, f"http://127.0.0.1:{other.port}/redirect?to=http://127.0.0.1:{port}/x.png")

        assert payload["errors"][0]["path"] == ["input", "url"]  # type: ignore[index]
        assert "not public" in payload["errors"][0]["message"]  # type: ignore[index]
        with pytest.raises(BlockingIOError):
            listening.accept()  # nobody even knocked


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[64:ff9b::7f00:1]",
        "127.1",
    ],
)
async def test_private_addresses_are_out_of_reach(client: Client, other: TestServer, host: str) -> None:
    payload = await imported(client, f"http://{host}:{other.port}/cat%20picture.png")

    (error,) = payload["errors"]  # type: ignore[index]
    assert error["code"] in ("INVALID_INPUT", "UPSTREAM_FAILED")
    assert client.blobs() == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "//host/x",
        "ftp://host/x",
        "http://host/x\0y",
        "file:///etc/passwd",
        "http://",
        "http://a:b@host/",
        "http://host:99999/",
        "http://" + "x" * 5000,
    ],
)
async def test_what_is_no_url_of_a_picture_is_refused(client: Client, url: str) -> None:
    payload = await imported(client, url)

    assert [(error["__typename"], error["path"]) for error in payload["errors"]] == [("InputError", ["input", "url"])]  # type: ignore[index]


async def test_a_batch_of_imports_answers_item_by_item(trusting: Client, other: TestServer) -> None:
    query = "mutation ($input: [ImportMediaInput!]!) { importMediaBatch(input: $input) { results { media { width } errors { code } } } }"
    urls = [str(other.make_url("/cat%20picture.png")), "nonsense"]
    results = (await trusting.data(query, {"input": [{"url": url} for url in urls]}))["importMediaBatch"]["results"]

    assert results == [{"media": {"width": 200}, "errors": []}, {"media": None, "errors": [{"code": "INVALID_INPUT"}]}]


@pytest.fixture
async def mirroring(tmp_path: Path, imaging: ImagingPool, other: TestServer) -> AsyncIterator[Client]:
    """A client of a server that transforms the images of `other`."""
    host = f"127.0.0.1:{other.port}"
    settings = make_settings(tmp_path, import_allowed_hosts=[host], transform_origins=[host], import_seconds=2)
    async with run_app(settings, imaging) as running:
        yield running


async def test_images_of_named_origins_are_transformed_and_kept(mirroring: Client, other: TestServer) -> None:
    url = f"http://127.0.0.1:{other.port}/cat%20picture.png?size=1"
    answers = await asyncio.gather(
        *(mirroring.get(f"/cdn-cgi/image/w={width}/{url}", key=None) for width in (50, 60, 50))
    )
    assert [pictures.decode(answer.body).size for answer in answers] == [(50, 25), (60, 30), (50, 25)]
    assert len(mirroring.blobs()) == 1
    assert "max-age=86" in answers[0].headers["Cache-Control"]
    listed = await mirroring.data("{ mediaList { nodes { uid } } }")
    assert listed["mediaList"]["nodes"] == []
    again = await mirroring.get(f"/cdn-cgi/image/w=70/{url}", key=None)
    assert (again.status, len(other.app[ASKED])) == (200, 1)


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [("/nothing", 9509, 502), ("/slow", 9504, 504), ("/cut", 9509, 502), ("/endless", 9402, 413), ("/text", 9412, 415)],
)
async def test_what_another_origin_does_wrong_has_cloudflares_code(
    mirroring: Client, other: TestServer, path: str, code: int, status: int
) -> None:
    answer = await mirroring.get(f"/cdn-cgi/image/w=50/http://127.0.0.1:{other.port}{path}", key=None)

    assert (answer.status, answer.headers["Cf-Resized"]) == (status, f"err={code}")
    assert mirroring.blobs() == []
    assert await mirroring.spooled() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a.png",
        "http://example.com/a.png",
        "http://127.0.0.1@example.com/a.png",
        "https:///a",
        "http://",
    ],
)
async def test_other_origins_are_not_asked(mirroring: Client, url: str) -> None:
    answer = await mirroring.get(f"/cdn-cgi/image/w=50/{url}", key=None)

    assert (answer.status, answer.headers["Cf-Resized"]) == (404, "err=9404")


async def test_a_redirect_leads_to_no_private_address(mirroring: Client, other: TestServer) -> None:
    base = f"http://127.0.0.1:{other.port}/redirect?to="
    answer = await mirroring.get(f"/cdn-cgi/image/w=50/{base}http://127.0.0.1:9/", key=None)

    assert answer.headers["Cf-Resized"] in ("err=9401", "err=9509")
    assert mirroring.blobs() == []
