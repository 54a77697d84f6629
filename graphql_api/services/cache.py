"""What was rendered, bounded: in the store by bytes, what was longest not asked for goes first; the hottest in memory.

Several processes may keep one store: each counts what it writes, and looks at what is there before it removes any.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog

from graphql_api.domain.rendition import StoredRendition
from graphql_api.storage.blob_store import RENDITIONS, BlobStore, Stored

_HOT_BYTES = 64 * 1024  # a rendition above this is read from the store each time
_TOUCH = dt.timedelta(hours=1)  # how exactly it is known when something was last asked for
_LOOK_AGAIN = 20  # the share of the limit that may be written before the store is counted anew
_ROOM = 0.9  # what is left after a clearing, so that not every write clears

log = structlog.get_logger(__name__)


class RenditionCache:
    """Renditions and proofs by key."""

    def __init__(self, store: BlobStore, *, max_bytes: int, hot_bytes: int, clock: Callable[[], dt.datetime]) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._hot_bytes = hot_bytes
        self._clock = clock
        self._hot: OrderedDict[str, bytes] = OrderedDict()
        self._hot_size = 0
        self._writing: dict[str, bytes] = {}
        self._written = 0
        self._clearing: asyncio.Task[int] | None = None

    async def find(self, key: str) -> StoredRendition | None:
        """What is there under the key, or None."""
        if (content := self._hot.get(key)) is not None:
            self._hot.move_to_end(key)
            return StoredRendition(key, len(content), content)
        if (content := self._writing.get(key)) is not None:
            return StoredRendition(key, len(content), content)
        if (stored := await self._store.find(key)) is None:
            return None
        if stored.modified < self._clock() - _TOUCH:
            await self._store.touch(key)
        return StoredRendition(key, stored.size)

    async def put(self, key: str, made: Path | bytes) -> StoredRendition:
        """Keep the file, or the bytes, under the key; bytes are found from now on. StorageFull."""
        if isinstance(made, bytes):
            self._writing[key] = made
        try:
            stored = await self._store.put(key, made)
        finally:
            self._writing.pop(key, None)
        self._written += stored.size
        if self._max_bytes and self._written > self._max_bytes / _LOOK_AGAIN and self._clearing is None:
            self._clearing = asyncio.create_task(self.clear())
            self._clearing.add_done_callback(self._cleared)
        return StoredRendition(key, stored.size)

    async def read(self, stored: StoredRendition, start: int, size: int) -> AsyncIterator[bytes]:
        """A part of what is stored. FileNotFoundError when it was removed meanwhile."""
        if stored.content is not None:
            yield stored.content[start : start + size]
            return
        if stored.size <= _HOT_BYTES:
            content = b"".join([piece async for piece in self._store.read(stored.key, 0, stored.size)])
            self.heat(stored.key, content)
            yield content[start : start + size]
            return
        async for piece in self._store.read(stored.key, start, size):
            yield piece

    def heat(self, key: str, content: bytes) -> None:
        """Keep it in memory if it is small, and let go what was longest not asked for."""
        if len(content) > _HOT_BYTES:
            return
        self._hot_size += len(content) - len(self._hot.pop(key, b""))
        self._hot[key] = content
        while self._hot_size > self._hot_bytes:
            _, oldest = self._hot.popitem(last=False)
            self._hot_size -= len(oldest)

    async def delete(self, key: str) -> None:
        """Forget one."""
        self._writing.pop(key, None)
        self._hot_size -= len(self._hot.pop(key, b""))
        await self._store.delete(key)

    async def purge(self, prefix: str) -> None:
        """Forget all below a prefix that ends in a slash."""
        self._writing = {key: content for key, content in self._writing.items() if not key.startswith(prefix)}
        for key in [key for key in self._hot if key.startswith(prefix)]:
            self._hot_size -= len(self._hot.pop(key))
        await self._store.delete_prefix(prefix)

    async def clear(self) -> int:
        """Make room if the limit is passed; returns how many were removed."""
        self._written = 0
        if not self._max_bytes:
            return 0
        found = [stored async for stored in self._store.list(RENDITIONS)]
        total = sum(stored.size for stored in found)
        removed = 0
        for stored in _oldest_first(found):
            if total <= self._max_bytes * (_ROOM if removed else 1):
                break
            await self._store.delete(stored.key)
            total -= stored.size
            removed += 1
        return removed

    def _cleared(self, task: asyncio.Task[int]) -> None:
        self._clearing = None
        if task.cancelled():
            return
        if error := task.exception():
            log.error("cache_not_cleared", exc_info=error)
        elif removed := task.result():
            log.info("cache_cleared", removed=removed)

    async def close(self) -> None:
        """Stop what is under way."""
        if self._clearing is not None:
            self._clearing.cancel()
            await asyncio.gather(self._clearing, return_exceptions=True)


def _oldest_first(found: list[Stored]) -> list[Stored]:
    return sorted(found, key=lambda stored: stored.modified)
