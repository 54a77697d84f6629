"""What the bucket store adds to the contract: parts, presigned addresses, and an endpoint that fails in every way."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from graphql_api.errors import StorageUnavailable
from graphql_api.storage import s3 as module
from graphql_api.storage.blob_store import PutAddress
from graphql_api.storage.s3 import S3Store, open_s3
from graphql_api.storage.s3_url import S3Location, parse_s3_url
from tests.people import eventually
from tests.processes import free_port
from tests.relay import open_relay
from tests.s3_server import BATCH, S3, SECRET_KEY

SMALL = b"a file" * 100
Logged = Sequence[Mapping[str, Any]]
LARGE = bytes(range(256)) * 4096 * 20 + b"end"  # three parts


@pytest.fixture
def location(s3: S3, bucket: str) -> S3Location:
    return parse_s3_url(s3.url(bucket, "our/place"))


@pytest.fixture
async def store(location: S3Location, scratch: Path) -> AsyncIterator[S3Store]:
    async with open_s3(location, scratch) as opened:
        yield opened


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    return path


@pytest.fixture
def logged() -> Iterator[Logged]:
    with capture_logs() as lines:
        yield lines


async def read(store: S3Store, key: str) -> bytes:
    return b"".join([piece async for piece in store.read(key)])


async def unfinished(store: S3Store) -> list[str]:
    answer = await store._client.list_multipart_uploads(Bucket=store._bucket)
    return [item["Key"] for item in answer.get("Uploads", ())]


async def test_a_large_file_goes_in_parts_and_comes_whole(store: S3Store, large: Path, s3: S3, bucket: str) -> None:
    stored = await store.put("blobs/key", large)
    found = await store.find("blobs/key")

    assert found
    assert stored.size == found.size == len(LARGE)
    assert await read(store, "blobs/key") == LARGE
    assert len(s3.objects(f"{bucket}+segments")) == 3
    assert s3.objects(bucket) == ["our/place/blobs/key"]
    assert await unfinished(store) == []


async def test_a_large_file_that_fails_half_way_leaves_nothing(
    s3: S3, bucket: str, location: S3Location, large: Path, scratch: Path
) -> None:
    async with open_relay(s3.ports["proxy"]) as relay:
        relay.up = 4 * 1024 * 1024
        async with open_s3(replace(location, endpoint=relay.url), scratch) as store:
            with pytest.raises(StorageUnavailable):
                await store.put("blobs/key", large)
            assert await unfinished(store) == []
            assert await store.find("blobs/key") is None
    assert s3.objects(bucket) == []


async def test_a_large_file_whose_sender_goes_away_leaves_nothing(store: S3Store, large: Path) -> None:
    putting = asyncio.create_task(store.put("blobs/key", large))
    async with asyncio.timeout(10):
        while not await unfinished(store) and not putting.done():
            await asyncio.sleep(0.001)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting

    assert await unfinished(store) == []
    assert await store.find("blobs/key") is None


async def test_old_parts_are_swept_and_only_ours(store: S3Store, bucket: str) -> None:
    for key in ("our/place/blobs/a", "our/place/renditions/b", "our/place/uploads/c", "other/blobs/d", "blobs/e"):
        await store._client.create_multipart_upload(Bucket=bucket, Key=key)
    await store.sweep(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    young = await unfinished(store)
    await store.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))

    assert len(young) == 5
    assert await unfinished(store) == ["blobs/e", "other/blobs/d"]


@pytest.mark.parametrize("case", [(BATCH, 0), (BATCH + 3, 1)])
async def test_a_prefix_is_deleted_in_batches_or_one_by_one_where_those_are_refused(
    store: S3Store, location: S3Location, s3: S3, logged: Logged, case: tuple[int, int]
) -> None:
    (count, failures), bucket = case, location.bucket
    await asyncio.gather(*(store.put(f"renditions/a/{number}", SMALL) for number in range(count)))
    await store.put("renditions/ab/1", SMALL)
    await store.delete_prefix("renditions/a/")

    assert s3.objects(bucket) == ["our/place/renditions/ab/1"]
    assert [line["operation"] for line in logged] == ["delete_objects"] * failures


@pytest.mark.parametrize("error", [{"Code": "InternalError"}, {"Code": "InternalError", "Key": "a/1"}])
async def test_what_a_batch_left_is_deleted_one_by_one(
    store: S3Store, monkeypatch: pytest.MonkeyPatch, error: dict[str, str]
) -> None:
    for key in ("a/1", "a/2"):
        await store.put(key, b"x")
    call = store._call

    async def fail(operation: str, *key: str, **asked: Any) -> Any:
        if operation != "delete_objects":
            return await call(operation, *key, **asked)
        await call("delete_object", "a/2")
        return {"Errors": [error | ({"Key": store._prefix + error["Key"]} if "Key" in error else {})]}

    monkeypatch.setattr(store, "_call", fail)
    await store.delete_prefix("a/")

    assert [found async for found in store.list("a/")] == []


async def test_many_batches_are_deleted(
    store: S3Store, s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setattr(module, "_BATCH", 4)
    await asyncio.gather(*(store.put(f"renditions/a/{number}", SMALL) for number in range(9)))
    await store.delete_prefix("renditions/a/")

    assert s3.objects(bucket) == []
    assert logged == []


# --- what fails


async def everything(store: S3Store) -> list[BaseException | None]:
    """What each way to ask a store comes to."""

    async def attempt(what: Any) -> BaseException | None:
        try:
            await what
        except Exception as error:  # noqa: BLE001 - it is looked at
            return error
        return None

    async def as_file() -> None:
        async with store.as_file("blobs/key") as path:
            path.read_bytes()

    async def keys() -> None:
        assert [stored async for stored in store.list("blobs/")] == []

    asked = [store.put("blobs/key", SMALL), read(store, "blobs/key"), as_file(), keys()]
    asked += [store.delete_prefix("blobs/"), store.check()]
    return [await attempt(what) for what in asked]


def assert_unavailable(failures: list[BaseException | None], logged: Logged, reason: str) -> None:
    """All fail in our words, with the reason in the log, where there is no secret."""
    assert {type(error) for error in failures} == {StorageUnavailable}
    assert {str(error) for error in failures} == {"The server's storage does not answer; try again later."}
    assert {line["reason"] for line in logged} == {reason}
    assert not any(SECRET_KEY in str(line) for line in logged)


async def test_a_bucket_that_is_not_there(location: S3Location, scratch: Path, logged: Logged) -> None:
    async with open_s3(replace(location, bucket="not-there"), scratch) as store:
        failures = await everything(store)

    assert_unavailable(failures, logged, "NoSuchBucket")
    assert list(scratch.iterdir()) == []


async def test_credentials_that_are_wrong(
    location: S3Location, scratch: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY + "x")
    async with open_s3(location, scratch) as store:
        failures = await everything(store)
        assert_unavailable(failures, logged, "SignatureDoesNotMatch")
        with pytest.raises(StorageUnavailable):  # refused is not absent: what is not found is removed elsewhere
            await store.find("blobs/key")


async def test_credentials_that_are_missing(
    location: S3Location, scratch: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    async with open_s3(location, scratch) as store:
        assert_unavailable(await everything(store), logged, "NoCredentialsError")
        with pytest.raises(StorageUnavailable):
            await store.presign_put("uploads/key", 5, None, 60)


async def test_an_endpoint_that_is_away(location: S3Location, scratch: Path, logged: Logged) -> None:
    async with open_s3(replace(location, endpoint=f"http://127.0.0.1:{free_port()}"), scratch) as store:
        failures = await everything(store)

    assert_unavailable(failures, logged, "EndpointConnectionError")


async def test_an_endpoint_that_hangs_is_given_up(
    s3: S3, store: S3Store, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setattr(module, "_CALL_SECONDS", 0.5)
    started = time.monotonic()
    s3.freeze()
    try:
        failures = await everything(store)
    finally:
        s3.thaw()

    assert_unavailable(failures, logged, "TimeoutError")
    assert time.monotonic() - started < 10


async def test_a_connection_that_breaks_while_an_object_is_read(
    s3: S3, location: S3Location, store: S3Store, scratch: Path, logged: Logged
) -> None:
    await store.put("blobs/key", LARGE)
    async with open_relay(s3.ports["proxy"]) as relay:
        relay.down = 3 * 1024 * 1024
        async with open_s3(replace(location, endpoint=relay.url), scratch) as broken:
            with pytest.raises(StorageUnavailable):
                await read(broken, "blobs/key")
            with pytest.raises(StorageUnavailable):
                async with broken.as_file("blobs/key"):
                    pytest.fail("a file that is cut looks whole")

    assert [line["operation"] for line in logged] == ["read", "read"]
    assert list(scratch.iterdir()) == []


async def test_what_a_broken_connection_carried_is_sent_again(s3: S3, location: S3Location, scratch: Path) -> None:
    async with open_relay(s3.ports["proxy"]) as relay:
        relay.up = 0
        async with open_s3(replace(location, endpoint=relay.url), scratch) as store:
            putting = asyncio.create_task(store.put("blobs/key", SMALL))
            # (What speaks HTTP tries twice by itself.)
            await eventually(lambda: len(relay.connections) > 2 or putting.done())
            relay.up = None
            await putting
            assert await read(store, "blobs/key") == SMALL


async def test_a_file_that_is_read_is_gone_afterwards(store: S3Store, scratch: Path) -> None:
    await store.put("blobs/key", SMALL)
    with pytest.raises(RuntimeError):
        async with store.as_file("blobs/key") as path:
            assert path.read_bytes() == SMALL
            raise RuntimeError
    with pytest.raises(FileNotFoundError):
        async with store.as_file("blobs/none"):
            pytest.fail("there is no such object")

    assert list(scratch.iterdir()) == []


# --- presigned addresses


async def send(address: PutAddress, content: bytes, method: str = "PUT", **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, address.url, data=content, headers=headers) as answer,
    ):
        return answer.status


async def test_an_address_takes_a_file_of_the_very_size(store: S3Store) -> None:
    address = await store.presign_put("uploads/key", len(SMALL), None, 60)
    wrong = [await send(address, content) for content in (SMALL[1:], SMALL + b"x", b"")]
    wrong.append(await send(address, b"", "GET"))
    wrong.append(await send(replace(address, url=address.url.replace("uploads/key", "blobs/key")), SMALL))

    assert address.headers == {"Content-Length": str(len(SMALL))}
    assert wrong == [403] * 5
    assert await store.find("uploads/key") is None
    assert await send(address, SMALL) == 200
    assert await read(store, "uploads/key") == SMALL


async def test_the_digest_is_part_of_the_address(store: S3Store) -> None:
    address = await store.presign_put("uploads/key", len(SMALL), hashlib.sha256(SMALL).hexdigest(), 60)
    digest = address.headers["x-amz-checksum-sha256"]
    without = [await send(address, SMALL), await send(address, SMALL, **{"x-amz-checksum-sha256": "A" + digest[1:]})]

    assert without == [403, 403]
    assert await send(address, SMALL, **address.headers) == 200


async def test_an_address_is_good_for_its_time(store: S3Store) -> None:
    address = await store.presign_put("uploads/key", len(SMALL), None, 1)
    await asyncio.sleep(2.1)

    assert await send(address, SMALL) == 403


async def test_an_address_leads_to_the_endpoint_that_clients_reach(s3: S3, location: S3Location, scratch: Path) -> None:
    async with open_relay(s3.ports["proxy"]) as relay:
        outside = replace(location, public_endpoint=relay.url)
        async with open_s3(outside, scratch) as store:
            address = await store.presign_put("uploads/key", len(SMALL), None, 60)
            assert address.url.startswith(f"{relay.url}/{location.bucket}/our/place/uploads/key?")
            assert await send(address, SMALL) == 200
            relay.up = relay.down = 0
            assert await read(store, "uploads/key") == SMALL


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("s3://pictures/a?region=eu-central-1", "https://pictures.s3.eu-central-1.amazonaws.com/a/uploads/key?"),
        (
            "s3://pictures?region=eu-central-1&path_style=true",
            "https://s3.eu-central-1.amazonaws.com/pictures/uploads/key?",
        ),
        ("s3://pictures", "https://pictures.s3.amazonaws.com/uploads/key?"),
        ("s3://pictures?endpoint=https://minio", "https://minio/pictures/uploads/key?"),
        ("s3://pictures?endpoint=https://minio&path_style=false", "https://pictures.minio/uploads/key?"),
        ("s3://pictures?endpoint=https://h/storage/v1/s3", "https://h/storage/v1/s3/pictures/uploads/key?"),
    ],
)
async def test_where_a_bucket_is(url: str, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    async with open_s3(parse_s3_url(url), tmp_path) as store:
        address = await store.presign_put("uploads/key", 5, None, 60)

    assert address.url.startswith(start)
