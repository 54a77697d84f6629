"""Renditions: planned without a pixel, made once, kept, served from then on; one render a key, however many ask."""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from graphql_api.db import blobs
from graphql_api.domain.account import Principal
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Box, Size
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import FocalPoint, Media, Original
from graphql_api.domain.output import Metadata
from graphql_api.domain.overlay import Layer
from graphql_api.domain.preset import Preset, with_preset
from graphql_api.domain.proof import serves, serves_layers
from graphql_api.domain.rendition import Rendition, StoredRendition
from graphql_api.domain.transform import IDENTITY, Recipe, Transform
from graphql_api.errors import InvalidInput, NotConfigured, NotFound, TintypeError, UnsupportedMedia
from graphql_api.imaging import abilities
from graphql_api.imaging.jobs import Probe, Prove, Render
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services.cache import RenditionCache
from graphql_api.services.flights import Flights
from graphql_api.services.library import Library
from graphql_api.services.slow import SlowDrawings
from graphql_api.services.spool import Spool
from graphql_api.storage.blob_store import BLOBS, BlobStore, blob_key, proof_key, rendition_key, renditions_prefix

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a surface was asked: `strict` ones refuse what others ignore. The transform wins over the preset."""

    transform: Transform
    preset: Preset | None = None
    accepted: Sequence[Format] = ()
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Renderer:
    """Plans, makes and keeps renditions."""

    store: BlobStore
    cache: RenditionCache
    imaging: ImagingPool
    spool: Spool
    library: Library
    limits: PictureLimits
    public_metadata: bool = True
    flights: Flights[StoredRendition] = field(default_factory=Flights)
    slow: SlowDrawings = field(default_factory=SlowDrawings)
    keeping: set[asyncio.Task[None]] = field(default_factory=set)

    # --- planning

    async def plan(self, principal: Principal, media: Media, asked: Asked) -> Rendition:
        """Settle what is asked for this media. TooLarge; when strict also InvalidInput and NotConfigured."""
        return self.plan_alone(media, asked) or await self._plan_with_others(principal, media, asked)

    def plan_alone(self, media: Media, asked: Asked) -> Rendition | None:
        """As `plan`, at once; None where it depends on who asks: on other media, or on whether this one is theirs."""
        transform = _transform_of(asked)
        if transform.overlay_uids or transform.output.metadata is Metadata.KEEP:
            return None
        sees = abilities.sees()
        about = media.original, media.focal_point, self.limits
        recipe = _settle(transform, about, tuple(asked.accepted), strict=asked.strict, sees=sees)
        if media.test:
            recipe = _marked(recipe, media.original)
        return Rendition(media, recipe, asked.transform, asked.preset.name if asked.preset else None, media.public)

    async def _plan_with_others(self, principal: Principal, media: Media, asked: Asked) -> Rendition:
        transform = _transform_of(asked).focused(media.focal_point)
        overlays = await self._overlays(principal, transform)
        layers = {uid: Layer(item.sha256, item.original) for uid, item in overlays.items()}
        if asked.strict:
            _refuse_ignored(transform, media.original, layers, self.limits)
        if not abilities.sees():
            transform = _without_segments(transform)
        public = media.public and all(uid in overlays and overlays[uid].public for uid in transform.overlay_uids)
        if transform.output.metadata is Metadata.KEEP and not self.public_metadata:
            public = False
            if not principal.owns(media):
                transform = replace(transform, output=replace(transform.output, metadata=Metadata.COPYRIGHT))
        recipe = transform.settle(
            media.original, accepted=asked.accepted, layers=layers, limits=self.limits, shrinks=not asked.strict
        )
        if media.test or any(item.test for item in overlays.values()):
            recipe = _marked(recipe, media.original)
        name = asked.preset.name if asked.preset else None
        return Rendition(media, recipe, asked.transform, name, public, tuple(overlays.values()))

    async def _overlays(self, principal: Principal, transform: Transform) -> Mapping[str, Media]:
        """The media of overlays by uid, as far as the caller may see them."""
        overlays = {}
        for uid in transform.overlay_uids:
            try:
                media = await self.library.get_shown(principal, uid)
            except NotFound:
                continue
            if media.original.transformable:
                overlays[uid] = media
        return overlays

    # --- making

    async def find(self, rendition: Rendition) -> StoredRendition | None:
        """The rendition, if it is there."""
        return await self.cache.find(rendition_key(rendition.media.sha256, rendition.recipe.key))

    async def render(self, rendition: Rendition) -> StoredRendition:
        """The rendition, made now if it is not there. Overloaded, StorageFull, TooLarge."""
        key = rendition_key(rendition.media.sha256, rendition.recipe.key)
        return await self.cache.find(key) or await self.flights.join(key, lambda: self._make(key, rendition))

    async def _make(self, key: str, rendition: Rendition) -> StoredRendition:
        media, recipe = rendition.media, rendition.recipe
        from_proof, proved = serves(media.original, recipe), serves_layers(media.original, recipe)
        pictures = [Layer(media.sha256, media.original), *recipe.layers]
        proves = [from_proof, *(layer.sha256 in proved for layer in recipe.layers)]
        keys = [await self._source(*pair) for pair in zip(pictures, proves, strict=True)]
        async with self.spool.path() as target, self._files(*keys) as (path, *others):
            layers = dict(zip((layer.sha256 for layer in recipe.layers), others, strict=True))
            job = Render(path, media.original, recipe, target, self.limits, layers, from_proof, proved)
            own = Size(media.original.width, media.original.height)
            with self.slow.watch(pictures, (recipe.size(own) or own).pixels):
                content = await self.imaging.render(job)
            if content is None:
                return await self._keep(media.sha256, key, target)
        self.cache.heat(key, content)
        self._keep_later(media, key, content)
        return StoredRendition(key, len(content), content)

    def _keep_later(self, media: Media, key: str, content: bytes) -> None:
        """Put what is being answered into the store: who asked does not wait for the disk."""

        async def keep() -> None:
            try:
                await self._keep(media.sha256, key, content)
            except NotFound:
                log.info("rendition_of_deleted_media", key=key)
            except Exception:  # it has been answered; the next who asks has it made anew
                log.exception("rendition_not_kept", key=key)

        task = asyncio.create_task(keep())
        self.keeping.add(task)
        task.add_done_callback(self.keeping.discard)

    async def settle(self) -> None:
        """Wait until everything that was answered is in the store."""
        while self.keeping:
            await asyncio.gather(*self.keeping)

    async def _source(self, picture: Layer, proved: bool) -> str:  # noqa: FBT001 - one of a pair
        """The key of what a picture is taken from: the original or its proof, which is made now if it is not there."""
        if not proved:
            return blob_key(picture.sha256)
        key = proof_key(picture.sha256)
        if await self.cache.find(key) is None:
            await self.flights.join(key, lambda: self._prove(key, picture.sha256, picture.original))
        return key

    async def _prove(self, key: str, sha256: str, original: Original) -> StoredRendition:
        async with self.spool.path() as target, self._files(blob_key(sha256)) as (path,):
            await self.imaging.prove(Prove(path, original, target))
            return await self._keep(sha256, key, target)

    @asynccontextmanager
    async def _files(self, *keys: str) -> AsyncIterator[list[Path]]:
        """What lies under these keys, for a worker to read. NotFound where the media was deleted meanwhile."""
        async with AsyncExitStack() as stack:
            try:
                yield [await stack.enter_async_context(self.store.as_file(key)) for key in keys]
            except (UnsupportedMedia, FileNotFoundError):
                for key in keys:
                    if await self.store.find(key) is None:
                        await _refuse_missing(key)
                raise

    async def _keep(self, sha256: str, key: str, made: Path | bytes) -> StoredRendition:
        stored = await self.cache.put(key, made)
        if await self.store.find(blob_key(sha256)) is None:
            # The last media of these bytes was deleted meanwhile, and its renditions with it, but for this one.
            await self.cache.delete(key)
            raise NotFound("There is no such media.")
        return stored

    async def purge(self, principal: Principal, media_id: uuid.UUID) -> Media:
        """Forget all renditions of one of the team's media; they are made anew when they are asked for. NotFound."""
        media = await self.library.get_own(principal, media_id)
        await self.cache.purge(renditions_prefix(media.sha256))
        return media

    async def measure(self, rendition: Rendition) -> Size:
        """Width and height of the result; where only the pixels can tell, it is rendered for that."""
        if (size := rendition.size) is not None:
            return size
        stored = await self.render(rendition)
        await asyncio.gather(*self.keeping)  # those of this moment: under load there are always some
        async with self._files(stored.key) as (path,):
            probed = await self.imaging.probe(Probe(path, rendition.recipe.format, self.limits, measures_only=True))
        return Size(probed.original.width, probed.original.height)

    def original(self, media: Media) -> StoredRendition:
        """The file as it came, to be read like a rendition."""
        return StoredRendition(blob_key(media.sha256), media.bytes)

    def read(self, stored: StoredRendition, start: int, size: int) -> AsyncIterator[bytes]:
        """A part of a stored rendition."""
        return self.cache.read(stored, start, size)


async def _refuse_missing(key: str) -> None:
    """Say why there are no bytes: FileNotFoundError for what can be made again, NotFound for what was deleted."""
    if not key.startswith(BLOBS):
        raise FileNotFoundError(key)
    if await blobs.known({key.rpartition("/")[2]}):
        raise TintypeError("The original of this media is missing.")
    raise NotFound("There is no such media.")


def _refuse_ignored(
    transform: Transform, original: Original, layers: Mapping[str, Layer], limits: PictureLimits
) -> None:
    """Refuse what a forgiving surface would leave out."""
    if not original.transformable and transform != IDENTITY:
        raise InvalidInput("transform", "This drawing cannot be turned into pixels; it is served as it is.")
    if any(len(stage.overlays) > limits.max_overlays for stage in transform.stages):
        raise InvalidInput("transform.overlays", f"An image takes at most {limits.max_overlays} overlays.")
    if missing := [uid for uid in transform.overlay_uids if uid not in layers]:
        raise InvalidInput("transform.overlays", f"There is no media '{missing[0]}' that could be put on top.")
    if transform.stages:
        first, source = transform.stages[0], Size(original.width, original.height)
        if first.crop is not None and first.crop.inside(source) is None:
            raise InvalidInput("transform.crop", f"'crop' lies outside of the {source.width} x {source.height} pixels.")
        if first.trim is not None and first.trim.edges.within(Box(0, 0, source.width, source.height)) is None:
            raise InvalidInput(
                "transform.trim", f"'trim' leaves nothing of the {source.width} x {source.height} pixels."
            )
    if any(stage.segment for stage in transform.stages) and not abilities.sees():
        raise NotConfigured("This server was installed without the means to cut a foreground out.")


def _transform_of(asked: Asked) -> Transform:
    return with_preset(asked.preset, asked.transform) if asked.preset else asked.transform


@functools.lru_cache(maxsize=4096)  # lists ask the same of many originals, and those of one camera are alike
def _settle(
    transform: Transform,
    about: tuple[Original, FocalPoint | None, PictureLimits],
    accepted: tuple[Format, ...],
    *,
    strict: bool,
    sees: bool,
) -> Recipe:
    """The recipe of what depends on nothing else. TooLarge; when strict also InvalidInput and NotConfigured."""
    original, focal_point, limits = about
    transform = transform.focused(focal_point)
    if strict:
        _refuse_ignored(transform, original, {}, limits)
    if not sees:
        transform = _without_segments(transform)
    return transform.settle(original, accepted=accepted, limits=limits, shrinks=not strict)


def _marked(recipe: Recipe, original: Original) -> Recipe:
    """The recipe with the mark of the test stage, unless it shows the original as it came."""
    as_it_came = replace(IDENTITY.settle(original), metadata=recipe.metadata)
    return recipe if recipe == as_it_came else replace(recipe, marked=True)


def _without_segments(transform: Transform) -> Transform:
    return replace(transform, stages=tuple(replace(stage, segment=False) for stage in transform.stages))
