"""The rendition cache: bounded by bytes in the store, by bytes in memory, and right when keys vanish meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from pathlib import Path
from typing import cast

import pytest

from graphql_api.imaging.pool import ImagingPool
from graphql_api.services.cache import RenditionCache
from graphql_api.storage.blob_store import Stored
from graphql_api.storage.local import LocalStore
from tests import pictures
from tests.conftest import make_settings, run_app
from tests.people import eventually

NOW = dt.datetime.now(dt.UTC)


class Shelf:
    """A cache of 100 KB on a folder."""

    def __init__(self, folder: Path, *, max_bytes: int = 100_000, hot_bytes: int = 10_000) -> None:
        self.folder = folder
        self.store = LocalStore(folder / "media")
        self.cache = RenditionCache(self.store, max_bytes=max_bytes, hot_bytes=hot_bytes, clock=lambda: NOW)

    async def put(self, key: str, size: int, *, hours_ago: float = 0, uncounted: bool = False) -> None:
        """Keep so many bytes; `uncounted` as another process would."""
        path = self.folder / key.replace("/", "-")
        path.write_bytes(key.encode() * (size // len(key) + 1))
        os.truncate(path, size)
        await (self.store.put(key, path) if uncounted else self.cache.put(key, path))
        moment = (NOW - dt.timedelta(hours=hours_ago)).timestamp()
        os.utime(self.folder / "media" / key, (moment, moment))

    async def read(self, key: str) -> bytes | None:
        stored = await self.cache.find(key)
        return b"".join([piece async for piece in self.cache.read(stored, 0, stored.size)]) if stored else None

    def kept(self) -> set[str]:
        root = self.folder / "media" / "renditions"
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def bytes(self) -> int:
        return 9_000 * len(self.kept())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def test_what_is_longest_unused_goes_first(shelf: Shelf) -> None:
    for age in range(12):
        await shelf.put(f"renditions/a/{age:02}", 10_000, hours_ago=age, uncounted=True)

    removed = await shelf.cache.clear()
    assert removed == 3
    assert shelf.kept() == {f"a/{age:02}" for age in range(9)}
    assert await shelf.cache.clear() == 0


async def test_what_is_asked_for_counts_as_used(shelf: Shelf) -> None:
    for age in range(12):
        await shelf.put(f"renditions/a/{age:02}", 10_000, hours_ago=age, uncounted=True)
    assert await shelf.cache.find("renditions/a/11")

    await shelf.cache.clear()
    assert "a/11" in shelf.kept()
    assert "a/10" not in shelf.kept()


async def test_writing_makes_room_by_itself(shelf: Shelf) -> None:
    for number in range(40):
        await shelf.put(f"renditions/a/{number:02}", 9_000, hours_ago=100 - number)
        await asyncio.sleep(0)
    await eventually(lambda: shelf.bytes() <= 110_000)
    await shelf.put("renditions/a/last", 9_000)
    await eventually(lambda: shelf.bytes() <= 110_000)

    assert "a/last" in shelf.kept()
    await shelf.cache.close()


async def test_a_limit_of_nothing_keeps_all(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, max_bytes=0)
    for number in range(20):
        await shelf.put(f"renditions/a/{number}", 50_000)

    assert await shelf.cache.clear() == 0
    assert len(shelf.kept()) == 20


async def test_the_hottest_are_in_memory_and_bounded(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, max_bytes=0)  # or the large one may be cleared away meanwhile: all are of one age
    for number in range(5):
        await shelf.put(f"renditions/a/{number}", 3_000)
        await shelf.read(f"renditions/a/{number}")
    await shelf.put("renditions/a/large", 90_000)
    await shelf.read("renditions/a/large")
    for path in (shelf.folder / "media" / "renditions").rglob("*"):
        if path.is_file():
            path.unlink()

    assert [await shelf.read(f"renditions/a/{number}") is not None for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert await shelf.read("renditions/a/large") is None


async def test_what_is_purged_is_gone_from_memory_too(shelf: Shelf) -> None:
    for key in ("renditions/a/1", "renditions/a/2", "renditions/b/1"):
        await shelf.put(key, 1_000)
        await shelf.read(key)
    await shelf.cache.purge("renditions/a/")

    assert [await shelf.read(key) is not None for key in ("renditions/a/1", "renditions/a/2", "renditions/b/1")] == [
        False,
        False,
        True,
    ]
    await shelf.cache.delete("renditions/b/1")
    assert await shelf.read("renditions/b/1") is None
    assert not (shelf.folder / "media" / "renditions" / "b").exists()


async def test_what_is_being_written_is_found(
    tmp_path: Path, imaging: ImagingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, put = asyncio.Event(), LocalStore.put

    async def put_later(store: LocalStore, key: str, content: Path | bytes) -> Stored:
        if key.startswith("renditions/"):
            await may_write.wait()
        return await put(store, key, content)

    monkeypatch.setattr(LocalStore, "put", put_later)
    async with run_app(make_settings(tmp_path), imaging) as client:
        made = await client.uploaded(pictures.png(900, 700))

        async def known() -> int | None:
            asked = (
                "query ($id: ID!) { node(id: $id) { ... on Media { rendition(transform: {width: 800}) { bytes } } } }"
            )
            rendition = (await client.data(asked, {"id": made["id"]}))["node"]["rendition"]
            return cast("int | None", rendition["bytes"])

        assert await known() is None
        answer = await client.get(made["url"] + "?w=800", key=None)
        assert await known() == len(answer.body) > 64 * 1024
        may_write.set()
        (kept,) = await client.renditions()
        assert await known() == kept.stat().st_size


async def test_what_had_to_make_room_is_made_anew(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, hot_renditions_mb=0), imaging) as client:
        made = await client.uploaded(pictures.png(900, 700))
        first = await client.get(made["url"] + "?w=800", key=None)
        for path in await client.renditions():
            path.unlink()
        again = await client.get(made["url"] + "?w=800", key=None)

    assert (again.status, again.headers["ETag"]) == (200, first.headers["ETag"])
    assert again.body == first.body


async def test_a_proof_is_made_once_for_many_sizes(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path), imaging) as client:
        made = await client.uploaded(pictures.encode(pictures.photo(2400, 2000), "PNG", compress_level=1))
        answers = await asyncio.gather(*(client.get(f"{made['url']}?w={width}", key=None) for width in range(100, 110)))
        kept = [path.name for path in await client.renditions()]
        purged = await client.data(
            "mutation ($id: ID!) { purgeRenditions(input: {id: $id}) { media { uid } errors { code } } }",
            {"id": made["id"]},
        )
        left = await client.renditions()
        again = await client.get(f"{made['url']}?w=100", key=None)

    assert [pictures.decode(answer.body).width for answer in answers] == list(range(100, 110))
    assert len(kept) == 11
    assert len([name for name in kept if name.startswith("proof")]) == 1
    assert purged["purgeRenditions"] == {"media": {"uid": made["uid"]}, "errors": []}
    assert left == []
    assert again.body == answers[0].body


async def test_strangers_purge_nothing(tmp_path: Path, imaging: ImagingPool) -> None:
    purge = "mutation ($id: ID!) { purgeRenditions(input: {id: $id}) { media { uid } errors { code } } }"
    async with run_app(make_settings(tmp_path), imaging) as client:
        made = await client.uploaded(pictures.jpeg())
        await client.get(made["url"], key=None)
        answer = await client.data(purge, {"id": made["id"]}, key="second")
        refused = await client.graphql(purge, {"id": made["id"]}, key="reader")
        kept = await client.renditions()

    assert answer["purgeRenditions"]["errors"] == [{"code": "NOT_FOUND"}]
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert len(kept) == 1
