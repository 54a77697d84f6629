"""The folder store: one file a key, made beside its place, synced and renamed, so that a crash leaves no half file."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from graphql_api.errors import full_disk_is_typed
from graphql_api.storage.blob_store import PutAddress, Stored

_PIECE = 256 * 1024
_BATCH = 500  # files looked at in one visit to a thread
_TRIES = 20


class LocalStore:
    """A BlobStore in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._parts = root / "parts"  # beside the keys: a prefix that is removed takes nothing unfinished with it
        self._parts.mkdir(parents=True, exist_ok=True)

    async def put(self, key: str, source: Path | bytes) -> Stored:
        """Link (or copy, across file systems) the file, or write the bytes, and rename that to its place."""
        return await asyncio.to_thread(self._put, key, source)

    def _put(self, key: str, source: Path | bytes) -> Stored:
        part, target = self._parts / uuid.uuid4().hex, self._path(key)
        with full_disk_is_typed():
            try:
                if isinstance(source, bytes):
                    part.write_bytes(source)
                else:
                    _link(source, part)
                    os.utime(part)
                _sync(part)
                stored = _stored(key, part)
                _rename(part, target)
            finally:
                part.unlink(missing_ok=True)
        return stored

    async def find(self, key: str) -> Stored | None:
        """Size and time of the file; a file of no bytes is what a power cut can leave, and counts as none.

        Not in a thread: the way there takes twenty times as long as the look.
        """
        try:
            found = _stored(key, self._path(key))
        except FileNotFoundError:
            return None
        return found if found.size else None

    async def touch(self, key: str) -> None:
        """Set the file's time to now."""
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(os.utime, self._path(key))

    async def read(self, key: str, start: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        """The file in pieces of 256 KiB; an open file stays readable when it is deleted meanwhile."""
        path = self._path(key)
        if size is not None and size <= _PIECE:
            # The usual rendition: opened, read and closed in one visit to a thread.
            yield await asyncio.to_thread(_read, path, start, size)
            return
        # Opened here, not in a thread: who is cancelled while a thread opens it would leave it open.
        with _open(path, start) as file:
            left = size
            while left is None or left > 0:
                piece = await asyncio.to_thread(file.read, _PIECE if left is None else min(_PIECE, left))
                if not piece:
                    return
                yield piece
                left = None if left is None else left - len(piece)

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """The file itself."""
        yield self._path(key)

    async def delete(self, key: str) -> None:
        """Remove the file, and its folder when it was the last in it."""
        await asyncio.to_thread(self._delete, self._path(key))

    def _delete(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or gone already
            path.parent.rmdir()

    async def delete_prefix(self, prefix: str) -> None:
        """Remove the folder that the prefix is."""
        await asyncio.to_thread(shutil.rmtree, self._path(prefix.rstrip("/")), ignore_errors=True)

    async def list(self, prefix: str) -> AsyncIterator[Stored]:
        """Walk the folder, a batch at a time in a thread; what is only just being written is not there yet."""
        found = self._walk(prefix)
        while batch := await asyncio.to_thread(lambda: list(itertools.islice(found, _BATCH))):
            for stored in batch:
                yield stored

    def _walk(self, prefix: str) -> Iterator[Stored]:
        for path in _files(self._path(prefix.rstrip("/"))):
            with contextlib.suppress(FileNotFoundError):
                yield _stored(path.relative_to(self._root).as_posix(), path)

    async def sweep(self, before: dt.datetime) -> None:
        """Remove old files that were never renamed to their place."""
        await asyncio.to_thread(self._sweep, before.timestamp())

    def _sweep(self, before: float) -> None:
        for path in _files(self._parts):
            with contextlib.suppress(FileNotFoundError):
                # By the time of its own making: as a link it has the times of the file that it was made from.
                if path.stat().st_ctime < before:
                    path.unlink()

    async def check(self) -> None:
        """Write and remove a small file."""
        await asyncio.to_thread(self._check)

    def _check(self) -> None:
        probe = self._parts / f"check.{uuid.uuid4().hex}"
        try:
            probe.write_bytes(b"tintype")
        finally:
            probe.unlink(missing_ok=True)

    async def presign_put(self, key: str, size: int, sha256: str | None, seconds: int) -> PutAddress | None:
        """A folder has no door of its own."""

    def _path(self, key: str) -> Path:
        """The file of a key. Keys are made by us alone; one that leaves the folder is a bug, and stopped here."""
        path = self._root / key
        if ".." in path.parts or key.startswith("/"):
            raise ValueError(key)
        return path


def _link(path: Path, part: Path) -> None:
    """A hard link costs nothing; where the file system has none, the bytes are copied."""
    try:
        os.link(path, part)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, part)


def _rename(part: Path, target: Path) -> None:
    """Move to the place, whose folder may be new, or be removed with a prefix at this very moment."""
    for _ in range(_TRIES):
        try:
            part.replace(target)
            break
        except FileNotFoundError:
            _make_folder(target.parent)
    else:
        raise OSError(f"{target} has no folder that stays")
    with contextlib.suppress(FileNotFoundError):  # removed since: then there is nothing to keep
        _sync(target.parent)


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, each entry on the disk before what is put below it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    """Have the operating system write this file or folder to the disk now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _open(path: Path, start: int) -> BinaryIO:
    file = path.open("rb")
    file.seek(start)
    return file


def _stored(key: str, path: Path) -> Stored:
    status = path.stat()
    return Stored(key, status.st_size, dt.datetime.fromtimestamp(status.st_mtime, dt.UTC))


def _files(folder: Path) -> Iterator[Path]:
    """All files below the folder. Folders may vanish meanwhile, which `os.walk` survives and `rglob` does not."""
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)
