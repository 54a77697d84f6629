"""Files in, files out, through real workers; and how like one another two pictures are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from graphql_api.domain.format import HEAD_BYTES, Format, sniff
from graphql_api.domain.geometry import Size
from graphql_api.domain.limits import USUAL_LIMITS, PictureLimits
from graphql_api.domain.media import Original
from graphql_api.domain.overlay import Layer
from graphql_api.domain.transform import Transform
from graphql_api.imaging.jobs import Probe, Render
from graphql_api.imaging.pool import ImagingPool
from tests import pictures

_Values = NDArray[np.float64]


class Lab:
    """A pool of workers, and a folder for what goes in and comes out."""

    def __init__(self, imaging: ImagingPool, folder: Path) -> None:
        self._imaging = imaging
        self._folder = folder

    def keep(self, content: bytes) -> Path:
        path = self._folder / f"{len(list(self._folder.iterdir()))}"
        path.write_bytes(content)
        return path

    async def probe(self, content: bytes, limits: PictureLimits = USUAL_LIMITS) -> Original:
        found = sniff(content[:HEAD_BYTES])
        assert found
        return (await self._imaging.probe(Probe(self.keep(content), found, limits))).original

    async def render(self, content: bytes, transform: Transform, overlays: Mapping[str, bytes] | None = None) -> bytes:
        """The rendition, which is what its recipe says; `overlays` has the files of other media by uid."""
        original = await self.probe(content)
        target = self._folder / f"out{len(list(self._folder.iterdir()))}"
        layers, files = {}, {}
        for uid, other in (overlays or {}).items():
            layers[uid] = Layer(uid, await self.probe(other))
            files[uid] = self.keep(other)
        recipe = transform.settle(original, layers=layers)
        job = Render(self.keep(content), original, recipe, target, USUAL_LIMITS, files)
        rendered = await self._imaging.render(job) or target.read_bytes()
        size = recipe.size(Size(original.width, original.height))
        assert sniff(rendered[:HEAD_BYTES]) is recipe.format
        if size and recipe.format is not Format.SVG:
            assert pictures.decode(rendered).size == (size.width, size.height)
        return rendered


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of two pictures of one size, 0 to 255."""
    changed = ImageChops.difference(first.convert("RGB"), second.convert("RGB")).convert("L")
    return sum(value * count for value, count in enumerate(changed.histogram())) / (changed.width * changed.height)


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Red, green and blue."""
    found = picture.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def similarity(first: Image.Image, second: Image.Image) -> float:
    """Mean SSIM of lightness in blocks of 8 x 8 (Wang and others, 2004), 1 for the same picture; transparency on grey."""
    return float(np.mean(_ssim(_blocks(first), _blocks(second))))


def _blocks(picture: Image.Image, side: int = 8) -> _Values:
    """One row a block."""
    flat = Image.new("RGBA", picture.size, "grey")
    flat.alpha_composite(picture.convert("RGBA"))
    values = np.asarray(flat.convert("L"), dtype=np.float64)
    height, width = (length // side * side for length in values.shape)
    cut = values[:height, :width].reshape(height // side, side, width // side, side)
    return cut.swapaxes(1, 2).reshape(-1, side * side)


def _ssim(first: _Values, second: _Values) -> _Values:
    means = first.mean(axis=1), second.mean(axis=1)
    both = (first * second).mean(axis=1) - means[0] * means[1]
    spread = first.var(axis=1) + second.var(axis=1)
    small, smaller = (0.03 * 255) ** 2, (0.01 * 255) ** 2
    light = (2 * means[0] * means[1] + smaller) / (means[0] ** 2 + means[1] ** 2 + smaller)
    return np.asarray(light * (2 * both + small) / (spread + small))
