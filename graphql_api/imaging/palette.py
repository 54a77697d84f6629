"""The few colours that a picture is made of: cut fine by Pillow's median cut, then joined by Ward's criterion.

Median cut alone makes parts of equal size, so that which colour has the largest share would be chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, compress

from PIL import Image

from graphql_api.domain.traits import PaletteColor

MAX_COLORS = 6
_CUTS = 16
_VISIBLE = 0.5  # of the opacity of the most opaque pixel: what is less opaque has no say
_ALIKE = 32  # distance in RGB, of 441: such colours are one to the eye
_SHARE_DIGITS = 4

Cluster = tuple[int, tuple[float, ...]]  # how many pixels, and their mean colour
Pair = tuple[Cluster, Cluster]


def palette(picture: Image.Image) -> tuple[PaletteColor, ...]:
    """At most MAX_COLORS colours of the visible pixels of a picture in mode RGBA, the largest share first."""
    visible = _visible(picture)
    if visible.width == 0:
        return ()
    clusters = _join(_cut(visible))
    return tuple(
        PaletteColor("#" + bytes(map(round, color)).hex(), round(count / visible.width, _SHARE_DIGITS))
        for count, color in sorted(clusters, reverse=True)
    )


def _visible(picture: Image.Image) -> Image.Image:
    """The visible pixels in one row, in mode RGB."""
    *planes, alpha = picture.split()
    opacities = alpha.tobytes()
    least = max(1, max(opacities) * _VISIBLE)
    mask = [value >= least for value in opacities]
    rows = [bytes(compress(plane.tobytes(), mask)) for plane in planes]
    return Image.merge("RGB", [Image.frombytes("L", (len(row), 1), row) for row in rows])


def _cut(visible: Image.Image) -> list[Cluster]:
    cut = visible.quantize(_CUTS, Image.Quantize.MEDIANCUT)
    colors = cut.getpalette() or []
    counts = enumerate(cut.histogram())
    return [(count, tuple(colors[3 * index : 3 * index + 3])) for index, count in counts if count]


def _join(clusters: list[Cluster]) -> list[Cluster]:
    """Join what is alike, and then whatever costs least, until there are few enough."""
    cost: Callable[[Pair], float] = _distance
    while len(clusters) > 1:
        pair = min(combinations(clusters, 2), key=cost)
        if cost is _distance and _distance(pair) >= _ALIKE:
            cost = _loss
            continue
        if cost is _loss and len(clusters) <= MAX_COLORS:
            break
        for one in pair:
            clusters.remove(one)
        clusters.append(_joined(pair))
    return clusters


def _joined(pair: Pair) -> Cluster:
    (count, color), (other_count, other) = pair
    total = count + other_count
    mean = ((a * count + b * other_count) / total for a, b in zip(color, other, strict=True))
    return total, tuple(mean)


def _distance(pair: Pair) -> float:
    return math.dist(pair[0][1], pair[1][1])


def _loss(pair: Pair) -> float:
    """How much the squared error grows when two become one."""
    (count, color), (other_count, other) = pair
    return count * other_count / (count + other_count) * math.dist(color, other) ** 2
