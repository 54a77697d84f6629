"""Renditions: made once, kept, served from then on. However many ask at the same time, one render runs per key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from graphql_api.domain.rendition import Rendition, StoredRendition
from graphql_api.errors import NotFound, TintypeError
from graphql_api.imaging.jobs import Render
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services.spool import Spool
from graphql_api.storage.blob_store import BlobStore, blob_key, rendition_key


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes and keeps renditions."""

    store: BlobStore
    imaging: ImagingPool
    spool: Spool
    flights: dict[str, asyncio.Task[StoredRendition]]

    async def render(self, rendition: Rendition) -> StoredRendition:
        """The rendition in the store, made now if it is not there. Overloaded, StorageFull, TooLarge."""
        key = rendition_key(rendition.media.sha256, rendition.recipe.key)
        if stored := await self.store.find(key):
            return StoredRendition(key, stored.size)
        flight = self.flights.get(key)
        if flight is None:
            flight = self.flights[key] = asyncio.create_task(self._make(key, rendition))
            flight.add_done_callback(lambda task: self._land(key, task))
        # One caller who hangs up must not take the picture from the others.
        return await asyncio.shield(flight)

    def _land(self, key: str, task: asyncio.Task[StoredRendition]) -> None:
        del self.flights[key]
        if not task.cancelled():
            task.exception()  # read here too, for when every caller has hung up

    async def _make(self, key: str, rendition: Rendition) -> StoredRendition:
        media = rendition.media
        async with self.spool.path() as target:
            try:
                async with self.store.as_file(blob_key(media.sha256)) as path:
                    await self.imaging.render(Render(path, media.original, rendition.recipe, target))
            except FileNotFoundError as error:
                raise TintypeError("The original of this media is missing.") from error
            stored = await self.store.put(key, target)
        if await self.store.find(blob_key(media.sha256)) is None:
            # The last media of these bytes was deleted meanwhile, and its renditions with it, but for this one.
            await self.store.delete(key)
            raise NotFound("There is no such media.")
        return StoredRendition(key, stored.size)

    def read(self, stored: StoredRendition, start: int, size: int) -> AsyncIterator[bytes]:
        """A part of a stored rendition."""
        return self.store.read(stored.key, start, size)
