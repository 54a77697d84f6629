"""What an `<img>` needs for screens of all widths: the same picture several times, larger and smaller."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphql_api.domain.account import Principal
from graphql_api.domain.format import Format
from graphql_api.domain.media import Media
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


@dataclass(frozen=True, slots=True)
class Responsive:
    """The picture as it was asked for; narrower and wider ones, with their widths, in its own format and in others."""

    base: Rendition
    own: Sequence[tuple[int, Rendition]]
    others: Sequence[tuple[Format, Sequence[tuple[int, Rendition]]]]


async def plan_responsive(
    renderer: Renderer,
    principal: Principal,
    media: Media,
    asked: Asked,
    wanted: tuple[Sequence[int] | None, Sequence[Format]],
) -> Responsive:
    """Plan all of them. InvalidInput naming the field; nothing is enlarged beyond what the transform asks for."""
    widths, formats = wanted
    _check(widths, formats, asked.transform)
    base = await renderer.plan(principal, media, asked)
    size = base.size
    if size is None:
        raise InvalidInput("transform", "What is trimmed by its pixels has no width before it is rendered.")

    async def planned(variants: Sequence[Asked]) -> Sequence[tuple[int, Rendition]]:
        found: dict[int, Rendition] = {}
        for variant in variants:
            try:
                rendition = renderer.plan_alone(media, variant) or await renderer.plan(principal, media, variant)
            except TooLarge:
                continue
            if (known := rendition.size) is not None:
                found.setdefault(known.width, rendition)
        return sorted(found.items(), key=operator.itemgetter(0))

    variants = _variants(asked, size.width, None if widths is None else tuple(widths), tuple(formats))
    own, *others = [await planned(each) for each in variants]
    return Responsive(base, own, list(zip(formats, others, strict=True)))


@functools.lru_cache(maxsize=1024)  # lists ask the same of many media, and those of one camera are alike
def _variants(
    asked: Asked, own: int, widths: tuple[int, ...] | None, formats: tuple[Format, ...]
) -> Sequence[Sequence[Asked]]:
    """What is asked for in several widths: as it is, and in each of the formats."""
    scaled = [_scaled(asked.transform, own, width) for width in _widths(asked.transform, own, widths)]
    named = [[transform.in_format(target) for transform in scaled] for target in formats]
    return [[replace(asked, transform=transform) for transform in each] for each in (scaled, *named)]


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


def _scaled(transform: Transform, own: int, width: int) -> Transform:
    """The same picture in another width: what is measured in pixels grows and shrinks with it."""
    if width == own:
        return transform
    stage = transform.stages[0] if transform.stages else Stage()
    scaled = stage.times(width / own)
    boxed = stage.width is not None and stage.height is not None
    scaled = replace(
        scaled,
        width=width,
        height=scaled.height if boxed else None,
        short_side=None,
        trim=stage.trim,  # (of the original, which stays as large as it is)
        blur=stage.blur and stage.blur * width / own,
    )
    return replace(transform, stages=(scaled,))
