"""The mark on what is made of test media: TEST, all over, in letters of our own, for a machine may have no fonts."""

from __future__ import annotations

import pyvips

from graphql_api.imaging import tone

_WORD = (
    "### ### ### ###",
    " #  #   #    # ",
    " #  ##  ###  # ",
    " #  #     #  # ",
    " #  ### ###  # ",
)
_WIDTH, _HEIGHT = 22, 12  # of a row of the tile, in dots of a letter: the word, its shadow, and room around
_TILES = 3  # across the shorter side, as far as letters stay legible
_LIGHT, _DARK = 0.6, 0.45  # opacities


def burn(image: pyvips.Image) -> pyvips.Image:
    """The picture with the mark; readable on light and on dark."""
    base = tone.in_color(image)
    tile = _tile(max(1, min(base.width, base.height) // (_TILES * _WIDTH)))
    columns, rows = base.width // tile.width + 1, base.height // tile.height + 1
    composed = base.composite2(tile.replicate(columns, rows).crop(0, 0, base.width, base.height), "over").cast("uchar")
    return composed if base.hasalpha() else composed.extract_band(0, n=3)


def _tile(dot: int) -> pyvips.Image:
    """Two rows of the word, white on a black shadow, with alpha; the second half a word aside."""
    word = pyvips.Image.new_from_list([[255 * (letter == "#") for letter in row] for row in _WORD]).cast("uchar")
    light, dark = (_layer(word, at, color, opacity) for at, color, opacity in ((1, 255, _LIGHT), (2, 0, _DARK)))
    row = dark.composite2(light, "over").cast("uchar")
    both = row.join(row.wrap(x=_WIDTH // 2, y=0), "vertical")
    return both.resize(dot, kernel="nearest").copy_memory()


def _layer(word: pyvips.Image, at: int, color: int, opacity: float) -> pyvips.Image:
    alpha = (word * opacity).cast("uchar").embed(at, at, _WIDTH, _HEIGHT)
    return alpha.new_from_image([color] * 3).cast("uchar").bandjoin(alpha).copy(interpretation="srgb")
