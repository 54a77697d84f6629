"""The contract of every BlobStore, in a folder and in a bucket; what a folder adds: crashes, links, full disks."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graphql_api.errors import StorageFull
from graphql_api.storage.blob_store import BlobStore
from graphql_api.storage.local import LocalStore
from graphql_api.storage.s3 import open_s3
from graphql_api.storage.s3_url import parse_s3_url

CONTENT = bytes(range(256)) * 4096  # 1 MiB: more than one piece


@pytest.fixture(params=["folder", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobStore]:
    if request.param == "folder":
        yield LocalStore(tmp_path / "media")
        return
    s3, bucket = request.getfixturevalue("s3"), request.getfixturevalue("bucket")
    async with open_s3(parse_s3_url(s3.url(bucket, "some/where")), tmp_path) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(CONTENT)
    return path


async def read(store: BlobStore, key: str, start: int = 0, size: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, size)])


async def test_what_is_put_is_found_read_and_deleted(store: BlobStore, file: Path) -> None:
    await store.put("a/b/c", file)
    found = await store.find("a/b/c")

    assert found
    assert found.size == len(CONTENT)
    assert abs((found.modified - dt.datetime.now(dt.UTC)).total_seconds()) < 10
    assert await read(store, "a/b/c") == CONTENT
    await store.delete("a/b/c")
    await store.delete("a/b/c")
    assert await store.find("a/b/c") is None


@pytest.mark.parametrize(
    ("start", "size"), [(0, 10), (250_000, 20_000), (1_048_570, 100), (5, None), (0, 0), (2_000_000, 5)]
)
async def test_ranges_are_exact(store: BlobStore, file: Path, start: int, size: int | None) -> None:
    await store.put("key", file)

    assert await read(store, "key", start, size) == CONTENT[start : None if size is None else start + size]


async def test_what_is_not_there_is_not_found(store: BlobStore) -> None:
    assert await store.find("no/such") is None
    with pytest.raises(FileNotFoundError):
        await read(store, "no/such")
    with pytest.raises(FileNotFoundError):
        async with store.as_file("no/such") as path:
            path.read_bytes()


async def test_a_key_as_a_file_has_its_bytes(store: BlobStore, file: Path) -> None:
    await store.put("key", file)
    async with store.as_file("key") as path:
        assert path.read_bytes() == CONTENT


async def test_bytes_are_kept_as_files_are(store: BlobStore) -> None:
    stored = await store.put("a/b/key", CONTENT)

    assert (stored.key, stored.size) == ("a/b/key", len(CONTENT))
    assert await read(store, "a/b/key") == CONTENT
    found = await store.find("a/b/key")
    assert found
    assert (found.key, found.size) == (stored.key, stored.size)
    assert abs((found.modified - stored.modified).total_seconds()) < 10


async def test_putting_again_refreshes_and_replaces(store: BlobStore, file: Path, tmp_path: Path) -> None:
    await store.put("key", file)
    other = tmp_path / "other"
    other.write_bytes(b"new")
    await store.put("key", other)

    assert await read(store, "key") == b"new"


async def test_a_prefix_goes_with_all_below_it_and_nothing_else(store: BlobStore, file: Path) -> None:
    for key in ("r/one/a", "r/one/b", "r/one2/a"):
        await store.put(key, file)
    await store.delete_prefix("r/one/")

    assert [stored.key async for stored in store.list("r/")] == ["r/one2/a"]
    await store.delete_prefix("nothing/")
    assert [stored async for stored in store.list("nothing/")] == []


async def test_many_who_put_the_same_key_leave_one_whole_file(store: BlobStore, file: Path) -> None:
    await asyncio.gather(*(store.put("deep/er/key", file) for _ in range(20)))

    assert await read(store, "deep/er/key") == CONTENT
    assert len([stored async for stored in store.list("deep/")]) == 1


async def test_the_original_file_may_go_once_it_is_put(store: BlobStore, file: Path) -> None:
    await store.put("key", file)
    file.unlink()

    assert await read(store, "key") == CONTENT


async def test_a_file_that_is_read_may_be_deleted_meanwhile(store: BlobStore, file: Path) -> None:
    await store.put("key", file)
    pieces = store.read("key")
    first = await anext(aiter(pieces))
    await store.delete("key")

    assert first + b"".join([piece async for piece in pieces]) == CONTENT


async def test_a_key_that_is_touched_counts_as_new(store: BlobStore, file: Path) -> None:
    await store.put("a/key", file)
    await asyncio.sleep(1.1)  # a bucket knows whole seconds
    before = await store.find("a/key")
    await store.touch("a/key")
    after = await store.find("a/key")
    await store.touch("a/none")

    assert before
    assert after
    assert after.modified > before.modified
    assert await read(store, "a/key") == CONTENT
    assert await store.find("a/none") is None


async def test_a_check_leaves_nothing(store: BlobStore) -> None:
    await store.check()

    assert [stored async for stored in store.list("")] == []


async def test_a_list_has_everything_once(store: BlobStore, file: Path) -> None:
    keys = {f"r/{number % 3}/{number}" for number in range(17)}
    for key in keys:
        await store.put(key, file)
    found = [stored async for stored in store.list("r/")]

    assert sorted(stored.key for stored in found) == sorted(keys)
    assert {stored.size for stored in found} == {len(CONTENT)}


async def test_what_a_power_cut_leaves_empty_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "key").touch()

    assert await LocalStore(tmp_path).find("key") is None


async def test_folders_may_vanish_while_they_are_walked(tmp_path: Path, file: Path) -> None:
    store = LocalStore(tmp_path / "media")

    async def fill() -> None:
        for number in range(60):
            await store.put(f"r/{number}/key", file)

    async def empty() -> None:
        for number in range(60):
            await store.delete_prefix(f"r/{number}/")
            await store.sweep(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))

    async def walk() -> None:
        for _ in range(60):
            assert {stored.size async for stored in store.list("r/")} <= {len(CONTENT)}

    await asyncio.gather(fill(), empty(), walk(), fill(), empty())


async def test_unfinished_files_are_not_listed_and_swept_when_they_are_old(tmp_path: Path, file: Path) -> None:
    store = LocalStore(tmp_path / "media")
    await store.put("a/key", file)
    half = tmp_path / "media" / "parts" / "0123"
    half.write_bytes(b"half")

    assert [stored.key async for stored in store.list("a/")] == ["a/key"]
    await store.sweep(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    assert half.exists()
    await store.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1))
    assert not half.exists()
    assert await read(store, "a/key") == CONTENT


@pytest.mark.parametrize("key", ["../up", "a/../../up", "/etc/passwd"])
async def test_no_key_leaves_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match=r"passwd|up"):
        await LocalStore(tmp_path).find(key)


async def test_another_file_system_is_copied_to(tmp_path: Path) -> None:
    other = Path("/dev/shm") / f"tintype-{os.getpid()}"
    if not other.parent.is_dir() or other.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    other.write_bytes(CONTENT)
    try:
        store = LocalStore(tmp_path)
        await store.put("key", other)
        assert await read(store, "key") == CONTENT
    finally:
        other.unlink()


async def test_a_full_disk_is_typed_and_leaves_nothing(small_disk: Path, tmp_path: Path) -> None:
    store = LocalStore(small_disk)
    big = tmp_path / "big"
    big.write_bytes(b"x" * 7 * 1024 * 1024)

    with pytest.raises(StorageFull):
        await store.put("a/key", big)

    assert await store.find("a/key") is None
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
