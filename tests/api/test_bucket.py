"""The whole application on a bucket: every way that bytes take, and files that go there past us."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import random
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services import direct_uploads
from tests import pictures
from tests.api.test_live import connected
from tests.api.test_versions import replaced
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import Clock, act, eventually
from tests.processes import free_port, run
from tests.renditions import rendition
from tests.s3_server import S3

FILE = pictures.png(80, 60)
DIGEST = hashlib.sha256(FILE).hexdigest()
CREATE = (
    "mutation ($input: CreateUploadInput!) { createUpload(input: $input) {"
    " upload { id url method headers { name value } expiresAt } errors { code path message } } }"
)
COMPLETE = (
    "mutation ($input: CompleteUploadInput!) { completeUpload(input: $input) {"
    " media { id url width sha256 name } errors { code path message } } }"
)


@pytest.fixture
def on_bucket(s3: S3, bucket: str, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, storage_url=s3.url(bucket, "tintype"))


@pytest.fixture
async def client(on_bucket: Settings, imaging: ImagingPool) -> AsyncIterator[Client]:
    async with run_app(on_bucket, imaging) as running:
        yield running


def keys(s3: S3, bucket: str, space: str) -> list[str]:
    """What lies below a space of ours; nothing of us lies anywhere else."""
    found = s3.objects(bucket)
    assert all(key.startswith("tintype/") for key in found)
    return [key for key in found if key.startswith(f"tintype/{space}")]


async def test_a_picture_lives_in_the_bucket_from_its_upload_to_its_end(client: Client, s3: S3, bucket: str) -> None:
    noise = Image.frombytes("RGB", (1800, 1700), random.Random(1).randbytes(1800 * 1700 * 3))
    large = pictures.encode(noise, "PNG")  # so large that it goes in parts
    made = await client.uploaded(FILE)
    other = await client.uploaded(large, name="large.png")
    small = [await client.get(f"{made['url']}?w=20", key=None) for _ in range(2)]
    many = await asyncio.gather(*(client.get(f"{other['url']}?w=30", key=None) for _ in range(5)))
    part = await client.get(other["url"], key=None, headers={"Range": "bytes=9000000-9000099"})
    whole = await client.get(other["url"], key=None)
    await client.renditions()

    assert len(large) > 9_000_100
    assert [pictures.decode(answer.body).width for answer in small + many] == [20] * 2 + [30] * 5
    assert (part.status, part.body) == (206, whole.body[9_000_000:9_000_100])
    assert pictures.decode(whole.body).tobytes() == pictures.decode(large).tobytes()
    assert {key.rpartition("/")[2] for key in keys(s3, bucket, "blobs")} == {DIGEST, hashlib.sha256(large).hexdigest()}
    assert len(keys(s3, bucket, "renditions")) >= 3
    assert not client.settings.data_dir.joinpath("media").exists()
    assert await client.spooled() == []

    await act(client, "purgeRenditions", key="first", id=other["id"])
    assert [key for key in keys(s3, bucket, "renditions") if DIGEST not in key] == []
    assert (await client.get(f"{other['url']}?w=30", key=None)).body == many[0].body
    for media in (made, other):
        await act(client, "deleteMedia", key="first", id=media["id"], forGood=True)
    assert (await client.get(f"{other['url']}?w=30", key=None)).status == 404
    assert keys(s3, bucket, "") == []


async def test_versions_overlays_derivatives_and_the_archive(client: Client, s3: S3, bucket: str) -> None:
    made, mark = await client.uploaded(FILE), await client.uploaded(pictures.png(8, 8, seed=3))
    assert (await replaced(client, pictures.png(90, 60), id=made["id"]))["errors"] == []
    overlaid = await rendition(client, made, {"width": 40, "overlays": [{"media": {"uid": mark["uid"], "width": 10}}]})
    answer = await client.get(overlaid["url"], key=None)
    derived = await act(
        client, "transformMedia", "media { id width }", key="first", id=made["id"], transform={"width": 33}
    )
    link = await act(client, "exportTeam", "url", key="first")
    archive = await client.get(link["url"], key=None)
    with tarfile.open(fileobj=io.BytesIO(archive.body)) as tar:
        originals = {
            hashlib.sha256(file.read()).hexdigest()
            for member in tar
            if member.name.startswith("originals/") and (file := tar.extractfile(member))
        }

    assert pictures.decode(answer.body).width == 40
    assert overlaid["placeholder"]["thumbhash"]
    assert derived["media"]["width"] == 33
    assert DIGEST in originals
    assert originals == {key.rpartition("/")[2] for key in keys(s3, bucket, "blobs")}


async def test_a_bucket_that_does_not_answer_is_told_as_that(
    s3: S3, tmp_path: Path, imaging: ImagingPool, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"s3://pictures?endpoint=http://127.0.0.1:{free_port()}"
    async with run_app(make_settings(tmp_path, storage_url=url), imaging) as client:
        payload = await client.upload(FILE)
        rest = await client.rest_upload(FILE)
        ready = await client.get("/readyz", key=None)
        spooled = await client.spooled()

    (error,) = payload["errors"]
    assert (error["__typename"], error["message"]) == (
        "LimitError",
        "The server's storage does not answer; try again later.",
    )
    assert rest.status == 503
    assert "Retry-After" in rest.headers
    assert (ready.status, "storage" in ready.body.decode()) == (503, True)
    assert spooled == []
    assert "EndpointConnectionError" in "".join(capsys.readouterr())


def test_the_doctor_tries_the_bucket(s3: S3, bucket: str, tmp_path: Path) -> None:
    good = run(tmp_path, "doctor", storage_url=s3.url(bucket))
    bad = run(tmp_path, "doctor", storage_url=s3.url("not-there"))

    assert (good.returncode, good.stdout.splitlines()[1]) == (0, "ok    storage")
    assert (bad.returncode, bad.stdout.splitlines()[1]) == (1, "FAIL  storage     the log has the reason")
    assert "NoSuchBucket" in bad.stderr
    assert s3.objects(bucket) == []


# --- files that go there past us


async def target(client: Client, **asked: Any) -> Any:
    payload = (await client.data(CREATE, {"input": {"bytes": len(FILE)} | asked}))["createUpload"]
    assert payload["errors"] == []
    return payload["upload"]


async def put(upload: Any, content: bytes = FILE) -> int:
    """The status of a request that only knows what the upload says; no library of S3's."""
    headers = {header["name"]: header["value"] for header in upload["headers"]}
    headers["Content-Length"] = str(len(content))
    async with aiohttp.ClientSession() as session:
        sending = session.request(upload["method"], upload["url"], data=content, headers=headers)
        async with sending as answer:
            return answer.status


async def complete(client: Client, upload: Any, **more: Any) -> Any:
    return (await client.data(COMPLETE, {"input": {"id": upload["id"]} | more}))["completeUpload"]


async def test_a_file_is_sent_to_the_bucket_and_becomes_a_media(client: Client, s3: S3, bucket: str) -> None:
    upload = await target(client, filename="kätzchen.png", sha256=DIGEST)
    early = await complete(client, upload)
    sent = await put(upload)
    waiting = keys(s3, bucket, "uploads")
    payload = await complete(client, upload, tags=["x"])
    media = payload["media"]

    assert upload["url"].startswith(f"{s3.endpoint}/{bucket}/tintype/uploads/")
    assert upload["headers"] == [
        {"name": "Content-Length", "value": str(len(FILE))},
        {"name": "x-amz-checksum-sha256", "value": base64.b64encode(bytes.fromhex(DIGEST)).decode()},
    ]
    assert early["errors"][0]["code"] == "NOT_FOUND"
    assert (sent, len(waiting)) == (200, 1)
    assert payload["errors"] == []
    assert (media["name"], media["width"], media["sha256"]) == ("kätzchen.png", 80, DIGEST)
    assert pictures.decode((await client.get(media["url"], key=None)).body).size == (80, 60)
    assert keys(s3, bucket, "uploads") == []
    assert await client.spooled() == []


async def test_another_size_is_refused_by_the_bucket(client: Client, s3: S3, bucket: str) -> None:
    upload = await target(client)
    refused = [await put(upload, content) for content in (FILE[:-1], FILE + b"x", b"")]

    assert refused == [403] * 3
    assert keys(s3, bucket, "uploads") == []


async def test_other_bytes_of_that_size_are_refused_and_removed(client: Client, s3: S3, bucket: str) -> None:
    upload = await target(client, sha256=DIGEST)
    other = pictures.png(80, 60, seed=2).ljust(len(FILE), b"x")[: len(FILE)]
    assert await put(upload, other) == 200  # an endpoint that knows no such checksums
    refused = await complete(client, upload)
    left = keys(s3, bucket, "")
    await put(upload)
    right = await complete(client, upload)

    assert refused["media"] is None
    (error,) = refused["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "id"])
    assert error["message"] == "The file has another SHA-256 than was told."
    assert left == []
    assert right["media"]["sha256"] == DIGEST


async def test_a_size_that_the_endpoint_let_pass_is_refused(client: Client, s3: S3, bucket: str) -> None:
    upload = await target(client)
    assert await put(upload) == 200
    (key,) = keys(s3, bucket, "uploads")
    s3.put_object(bucket, key, FILE + b"more")
    refused = await complete(client, upload)

    assert refused["errors"][0]["message"] == f"The file has {len(FILE) + 4} bytes, not {len(FILE)}."
    assert keys(s3, bucket, "") == []


async def test_what_is_sent_after_it_was_completed_changes_nothing(client: Client, s3: S3, bucket: str) -> None:
    upload = await target(client)
    await put(upload)
    media = (await complete(client, upload))["media"]
    other = pictures.png(80, 60, seed=2).ljust(len(FILE), b"x")[: len(FILE)]
    sent = await put(upload, other)
    again = await complete(client, upload)
    shown = await client.get(media["url"], key=None)
    originals = keys(s3, bucket, "blobs")
    total = (await client.data("{ mediaList { totalCount } }"))["mediaList"]["totalCount"]

    assert sent == 200
    assert again["media"] == media
    assert pictures.decode(shown.body).tobytes() == pictures.decode(FILE).tobytes()
    assert [key.rpartition("/")[2] for key in originals] == [DIGEST]
    assert total == 1


async def test_what_was_never_completed_is_swept_and_its_id_is_over(
    on_bucket: Settings, imaging: ImagingPool, clock: Clock, s3: S3, bucket: str
) -> None:
    async with run_app(on_bucket, imaging) as client:
        upload = await target(client)
        await put(upload)
        clock.forward(hours=1, seconds=1)
        late = await complete(client, upload)
        assert len(keys(s3, bucket, "uploads")) == 1
    clock.forward(hours=2)
    async with run_app(on_bucket, imaging):
        await eventually(lambda: keys(s3, bucket, "uploads") == [])

    assert late["errors"][0]["code"] == "BAD_SIGNATURE"


async def test_who_listens_hears_when_it_is_there(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_uploads, "_LOOK_SECONDS", 0.05)
    upload = await target(client)
    async with connected(client) as socket:
        await socket.begin(Authorization=f"Bearer {client.keys['first']}")
        await socket.subscribe(
            "subscription ($id: ID!) { uploadProgress(id: $id) { received total done } }", id=upload["id"]
        )
        await put(upload)
        told, over = await socket.receive(), await socket.receive()

    assert told["payload"]["data"]["uploadProgress"] == {"received": len(FILE), "total": len(FILE), "done": True}
    assert over["type"] == "complete"
