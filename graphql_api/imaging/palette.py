"""The few colours that a picture is made of, by median cut (Pillow's)."""

from __future__ import annotations

import math
from itertools import compress

from PIL import Image

from graphql_api.domain.traits import PaletteColor

MAX_COLORS = 6
_VISIBLE = 128  # of 255: a pixel that is less opaque has no say
_ALIKE = 32  # distance in RGB, of 441: such colours are one to the eye
_SHARE_DIGITS = 4

Color = tuple[int, ...]


def palette(picture: Image.Image) -> tuple[PaletteColor, ...]:
    """At most MAX_COLORS colours of the visible pixels of a picture in mode RGBA, the largest share first."""
    visible = _visible(picture)
    total = visible.width
    if total == 0:
        return ()
    # Cut finer than asked, so that what is merged leaves room for smaller but distinct colours.
    cut = visible.quantize(2 * MAX_COLORS, Image.Quantize.MEDIANCUT)
    colors = cut.getpalette() or []
    counts: dict[Color, int] = {}
    for count, index in sorted(((count, index) for index, count in enumerate(cut.histogram()) if count), reverse=True):
        color = tuple(colors[3 * index : 3 * index + 3])
        alike = next((kept for kept in counts if _distance(kept, color) < _ALIKE), color)
        counts[alike] = counts.get(alike, 0) + count
    largest = sorted(counts.items(), key=lambda item: item[1], reverse=True)[:MAX_COLORS]
    return tuple(
        PaletteColor("#" + bytes(color).hex(), round(count / total, _SHARE_DIGITS)) for color, count in largest
    )


def _visible(picture: Image.Image) -> Image.Image:
    """The visible pixels in one row, in mode RGB."""
    *planes, alpha = picture.split()
    mask = [value >= _VISIBLE for value in alpha.tobytes()]
    rows = [bytes(compress(plane.tobytes(), mask)) for plane in planes]
    return Image.merge("RGB", [Image.frombytes("L", (len(row), 1), row) for row in rows])


def _distance(one: Color, other: Color) -> float:
    return math.dist(one, other)
