"""Renditions: planned without a pixel, made once, kept, served from then on; one render a key, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from graphql_api.domain.account import Principal
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import Media, Original
from graphql_api.domain.overlay import Layer
from graphql_api.domain.rendition import Rendition, StoredRendition
from graphql_api.domain.transform import IDENTITY, Transform
from graphql_api.errors import InvalidInput, NotConfigured, NotFound, TintypeError
from graphql_api.imaging import abilities
from graphql_api.imaging.jobs import Render
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services.library import Library
from graphql_api.services.spool import Spool
from graphql_api.storage.blob_store import BlobStore, blob_key, rendition_key


@dataclass(frozen=True, slots=True)
class Asked:
    """A transform in the language of its surface: `strict` ones refuse what others ignore."""

    transform: Transform
    preset: str | None = None
    accepted: Sequence[Format] = ()
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Renderer:
    """Plans, makes and keeps renditions."""

    store: BlobStore
    imaging: ImagingPool
    spool: Spool
    library: Library
    limits: PictureLimits
    flights: dict[str, asyncio.Task[StoredRendition]]

    # --- planning

    async def plan(self, principal: Principal, media: Media, asked: Asked) -> Rendition:
        """Settle what is asked for this media. TooLarge; when strict also InvalidInput and NotConfigured."""
        transform = asked.transform
        layers = await self._layers(principal, transform)
        if asked.strict:
            _refuse_ignored(transform, media.original, layers)
        if not abilities.sees():
            transform = _without_segments(transform)
        recipe = transform.settle(media.original, accepted=asked.accepted, layers=layers, limits=self.limits)
        return Rendition(media, recipe, asked.transform, asked.preset)

    async def _layers(self, principal: Principal, transform: Transform) -> Mapping[str, Layer]:
        """The content of overlays by uid, as far as the caller may see it."""
        layers = {}
        for uid in transform.overlay_uids:
            try:
                media = await self.library.get_by_uid(principal, uid)
            except NotFound:
                continue
            if media.original.transformable:
                layers[uid] = Layer(media.sha256, media.original)
        return layers

    # --- making

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
        media, recipe = rendition.media, rendition.recipe
        async with self.spool.path() as target, AsyncExitStack() as stack:
            try:
                path = await stack.enter_async_context(self.store.as_file(blob_key(media.sha256)))
                layers: dict[str, Path] = {}
                for layer in recipe.layers:
                    layers[layer.sha256] = await stack.enter_async_context(self.store.as_file(blob_key(layer.sha256)))
            except FileNotFoundError as error:
                raise TintypeError("The original of this media is missing.") from error
            await self.imaging.render(Render(path, media.original, recipe, target, self.limits, layers))
            stored = await self.store.put(key, target)
        if await self.store.find(blob_key(media.sha256)) is None:
            # The last media of these bytes was deleted meanwhile, and its renditions with it, but for this one.
            await self.store.delete(key)
            raise NotFound("There is no such media.")
        return StoredRendition(key, stored.size)

    def read(self, stored: StoredRendition, start: int, size: int) -> AsyncIterator[bytes]:
        """A part of a stored rendition."""
        return self.store.read(stored.key, start, size)


def _refuse_ignored(transform: Transform, original: Original, layers: Mapping[str, Layer]) -> None:
    """Refuse what a forgiving surface would leave out."""
    if not original.transformable and transform != IDENTITY:
        raise InvalidInput("transform", "This drawing cannot be turned into pixels; it is served as it is.")
    if missing := [uid for uid in transform.overlay_uids if uid not in layers]:
        raise InvalidInput("overlays", f"There is no media '{missing[0]}' that could be put on top.")
    if transform.stages:
        first, source = transform.stages[0], Size(original.width, original.height)
        if first.crop is not None and first.crop.inside(source) is None:
            raise InvalidInput("crop", f"'crop' lies outside of the {source.width} x {source.height} pixels.")
    if any(stage.segment for stage in transform.stages) and not abilities.sees():
        raise NotConfigured("This server was installed without the means to cut a foreground out.")


def _without_segments(transform: Transform) -> Transform:
    return replace(transform, stages=tuple(replace(stage, segment=False) for stage in transform.stages))
