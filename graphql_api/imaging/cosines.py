"""The one transform behind all three hashes of a picture: a few low terms of a cosine transform in two dimensions."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from operator import mul

Rows = Sequence[Sequence[float]]


@functools.lru_cache(maxsize=256)
def _waves(length: int, terms: int, shift: float) -> tuple[tuple[float, ...], ...]:
    """Of each term, the cosine at every position; `shift` says where in a pixel it is taken, 0.5 for its middle."""
    step = math.pi / length
    return tuple(tuple(math.cos(step * term * (at + shift)) for at in range(length)) for term in range(terms))


def transform(values: Sequence[float], width: int, across: int, down: int, *, shift: float = 0.5) -> Rows:
    """The sums of `values`, row by row, times the first waves across and down: `down` rows of `across` terms."""
    height = len(values) // width
    horizontal, vertical = _waves(width, across, shift), _waves(height, down, shift)
    rows = [values[start : start + width] for start in range(0, len(values), width)]
    columns = [[sum(map(mul, row, wave)) for row in rows] for wave in horizontal]
    return [[sum(map(mul, column, wave)) for column in columns] for wave in vertical]
