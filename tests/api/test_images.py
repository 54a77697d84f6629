"""The image route: caching, ranges, HEAD, one render a key, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from graphql_api.services.metrics import Metrics
from graphql_api.web import delivery, middleware
from graphql_api.web.context import CONTEXT, Context
from tests import pictures
from tests.client import Client


async def path_of(client: Client, **options: Any) -> str:
    made = await client.uploaded(pictures.jpeg(300, 200), **options)
    return str(made["url"])


async def test_an_etag_answers_before_any_work(client: Client) -> None:
    path = await path_of(client) + "?w=100"
    first = await client.get(path, key=None)
    for file in [*client.blobs(), *(await client.renditions())]:
        file.unlink()

    for known in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"x", {first.headers["ETag"]}', "*"):
        again = await client.get(path, key=None, headers={"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert again.headers["Cache-Tag"] == first.headers["Cache-Tag"] == path.rpartition("/")[2].partition(".")[0]
    other = await client.get(path.replace("w=100", "w=101"), key=None, headers={"If-None-Match": first.headers["ETag"]})
    assert other.status == 500  # the original was taken away above: this one had to work for it
    assert other.headers["Cache-Control"] == "no-store"


async def test_a_rendition_is_made_once_and_kept(client: Client) -> None:
    path = await path_of(client)
    answers = await asyncio.gather(*(client.get(f"{path}?w=120", key=None) for _ in range(15)))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    (kept,) = await client.renditions()
    changed = kept.stat().st_mtime_ns
    await client.get(f"{path}?width=120&fit=crop&x=1", key=None)  # another way to say the same
    assert await client.renditions() == [kept]
    assert kept.stat().st_mtime_ns == changed
    assert await client.spooled() == []


async def test_head_is_get_without_a_body(client: Client) -> None:
    path = await path_of(client) + "?w=90"
    head, got = await client.request("HEAD", path, key=None), await client.get(path, key=None)

    assert head.status == 200
    assert head.body == b""
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Accept-Ranges"):
        assert head.headers[name] == got.headers[name]
    assert int(got.headers["Content-Length"]) == len(got.body)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=10-99999999", 10, None),
        ("bytes=-99999999", 0, None),
    ],
)
async def test_a_range_is_answered_in_part(client: Client, asked: str, start: int, stop: int | None) -> None:
    path = await path_of(client)
    whole = (await client.get(path, key=None)).body
    part = await client.get(path, key=None, headers={"Range": asked})

    assert part.status == 206
    assert part.body == whole[start:stop]
    first = start % len(whole) if start < 0 else start
    assert part.headers["Content-Range"] == f"bytes {first}-{first + len(part.body) - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=0-1,5-6", "items=0-5", "bytes= 0-5"])
async def test_other_ranges_are_answered_in_full(client: Client, asked: str) -> None:
    path = await path_of(client)

    assert (await client.get(path, key=None, headers={"Range": asked})).status == 200


async def test_a_range_past_the_end_is_refused_with_the_size(client: Client) -> None:
    path = await path_of(client)
    size = len((await client.get(path, key=None)).body)
    for asked in (f"bytes={size}-", "bytes=-0"):
        answer = await client.get(path, key=None, headers={"Range": asked})
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{size}")


async def test_if_range_guards_against_mixing_versions(client: Client) -> None:
    path = await path_of(client)
    etag = (await client.get(path, key=None)).headers["ETag"]

    assert (await client.get(path, key=None, headers={"Range": "bytes=0-1", "If-Range": etag})).status == 206
    assert (await client.get(path, key=None, headers={"Range": "bytes=0-1", "If-Range": '"old"'})).status == 200


async def test_a_large_rendition_streams_whole(client: Client) -> None:
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    made = await client.uploaded(pictures.encode(noise, "PNG"))
    answer = await client.get(made["url"], key=None)
    part = await client.get(made["url"], key=None, headers={"Range": "bytes=100-700000"})

    assert len(answer.body) > 512 * 1024
    for name, value in (("Server", "Tintype"), ("X-Content-Type-Options", "nosniff")):
        assert answer.headers[name] == value
    assert len(answer.headers["X-Request-Id"]) == 32
    assert pictures.decode(answer.body).size == (900, 900)
    assert part.body == answer.body[100:700_001]


async def _fails() -> AsyncIterator[bytes]:
    yield b"y" * 10
    raise FileNotFoundError


async def _ends_early() -> AsyncIterator[bytes]:
    yield b"y" * 10


@pytest.mark.parametrize("rest", [_fails, _ends_early])
async def test_a_failure_in_the_middle_hangs_up(rest: Callable[[], AsyncIterator[bytes]]) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        return await delivery._stream(request, response, b"x" * 10, rest())

    app = web.Application(middlewares=[middleware.observe, middleware.answer_errors])
    app[CONTEXT] = cast("Context", SimpleNamespace(metrics=Metrics()))
    app.router.add_get("/", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session, session.get(server.make_url("/")) as got:
        with pytest.raises(aiohttp.ClientPayloadError):
            await got.read()


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("?w=50&format=avif", "image/avif"),
        ("?w=nonsense&fit=nix&q=1000&size=xl", "image/jpeg"),
        ("?%00=%ff&w=%F0%9F%92%A5", "image/jpeg"),
        ("?w=1&w=60", "image/jpeg"),
    ],
)
async def test_the_image_always_loads(client: Client, query: str, kind: str) -> None:
    answer = await client.get(await path_of(client) + query, key=None)

    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/avif,image/webp,image/*,*/*;q=0.8", "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("image/avif;q=0.1,image/webp;q=0.9", "image/webp"),
        ("image/avif;q=0,image/webp;q=0", "image/jpeg"),
        ("image/webp;q=0.2,image/jpeg", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("*/*", "image/jpeg"),
        (";;q=,,/", "image/jpeg"),
    ],
)
async def test_auto_gives_what_the_client_takes(client: Client, accept: str, kind: str) -> None:
    url = await path_of(client) + "?w=50&format=auto"
    answer = await client.get(url, key=None, headers={"Accept": accept})

    assert (answer.status, answer.headers["Content-Type"], answer.headers["Vary"]) == (200, kind, "Accept")
    again = await client.get(url, key=None, headers={"Accept": accept, "If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.headers["Vary"]) == (304, "Accept")


async def test_extensions_choose_the_format(client: Client) -> None:
    path = await path_of(client)
    bare = path.rpartition(".")[0]
    for name, kind in (
        (bare, "jpeg"),
        (f"{bare}.jpeg", "jpeg"),
        (f"{bare}.WEBP", "webp"),
        (f"{bare}.png?format=gif", "gif"),
    ):
        assert (await client.get(name, key=None)).headers["Content-Type"] == f"image/{kind}"


async def test_what_is_not_there_is_not_found(client: Client) -> None:
    path = await path_of(client)
    folder, _, name = path.rpartition("/")
    for wrong in (
        f"{folder}/{name}.exe",
        f"{folder}/x{name}",
        "/src/zzzz/" + name,
        f"{folder}/..%2f{name}",
        f"{folder}/%00.jpg",
        folder,
    ):
        answer = await client.get(wrong, key=None)
        assert answer.status == 404, wrong
        assert answer.json["error"]["code"] == "not_found"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_too_large_a_result_is_refused_with_the_limit(client: Client) -> None:
    answer = await client.get(await path_of(client) + "?w=8000&h=8000&fit=squeeze", key=None)

    assert answer.status == 413
    assert answer.json["error"]["code"] == "too_large"
    assert "25000000" in answer.json["error"]["message"]


async def test_an_image_can_do_nothing_in_a_browser(client: Client) -> None:
    answer = await client.get(await path_of(client, name='a"; x=.jpg'), key=None)

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''a%22%3B%20x%3D.jpg"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_moving_picture_moves_in_every_size(client: Client) -> None:
    made = await client.uploaded(pictures.animation("GIF", 5))
    for suffix, frames in (("?w=20", 5), ("?w=20&format=webp", 5), ("?w=20&format=png", 1)):
        picture = pictures.decode((await client.get(made["url"] + suffix, key=None)).body)
        assert (getattr(picture, "n_frames", 1), picture.width) == (frames, 20)


async def test_a_social_card_is_a_still_unless_animation_is_asked_for(client: Client) -> None:
    made = await client.uploaded(pictures.animation("GIF", 40))
    card, moving = [await client.get(f"{made['url']}?size=social{more}", key=None) for more in ("", "&anim=true")]
    query = "query ($id: ID!, $t: TransformInput!) { media(by: { id: $id }) { rendition(transform: $t) { url } } }"
    asked: list[dict[str, Any]] = [{"size": "SOCIAL"}, {"width": 1200, "height": 630, "fit": "PAD", "animated": False}]
    told = [await client.data(query, {"id": made["id"], "t": transform}) for transform in asked]
    same = [await client.get(answer["media"]["rendition"]["url"], key=None) for answer in told]
    options = "/cdn-cgi/image/width=1200,height=630,fit=pad,anim=false/"
    same.append(await client.get(options + made["url"], key=None))

    assert (card.status, getattr(pictures.decode(card.body), "n_frames", 1)) == (200, 1)
    assert pictures.decode(card.body).size == (1200, 630)
    assert moving.status == 413
    assert {answer.headers["ETag"] for answer in same} == {card.headers["ETag"]}


async def test_a_large_photo_becomes_a_gif_as_large_as_one_may_be(client: Client) -> None:
    made = await client.uploaded(pictures.jpeg(2600, 2000))
    answers = [await client.get(path, key=None) for path in (f"{made['url']}?format=gif", f"/{made['uid']}?format=gif")]
    other = await client.get(f"/cdn-cgi/image/format=gif/{made['url']}", key=None)

    assert [answer.status for answer in (*answers, other)] == [200] * 3
    assert len({answer.headers["ETag"] for answer in (*answers, other)}) == 1
    assert pictures.decode(answers[0].body).size == (2280, 1753)


async def test_originals_keep_their_secrets(client: Client) -> None:
    made = await client.uploaded(pictures.jpeg(orientation=3))
    picture = pictures.decode((await client.get(made["url"], key=None)).body)

    assert not picture.getexif()


async def test_private_renditions_are_not_for_shared_caches(client: Client) -> None:
    path = await path_of(client, public=False)
    answer = await client.get(path)

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cross-Origin-Resource-Policy" not in answer.headers
