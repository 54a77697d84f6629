"""Placeholders of renditions: the media's own where the transform shows the whole of it, else one of the result."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from graphql_api.db import blobs
from graphql_api.domain.rendition import Rendition
from graphql_api.domain.stage import Stage
from graphql_api.domain.traits import Placeholder
from graphql_api.imaging.jobs import Sketch
from graphql_api.imaging.pool import ImagingPool
from graphql_api.storage.blob_store import BlobStore, blob_key

_KEPT = 4096  # of some hundred bytes each

Key = tuple[str, str]  # content of the original, recipe


class Placeholders:
    """Makes them, many at once, and keeps the last in memory."""

    def __init__(self, store: BlobStore, imaging: ImagingPool) -> None:
        self._store = store
        self._imaging = imaging
        self._made: OrderedDict[Key, Placeholder] = OrderedDict()

    async def of(self, renditions: Sequence[Rendition]) -> list[Placeholder | None]:
        """For each rendition what to show until it is there; None for media whose looks were never written down."""
        digests = {rendition.media.sha256 for rendition in renditions}
        traits = await blobs.traits_of(digests)
        made = await self._make([item for item in renditions if _differs(item)])
        whole = {digest: found.placeholder for digest, found in traits.items()}
        return [made[_key(item)] if _differs(item) else whole.get(item.media.sha256) for item in renditions]

    async def _make(self, renditions: Sequence[Rendition]) -> dict[Key, Placeholder | None]:
        known = {_key(item): self._made.get(_key(item)) for item in renditions}
        missing = {_key(item): item for item in renditions if known[_key(item)] is None}
        known |= await self._sketch(list(missing.values()))
        for key, placeholder in known.items():
            if placeholder is not None:
                self._made[key] = placeholder
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return known

    async def _sketch(self, renditions: Sequence[Rendition]) -> dict[Key, Placeholder | None]:
        if not renditions:
            return {}
        thumbs = await blobs.thumbs_of({rendition.media.sha256 for rendition in renditions})
        known = [rendition for rendition in renditions if rendition.media.sha256 in thumbs]
        async with AsyncExitStack() as stack:
            files = await self._files({layer.sha256 for item in known for layer in item.recipe.layers}, stack)
            known = [item for item in known if all(layer.sha256 in files for layer in item.recipe.layers)]
            made = await self._imaging.sketch([_job(item, thumbs[item.media.sha256], files) for item in known])
        return {_key(rendition): placeholder for rendition, placeholder in zip(known, made, strict=True)}

    async def _files(self, digests: set[str], stack: AsyncExitStack) -> Mapping[str, Path]:
        """Originals that are put on top, each once: from a bucket it is a download. What was deleted is left out."""
        files = {}
        for digest in digests:
            with suppress(FileNotFoundError):
                files[digest] = await stack.enter_async_context(self._store.as_file(blob_key(digest)))
        return files


def _job(rendition: Rendition, thumb: bytes, files: Mapping[str, Path]) -> Sketch:
    layers = {layer.sha256: files[layer.sha256] for layer in rendition.recipe.layers}
    return Sketch(thumb, rendition.media.original, rendition.recipe.stages[0], layers)


def _key(rendition: Rendition) -> Key:
    return rendition.media.sha256, rendition.recipe.key


def _differs(rendition: Rendition) -> bool:
    """Whether the result looks other than the original, its size apart; several stages nobody asks for here."""
    stages = rendition.recipe.stages
    if len(stages) != 1:
        return False
    stage = stages[0]
    scaled = replace(stage, width=None, height=None, short_side=None)
    geometry = stage.geometry(rendition.source)
    return scaled != Stage() or geometry.fitting.size != geometry.fitting.scaled
