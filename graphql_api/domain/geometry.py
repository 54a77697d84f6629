"""How a picture of one size comes into a box: numbers alone, so that a URL's width and height need no pixels.

Sizes that follow from an aspect ratio are rounded down, with a floor of one pixel (4000x3000 to 320 high is 426x320:
seed 002). `imaging` does exactly what a Geometry says; nothing is decided twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Fit(StrEnum):
    """How an image meets the box of width x height, as Cloudflare Images defines it."""

    SCALE_DOWN = "scale-down"  # inside the box, never enlarged
    CONTAIN = "contain"  # as large as fits in the box
    COVER = "cover"  # fills the box, the rest is cut off
    CROP = "crop"  # like cover, never enlarged
    PAD = "pad"  # like contain, the rest of the box is filled
    SQUEEZE = "squeeze"  # exactly the box, distorted


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """The area."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Geometry:
    """Scale the upright image to `scaled`, cut `cropped` out of its centre, put that amid a canvas of `size`."""

    scaled: Size
    cropped: Size
    size: Size


def fit_box(source: Size, width: int | None, height: int | None, fit: Fit) -> Geometry:
    """The geometry of `fit` for a box of which one side may be open."""
    if width is None or height is None:
        return _plain(_fit_side(source, width, height, enlarge=fit is not Fit.SCALE_DOWN))
    return _FITS[fit](source, Size(width, height))


def fit_short_side(source: Size, side: int) -> Geometry:
    """The shorter side becomes `side`, never enlarged, aspect kept."""
    if min(source.width, source.height) <= side:
        return _plain(source)
    if source.width <= source.height:
        return _plain(Size(side, source.height * side // source.width))
    return _plain(Size(source.width * side // source.height, side))


def _plain(size: Size) -> Geometry:
    return Geometry(scaled=size, cropped=size, size=size)


def _fit_side(source: Size, width: int | None, height: int | None, *, enlarge: bool) -> Size:
    if width is not None and (enlarge or width < source.width):
        return Size(width, max(1, source.height * width // source.width))
    if height is not None and (enlarge or height < source.height):
        return Size(max(1, source.width * height // source.height), height)
    return source


def _inside(source: Size, box: Size) -> Size:
    """The largest size of the source's aspect that fits in the box."""
    if source.width * box.height >= source.height * box.width:
        return Size(box.width, max(1, source.height * box.width // source.width))
    return Size(max(1, source.width * box.height // source.height), box.height)


def _around(source: Size, box: Size) -> Size:
    """The smallest size of the source's aspect that covers the box."""
    if source.width * box.height >= source.height * box.width:
        return Size(-(-source.width * box.height // source.height), box.height)
    return Size(box.width, -(-source.height * box.width // source.width))


def _scale_down(source: Size, box: Size) -> Geometry:
    fits = source.width <= box.width and source.height <= box.height
    return _plain(source if fits else _inside(source, box))


def _contain(source: Size, box: Size) -> Geometry:
    return _plain(_inside(source, box))


def _cover(source: Size, box: Size) -> Geometry:
    return Geometry(scaled=_around(source, box), cropped=box, size=box)


def _crop(source: Size, box: Size) -> Geometry:
    """Like cover, but a source that is too small on a side keeps that side."""
    around = _around(source, box)
    scaled = around if around.width <= source.width else source
    cropped = Size(min(scaled.width, box.width), min(scaled.height, box.height))
    return Geometry(scaled=scaled, cropped=cropped, size=cropped)


def _pad(source: Size, box: Size) -> Geometry:
    inside = _inside(source, box)
    return Geometry(scaled=inside, cropped=inside, size=box)


def _squeeze(source: Size, box: Size) -> Geometry:
    del source
    return _plain(box)


_FITS: dict[Fit, Callable[[Size, Size], Geometry]] = {
    Fit.SCALE_DOWN: _scale_down,
    Fit.CONTAIN: _contain,
    Fit.COVER: _cover,
    Fit.CROP: _crop,
    Fit.PAD: _pad,
    Fit.SQUEEZE: _squeeze,
}
