"""Blur, sharpness, blocks: what a pixel takes from its neighbours."""

from __future__ import annotations

from collections.abc import Callable

import pyvips

from graphql_api.domain.geometry import Size
from graphql_api.domain.stage import Stage
from graphql_api.imaging.shape import resample

# Above this standard deviation the picture is blurred small and enlarged again: the same look for a part of the time.
_MOST_EXACT_BLUR = 8.0
_SHARPEN_SIGMA = 1.0


def change(image: pyvips.Image, stage: Stage) -> pyvips.Image:
    """Blur, sharpen, then blocks, as far as the stage asks for them."""
    if stage.blur is None and stage.sharpen is None and stage.pixelate is None:
        return image
    # Each pixel is read several times.
    image = image.copy_memory()
    if stage.blur is not None:
        image = _blur(image, stage.blur)
    if stage.sharpen is not None:
        image = _sharpen(image, stage.sharpen)
    return _pixelate(image, stage.pixelate) if stage.pixelate is not None else image


def _blur(image: pyvips.Image, sigma: float) -> pyvips.Image:
    """Gaussian, of this standard deviation in pixels."""
    size = Size(image.width, image.height)
    shrink = max(1, int(sigma / (_MOST_EXACT_BLUR / 2))) if sigma > _MOST_EXACT_BLUR else 1
    if shrink > 1:
        small = Size(max(1, size.width // shrink), max(1, size.height // shrink))
        image = resample(image, small)
        sigma *= small.width / size.width
    return resample(_through_premultiplied(image, lambda it: it.gaussblur(sigma)), size)


def _sharpen(image: pyvips.Image, amount: float) -> pyvips.Image:
    """Unsharp mask: the difference to a blurred picture, added `amount` times."""

    def add_difference(picture: pyvips.Image) -> pyvips.Image:
        return picture * (1 + amount) - picture.gaussblur(_SHARPEN_SIGMA) * amount

    alpha = image.extract_band(image.bands - 1) if image.hasalpha() else None
    plain = image.extract_band(0, n=image.bands - 1) if alpha else image
    sharp = add_difference(plain).cast(image.format).copy(interpretation=image.interpretation)
    return sharp.bandjoin(alpha) if alpha else sharp


def _pixelate(image: pyvips.Image, side: int) -> pyvips.Image:
    """Blocks of one colour each, the mean of what was there; those at the right and bottom edge may be smaller."""
    blocks = _through_premultiplied(image, lambda it: it.shrink(min(side, it.width), min(side, it.height), ceil=True))
    return blocks.zoom(side, side).crop(0, 0, image.width, image.height)


def _through_premultiplied(image: pyvips.Image, change_pixels: Callable[[pyvips.Image], pyvips.Image]) -> pyvips.Image:
    """The change, made so that transparent pixels do not bleed their hidden colour."""
    if not image.hasalpha():
        return change_pixels(image)
    stored = image.format
    return change_pixels(image.premultiply()).unpremultiply().cast(stored)
