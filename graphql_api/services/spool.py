"""Where bytes wait between their arrival and their place: files that are hashed while they are written.

Pieces are gathered into blocks which another thread writes and hashes: memory stays at a block an upload, whatever its
size, and the event loop stays free.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from graphql_api.domain.format import HEAD_BYTES
from graphql_api.domain.media import Upload
from graphql_api.domain.plan import MIB
from graphql_api.errors import InvalidInput, TooLarge, full_disk_is_typed

_BLOCK = MIB
_STALE_SECONDS = 6 * 3600  # no request lasts that long: its process is gone


class Spool:
    """A folder of files that live as long as a request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @asynccontextmanager
    async def path(self) -> AsyncIterator[Path]:
        """A name for a file that may be made, and is removed at the end."""
        path = self.folder / uuid.uuid4().hex
        try:
            yield path
        finally:
            if path.exists():  # most renditions come without one
                await asyncio.to_thread(path.unlink, missing_ok=True)

    @asynccontextmanager
    async def fill(
        self, pieces: AsyncIterable[bytes], *, limit: int, field: str, filename: str | None = None
    ) -> AsyncIterator[Upload]:
        """All pieces in a file. Naming `field`: TooLarge past `limit` bytes, InvalidInput for none. StorageFull."""
        async with self.path() as path:
            with full_disk_is_typed(), await asyncio.to_thread(path.open, "wb") as file:
                writer = _Writer(file)
                async for piece in pieces:
                    if writer.size + len(piece) > limit:
                        raise TooLarge(field, f"The file has more than {limit} bytes ({limit / MIB:g} MiB).")
                    await writer.add(piece)
                await writer.flush()
            if not writer.size:
                raise InvalidInput(field, "The file is empty.")
            yield Upload(path, writer.size, writer.hash.hexdigest(), writer.head, filename)

    async def measure(self, path: Path, filename: str | None) -> Upload:
        """An upload that is this file as it lies there."""
        return await asyncio.to_thread(_measure, path, filename)

    async def sweep(self) -> int:
        """Remove what crashed processes have left; returns how many."""
        return await asyncio.to_thread(self._sweep, time.time() - _STALE_SECONDS)

    def _sweep(self, before: float) -> int:
        stale = [entry for entry in os.scandir(self.folder) if _modified(entry) < before]
        for entry in stale:
            if entry.is_dir():
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)
        return len(stale)


def _measure(path: Path, filename: str | None) -> Upload:
    content = path.read_bytes()
    return Upload(path, len(content), hashlib.sha256(content).hexdigest(), content[:HEAD_BYTES], filename)


def _modified(entry: os.DirEntry[str]) -> float:
    """When it was last changed; now, for what is gone already."""
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return time.time()


class _Writer:
    """Gathers pieces, writes and hashes blocks."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self.head = b""
        self.hash = hashlib.sha256()
        self._file = file
        self._block = bytearray()

    async def add(self, piece: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + piece)[:HEAD_BYTES]
        self.size += len(piece)
        self._block += piece
        if len(self._block) >= _BLOCK:
            await self.flush()

    async def flush(self) -> None:
        block, self._block = self._block, bytearray()
        await asyncio.to_thread(self._write, block)

    def _write(self, block: bytearray) -> None:
        self._file.write(block)
        self._file.flush()
        self.hash.update(block)
