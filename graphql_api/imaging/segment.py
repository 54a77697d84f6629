"""Cutting the foreground out: a mask by the network that is configured, or else by GrabCut, becomes transparency.

A picture is looked at in no more detail than the segmenters have use for; its mask is enlarged to it again.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyvips

from graphql_api.domain.geometry import Size
from graphql_api.errors import NotConfigured
from graphql_api.imaging import shape, tone
from graphql_api.imaging.models import MODELS, UnusableModelError

if TYPE_CHECKING:
    from graphql_api.imaging.arrays import Pixels

_SHORTEST = 1024  # pixels of the shorter side that are looked at: networks take squares of this side at the most
_WHITE = [255, 255, 255]
_TOP = 255


class Segmenter(Protocol):
    """Tells a foreground from its background."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    def mask(self, pixels: Pixels) -> Pixels:
        """Of an sRGB picture: 255 where the foreground is, 0 where not, in between along its outline."""


def cut_out(image: pyvips.Image) -> pyvips.Image:
    """The picture with all but its foreground transparent; what was transparent stays so. NotConfigured."""
    image = image.copy_memory()  # it is looked at, and then cut
    alpha = _mask(image)
    if image.hasalpha():
        alpha = (alpha * image.extract_band(image.bands - 1) / _TOP).cast("uchar")
        image = image.extract_band(0, n=image.bands - 1)
    return image.bandjoin(alpha).copy(interpretation=image.interpretation)


def _mask(image: pyvips.Image) -> pyvips.Image:
    size = Size(image.width, image.height)
    plain = tone.in_color(image.flatten(background=_WHITE) if image.hasalpha() else image)
    shrink = max(1.0, min(size.width, size.height) / _SHORTEST)
    small = shape.resample(plain, Size(max(1, round(size.width / shrink)), max(1, round(size.height / shrink))))
    try:
        found = segmenter(MODELS.get().segmentation).mask(small.numpy())
    except UnusableModelError as error:
        raise NotConfigured("The model with which this server cuts foregrounds out cannot be used.") from error
    mask = pyvips.Image.new_from_memory(found.tobytes(), small.width, small.height, 1, "uchar")
    return shape.resample(mask, size)


@functools.cache
def segmenter(model: Path | None) -> Segmenter:
    """The network in this file; without one, GrabCut. UnusableModelError."""
    # Imported late: the libraries behind them are large, and may not be installed.
    if model is None:
        from graphql_api.imaging.grabcut import GrabCut

        return GrabCut()
    from graphql_api.imaging import network

    return network.load(model)
