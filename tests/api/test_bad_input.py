"""Uploads that must not be kept: typed errors in the caller's words, no row and no byte left, the service unharmed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.plans import OURS

MIB = 1024 * 1024


async def assert_untouched(client: Client) -> None:
    """No row, no byte, and the next picture is welcome."""
    assert client.blobs() == []
    assert await client.spooled() == []
    assert (await client.data("{ mediaList { totalCount } }"))["mediaList"]["totalCount"] == 0
    assert (await client.uploaded(pictures.png()))["width"] == 120


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"just some text", "UNSUPPORTED_MEDIA"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "UNSUPPORTED_MEDIA"),
        (pictures.jpeg()[:-200], "UNSUPPORTED_MEDIA"),
        (b"\xff\xd8\xff" + b"x" * 1000, "UNSUPPORTED_MEDIA"),
        (pictures.png_bomb(20_000, 20_000), "TOO_LARGE"),
        (b"", "INVALID_INPUT"),
    ],
)
async def test_what_is_no_good_picture_is_not_kept(client: Client, content: bytes, code: str) -> None:
    if content:
        payload = await client.upload(content, name="lies.jpg")
        assert payload["media"] is None
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, ["input", "file"])]
    rest = await client.rest_upload(content)
    assert rest.status == 422
    assert rest.json["error"]["code"] == "validation_error"
    assert "file" in rest.json["error"]["details"]
    await assert_untouched(client)


async def test_a_name_says_nothing_about_the_content(client: Client) -> None:
    made = await client.uploaded(pictures.png(), name="really.jpg")

    assert made["format"] == "PNG"
    assert (await client.get(made["url"])).headers["Content-Type"] == "image/png"


async def test_too_many_bytes_are_refused_with_the_limit_of_the_plan(tmp_path: Path, imaging: ImagingPool) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(OURS.replace('"70MiB"', '"1MiB"'))
    async with run_app(make_settings(tmp_path, plans_file=plans), imaging) as client:
        rest = await client.rest_upload(b"\xff\xd8\xff" + b"x" * 2 * MIB)
        assert rest.status == 422
        assert "1 MiB" in rest.json["error"]["details"]["file"]
        answer = await client.multipart(
            "mutation ($f: Upload!) { uploadMedia(input: { file: $f }) { errors { code } } }",
            {"f": None},
            {"variables.f": b"x" * 2 * MIB},
        )
        assert (answer.status, answer.json["errors"][0]["extensions"]["code"]) == (413, "TOO_LARGE")
        await assert_untouched(client)


def _raw_upload(client: Client) -> tuple[bytes, bytes]:
    """Head and body of an upload over HTTP/1.1."""
    content = os.urandom(300_000)
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + content + b"\r\n--b--\r\n"
    head = (
        f"POST /v1/images HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.keys['first']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode(), body


async def test_a_body_that_is_cut_leaves_nothing(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    host, port = client.url.removeprefix("http://").rstrip("/").split(":")
    head, body = _raw_upload(client)
    for part in (0, 50, 100_000, len(body) - 5):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + body[:part])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
    await asyncio.sleep(0.2)
    await assert_untouched(client)
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("cut", [10, 100, 5000])
async def test_a_form_without_its_end_is_refused(client: Client, cut: int) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        + pictures.png(400, 300)
        + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.request("POST", "/v1/images", data=body[:-cut], headers=headers)

    assert answer.status in (400, 422)
    await assert_untouched(client)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b"--b--\r\n", "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="caption"\r\n\r\n\xff\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b'{"url": 5}', "application/json"),
        (b'{"url": "nonsense"}', "application/json"),
        (b'{"url": "https://u:p@example.com/"}', "application/json"),
        (b"x", "text/plain"),
        (b"\x89PNG", "image/png"),
    ],
)
async def test_other_bodies_are_refused_in_the_words_of_the_dialect(client: Client, body: bytes, kind: str) -> None:
    answer = await client.request("POST", "/v1/images", data=body, headers={"Content-Type": kind})

    assert answer.status in (400, 422), answer
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["error"]["code"] in ("bad_request", "validation_error")
    await assert_untouched(client)


async def test_a_worker_killed_in_the_middle_costs_one_request(settings: Settings) -> None:
    noise = Image.effect_noise((5000, 4000), 60).convert("RGB")
    async with run_app(settings) as client:
        made = await client.uploaded(pictures.encode(noise, "JPEG", quality=50))
        slow = asyncio.create_task(client.get(made["url"].replace(".jpg", ".avif"), key=None))
        await asyncio.sleep(0.5)
        while not slow.done():
            for worker in _children():
                os.kill(worker, signal.SIGKILL)
            await asyncio.sleep(0.2)
        answer = await slow
        assert answer.status in (415, 503)
        assert answer.json["error"]["message"]
        assert (await client.get(made["url"] + "?w=50", key=None)).status == 200
        assert await client.spooled() == []


def _children() -> list[int]:
    import multiprocessing

    return [process.pid for process in multiprocessing.active_children() if process.pid]


async def test_a_full_disk_is_a_clean_refusal(small_disk: Path, imaging: ImagingPool) -> None:
    noise = Image.effect_noise((2200, 1500), 90)
    content = pictures.encode(noise.convert("RGB"), "PNG")
    async with run_app(make_settings(small_disk), imaging) as client:
        payload = await client.multipart(
            "mutation ($f: Upload!) { uploadMedia(input: { file: $f }) { media { uid } errors { code } } }",
            {"f": None},
            {"variables.f": content},
        )
        assert (payload.status, payload.json["errors"][0]["extensions"]["code"]) == (507, "STORAGE_FULL")
        rest = await client.rest_upload(content)
        assert (rest.status, rest.json["error"]["code"]) == (507, "upload_failed")
        await assert_untouched(client)


async def test_a_full_disk_changes_nothing(small_disk: Path, imaging: ImagingPool) -> None:
    update = "mutation ($input: UpdateMediaInput!) { updateMedia(input: $input) { errors { code } } }"
    async with run_app(make_settings(small_disk), imaging) as client:
        made = await client.uploaded(pictures.png(), caption="old")
        filler = small_disk / "filler"
        _fill(filler)
        changes = [{"id": made["id"], "caption": f"{n} " + "x" * 1900} for n in range(20)]
        codes = [(await client.data(update, {"input": change}))["updateMedia"]["errors"] for change in changes]
        assert [{"code": "STORAGE_FULL"}] in codes
        filler.unlink()
        assert (await client.data(update, {"input": {"id": made["id"], "caption": "new"}}))["updateMedia"][
            "errors"
        ] == []


def _fill(filler: Path) -> None:
    """Write until the disk is full."""
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 512):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


async def test_a_rendition_that_finds_no_room_is_a_clean_refusal(small_disk: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(small_disk), imaging) as client:
        made = await client.uploaded(pictures.jpeg(1500, 1000))
        filler = small_disk / "filler"
        _fill(filler)
        answer = await client.get(made["url"].replace(".jpg", ".png"), key=None)
        assert (answer.status, answer.json["error"]["code"]) == (507, "storage_full")
        assert str(small_disk) not in answer.body.decode()
        filler.unlink()
        assert (await client.get(made["url"].replace(".jpg", ".png"), key=None)).status == 200
