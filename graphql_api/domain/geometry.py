"""How a picture of one size comes into a box: numbers alone, so that a URL's width and height need no pixels.

Sizes that follow from an aspect ratio are rounded down, with a floor of one pixel (4000x3000 to 320 high is 426x320:
seed 002). `imaging` does exactly what is computed here; nothing is decided twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from graphql_api.errors import InvalidInput


class Fit(StrEnum):
    """How an image meets the box of width x height, as Cloudflare Images defines it."""

    SCALE_DOWN = "scale-down"  # inside the box, never enlarged
    CONTAIN = "contain"  # as large as fits in the box
    COVER = "cover"  # fills the box, the rest is cut off
    CROP = "crop"  # like cover, never enlarged
    ASPECT_CROP = "aspect-crop"  # the box's aspect, never enlarged
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
class Box:
    """A rectangle in pixels, counted from the left top corner."""

    left: int
    top: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if min(self.left, self.top) < 0 or min(self.width, self.height) < 1:
            raise InvalidInput(
                "crop", "A rectangle has a left and top of at least 0, a width and height of at least 1."
            )

    @property
    def size(self) -> Size:
        """Its width and height."""
        return Size(self.width, self.height)

    def inside(self, whole: Size) -> Box | None:
        """The part of it that lies in the whole; None when nothing does."""
        width, height = min(self.width, whole.width - self.left), min(self.height, whole.height - self.top)
        return Box(self.left, self.top, width, height) if min(width, height) > 0 else None


@dataclass(frozen=True, slots=True)
class Edges:
    """A width in pixels on each side, in the order of CSS."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        if min(self.top, self.right, self.bottom, self.left) < 0:
            raise InvalidInput("edges", "The width of an edge must be at least 0.")

    def times(self, factor: float) -> Edges:
        """All of them scaled."""
        return Edges(*(round(side * factor) for side in (self.top, self.right, self.bottom, self.left)))

    def around(self, size: Size) -> Size:
        """The size with the edges added."""
        return Size(size.width + self.left + self.right, size.height + self.top + self.bottom)

    def within(self, box: Box) -> Box | None:
        """The box with the edges taken away; None when nothing is left."""
        width, height = box.width - self.left - self.right, box.height - self.top - self.bottom
        return Box(box.left + self.left, box.top + self.top, width, height) if min(width, height) > 0 else None


@dataclass(frozen=True, slots=True)
class Fitting:
    """Scale the picture to `scaled`, cut `cropped` out of that, put it in a canvas of `size`."""

    scaled: Size
    cropped: Size
    size: Size


def fit_box(source: Size, width: int | None, height: int | None, fit: Fit) -> Fitting:
    """The fitting of `fit` for a box of which one side may be open."""
    if width is None or height is None:
        return _plain(_fit_side(source, width, height, enlarge=fit is not Fit.SCALE_DOWN))
    return _FITS[fit](source, Size(width, height))


def turn(size: Size, degrees: float) -> Size:
    """The size of what holds a picture that was rotated: exact at right angles, else the bounding box."""
    if degrees % 180 == 0:
        return size
    if degrees % 90 == 0:
        return Size(size.height, size.width)
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    return Size(
        max(1, round(size.width * cosine + size.height * sine)),
        max(1, round(size.width * sine + size.height * cosine)),
    )


def fit_short_side(source: Size, side: int) -> Fitting:
    """The shorter side becomes `side`, never enlarged, aspect kept."""
    if min(source.width, source.height) <= side:
        return _plain(source)
    if source.width <= source.height:
        return _plain(Size(side, source.height * side // source.width))
    return _plain(Size(source.width * side // source.height, side))


def _plain(size: Size) -> Fitting:
    return Fitting(scaled=size, cropped=size, size=size)


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


def _scale_down(source: Size, box: Size) -> Fitting:
    fits = source.width <= box.width and source.height <= box.height
    return _plain(source if fits else _inside(source, box))


def _contain(source: Size, box: Size) -> Fitting:
    return _plain(_inside(source, box))


def _cover(source: Size, box: Size) -> Fitting:
    return Fitting(scaled=_around(source, box), cropped=box, size=box)


def _crop(source: Size, box: Size) -> Fitting:
    """Like cover, but a source that is too small on a side keeps that side."""
    around = _around(source, box)
    scaled = around if around.width <= source.width else source
    cropped = Size(min(scaled.width, box.width), min(scaled.height, box.height))
    return Fitting(scaled=scaled, cropped=cropped, size=cropped)


def _aspect_crop(source: Size, box: Size) -> Fitting:
    """Like cover; where that would enlarge, the largest part of the source that has the box's aspect."""
    if source.width >= box.width and source.height >= box.height:
        return _cover(source, box)
    cropped = _inside(box, source)
    return Fitting(scaled=source, cropped=cropped, size=cropped)


def _pad(source: Size, box: Size) -> Fitting:
    inside = _inside(source, box)
    return Fitting(scaled=inside, cropped=inside, size=box)


def _squeeze(source: Size, box: Size) -> Fitting:
    del source
    return _plain(box)


_FITS: dict[Fit, Callable[[Size, Size], Fitting]] = {
    Fit.SCALE_DOWN: _scale_down,
    Fit.CONTAIN: _contain,
    Fit.COVER: _cover,
    Fit.CROP: _crop,
    Fit.ASPECT_CROP: _aspect_crop,
    Fit.PAD: _pad,
    Fit.SQUEEZE: _squeeze,
}
