"""Original bytes with their row: kept once for any number of media, removed with the last.

The row of `blob` is the lock. Who wants the bytes to stay raises its count first and then looks whether they are still
there; who removes bytes does so while holding the row at zero. So no media is ever without its bytes, whatever crashes
and whoever runs at the same time; what a crash leaves over, `sweep` finds.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator

import structlog

from graphql_api.db import blobs
from graphql_api.db.database import transaction
from graphql_api.domain.media import Upload
from graphql_api.domain.traits import Probed
from graphql_api.errors import StorageUnavailable
from graphql_api.storage.blob_store import BLOBS, RENDITIONS, BlobStore, blob_key, renditions_prefix

log = structlog.get_logger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SWEEP_AGE = dt.timedelta(hours=6)  # younger bytes may belong to an upload whose row is still to come
_SWEEP_BATCH = 500


class Originals:
    """The originals in the store."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    async def put(self, upload: Upload) -> None:
        """Bring the bytes to their place; without a `hold` they are swept one day."""
        await self._store.put(blob_key(upload.sha256), upload.path)

    async def hold(self, upload: Upload, probed: Probed) -> None:
        """Count one more media, and keep what is known of the bytes. To be called in the transaction that writes it."""
        await blobs.add_reference(upload.sha256, upload.size, probed)
        if await self._store.find(blob_key(upload.sha256)) is None:
            # They were removed between `put` and here, because the last media that had them was deleted just then.
            await self.put(upload)

    async def discard(self, sha256: str) -> None:
        """Remove bytes that were `put` in vain, unless a media has them; who is about to hold them puts them again."""
        await blobs.adopt(sha256)
        await self.remove(sha256)

    async def release(self, sha256: str) -> None:
        """Count one media less. To be called in the transaction that deletes the media; `remove` follows it."""
        await blobs.drop_reference(sha256)

    async def remove(self, sha256: str) -> None:
        """Remove bytes and renditions, if nothing points at them."""
        async with transaction():
            removed = await blobs.delete_unreferenced(sha256)
            if removed:
                await self._store.delete(blob_key(sha256))
        if removed:
            # Outside: there may be many, and an upload of the same bytes that comes meanwhile only renders anew.
            await self._store.delete_prefix(renditions_prefix(sha256))

    async def sweep(self, now: dt.datetime) -> int:
        """Remove what crashes have left: rows without media, bytes without a row. Returns how many originals."""
        await self._store.sweep(now - _SWEEP_AGE)
        async for unknown in self._unknown(BLOBS, now):
            await blobs.adopt(unknown)
        async for unknown in self._unknown(RENDITIONS, now):
            await self._store.delete_prefix(renditions_prefix(unknown))
        removed, last = 0, ""
        while batch := await blobs.unreferenced(after=last, limit=_SWEEP_BATCH):
            removed += sum([await self._try_remove(sha256) for sha256 in batch])
            last = batch[-1]
        return removed

    async def _try_remove(self, sha256: str) -> bool:
        """Remove one; a file that does not go must not keep the others."""
        try:
            await self.remove(sha256)
        except (OSError, StorageUnavailable):
            log.exception("original_not_removed", sha256=sha256)
            return False
        return True

    async def _unknown(self, prefix: str, now: dt.datetime) -> AsyncIterator[str]:
        """The digests in old keys below the prefix that have no row."""
        digests: set[str] = set()
        async for stored in self._store.list(prefix):
            found = _SHA256.search(stored.key)
            if found and stored.modified < now - _SWEEP_AGE:
                digests.add(found[0])
            if len(digests) >= _SWEEP_BATCH:
                for digest in digests - await blobs.known(digests):
                    yield digest
                digests.clear()
        for digest in digests - await blobs.known(digests):
            yield digest
