"""What an `<img>` needs for screens of all widths: the same picture several times, larger and smaller."""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphql_api.domain.account import Principal
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import FocalPoint, Media, Original
from graphql_api.domain.rendition import Rendition
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.errors import InvalidInput, TooLarge
from graphql_api.services.renderer import Asked, Renderer

MAX_WIDTHS = 12
MAX_FORMATS = 3
_WIDTHS = (320, 640, 960, 1280, 1920, 2560)  # of what fills a page
_DENSITIES = (0.25, 0.5, 1, 2)  # of what has a width of its own
_MAX_SIDE = 8192
_KEEP_ASPECT = (Fit.SCALE_DOWN, Fit.CONTAIN)


@dataclass(frozen=True)
class Variants:
    """A picture in several widths, the narrowest first; of a media, or of another that is like it."""

    renditions: Sequence[tuple[int, Rendition]]

    def of(self, media: Media) -> Sequence[tuple[int, Rendition]]:
        """Those of this media, with their widths."""
        return [(width, _of(media, rendition)) for width, rendition in self.renditions]

    @functools.cached_property
    def tails(self) -> Sequence[str]:
        """The candidates of a `srcset` after the place that all addresses of a media begin with."""
        return [f"{escape(rendition.tail)} {width}w" for width, rendition in self.renditions]


def escape(address: str) -> str:
    """An address as `srcset` may have it: a comma with white space around it ends a candidate there."""
    return address.replace(",", "%2C")


@dataclass(frozen=True, slots=True)
class Responsive:
    """The picture as it was asked for, and its size; narrower and wider ones, in its own format and in others."""

    base: Rendition
    size: Size
    own: Variants
    others: Sequence[tuple[Format, Variants]]


@dataclass(frozen=True, slots=True)
class _Like:
    """As much of a media, and of what all may ask, as its renditions and the tails of their addresses depend on."""

    original: Original
    focal_point: FocalPoint | None
    test: bool
    version: int | None
    limits: PictureLimits


Wanted = tuple[Sequence[int] | None, Sequence[Format]]  # widths, other formats


def plan_responsive_alone(renderer: Renderer, media: Media, asked: Asked, wanted: Wanted) -> Responsive | None:
    """As `plan_responsive`, at once; None where it depends on more than this media (Renderer.plan_alone)."""
    widths, formats = wanted
    _check(widths, formats, asked.transform)
    version = media.version if media.newest > 1 else None
    like = _Like(media.original, media.focal_point, media.test, version, renderer.limits)
    remembered = _remembered(asked, None if widths is None else tuple(widths), tuple(formats), like)
    if not remembered:
        if (base := renderer.plan_alone(media, asked)) is None:
            return None
        with_size = _sized(base)
        planned = [
            _variants([_unless_too_large(renderer, media, each) for each in variants])
            for variants in _all_asked(asked, media.original, with_size, wanted)
        ]
        remembered[:] = [Responsive(base, with_size, planned[0], list(zip(formats, planned[1:], strict=True)))]
    return replace(remembered[0], base=_of(media, remembered[0].base))


def _unless_too_large(renderer: Renderer, media: Media, asked: Asked) -> Rendition | None:
    try:
        return renderer.plan_alone(media, asked)
    except TooLarge:
        return None


async def plan_responsive(
    renderer: Renderer, principal: Principal, media: Media, asked: Asked, wanted: Wanted
) -> Responsive:
    """Plan all of them. InvalidInput naming the field.

    Nothing is enlarged beyond the original but the base, where the transform asks for that.
    """
    if (alone := plan_responsive_alone(renderer, media, asked, wanted)) is not None:
        return alone
    base = await renderer.plan(principal, media, asked)
    size, planned = _sized(base), []
    for variants in _all_asked(asked, media.original, size, wanted):
        renditions = []
        for each in variants:
            with contextlib.suppress(TooLarge):
                renditions.append(await renderer.plan(principal, media, each))
        planned.append(_variants(renditions))
    return Responsive(base, size, planned[0], list(zip(wanted[1], planned[1:], strict=True)))


@functools.lru_cache(maxsize=1024)  # lists ask the same of many media, and those of one camera are alike
def _remembered(*_: Asked | Sequence[int] | Sequence[Format] | _Like | None) -> list[Responsive]:
    """What was planned for this, once something was."""
    return []


def _of(media: Media, planned: Rendition) -> Rendition:
    """The same of this media, which is the one it was planned for, or like that."""
    if planned.media is media:
        return planned
    return Rendition(media, planned.recipe, planned.asked, planned.preset, media.public)


def _sized(base: Rendition) -> Size:
    if base.size is None:
        raise InvalidInput("transform", "What is trimmed by its pixels has no width before it is rendered.")
    return base.size


def _all_asked(asked: Asked, original: Original, size: Size, wanted: Wanted) -> list[list[Asked]]:
    """What is asked for in several widths: as it is, and in each of the formats."""
    (widths, formats), transform = wanted, asked.transform
    most = _most(transform, original, size.width)
    bounded = (width if width == size.width else min(width, most) for width in _widths(transform, size.width, widths))
    scaled = [_scaled(transform, size, width) for width in bounded]
    named = [[transform.in_format(target) for transform in scaled] for target in formats]
    return [[replace(asked, transform=transform) for transform in each] for each in (scaled, *named)]


def _variants(renditions: Sequence[Rendition | None]) -> Variants:
    """Those that there are, one of each width."""
    found: dict[int, Rendition] = {}
    for rendition in renditions:
        if rendition is not None and (size := rendition.size) is not None:
            found.setdefault(size.width, rendition)
    return Variants(sorted(found.items(), key=operator.itemgetter(0)))


def _check(widths: Sequence[int] | None, formats: Sequence[Format], transform: Transform) -> None:
    if widths is not None and not 1 <= len(widths) <= MAX_WIDTHS:
        raise InvalidInput("widths", f"'widths' has 1 to {MAX_WIDTHS} items.")
    if any(not 1 <= width <= _MAX_SIDE for width in widths or ()):
        raise InvalidInput("widths", f"A width is between 1 and {_MAX_SIDE} pixels.")
    if len(formats) > MAX_FORMATS or not all(target.is_written for target in formats):
        raise InvalidInput("formats", f"'formats' has at most {MAX_FORMATS} items that are written here.")
    if len(transform.stages) > 1:
        raise InvalidInput("transform", "Only a single step can be made in several widths.")


def _widths(transform: Transform, own: int, widths: Sequence[int] | None) -> Sequence[int]:
    """The asked-for widths, or usual ones; that of the picture itself is always among the latter."""
    if widths is not None:
        return widths
    if transform.stages and (transform.stages[0].has_box or transform.stages[0].short_side):
        return [max(1, round(own * density)) for density in _DENSITIES]
    return [*(width for width in _WIDTHS if width < own), own]


def _most(transform: Transform, original: Original, own: int) -> int:
    """The width in which the picture has all the pixels of its original, and none that are made up."""
    if original.format is Format.SVG:  # drawn in any size
        return _MAX_SIDE
    stage = transform.stages[0] if transform.stages else Stage()
    geometry = stage.geometry(Size(original.width, original.height))
    turned, scaled = geometry.turned, geometry.fitting.scaled
    most = own * turned.width // scaled.width
    if stage.fit is Fit.SQUEEZE:  # each side has a scale of its own
        most = min(most, own * turned.height // scaled.height)
    return min(max(1, most), _MAX_SIDE)


def _scaled(transform: Transform, own: Size, width: int) -> Transform:
    """The same picture in another width: what is measured in pixels grows and shrinks with it."""
    if width == own.width:
        return transform
    factor = width / own.width
    stage = transform.stages[0] if transform.stages else Stage()
    scaled = stage.times(factor)
    frame = scaled.framed(Size(0, 0))
    # What leaves the picture its aspect finds its height by itself; else the box is as large as what came of it.
    boxed = stage.width is not None and stage.height is not None and stage.fit not in _KEEP_ASPECT
    scaled = replace(
        scaled,
        width=max(1, width - frame.width),
        height=max(1, round(own.height * factor) - frame.height) if boxed else None,
        short_side=None,
        trim=stage.trim,  # (of the original, which stays as large as it is)
        blur=stage.blur and stage.blur * factor,
    )
    return replace(transform, stages=(scaled,))
