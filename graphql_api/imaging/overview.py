"""A picture read whole, in one pass and in little memory: it checks an upload and is what the thumbnail is made of."""

from __future__ import annotations

import pyvips

# Averaging boxes of pixels is cheap but coarse: this much is left for the resampler.
_MARGIN = 1.5


def read_whole(image: pyvips.Image, side: int) -> pyvips.Image:
    """Read every row of an image opened for one pass; gives it in memory, at most some 3 * `side` pixels a side.

    pyvips.Error for data that the loader refuses. Hidden colours of transparent pixels do not bleed.
    """
    across, down = (max(1, int(length / (side * _MARGIN))) for length in (image.width, image.height))
    if across == down == 1:
        return image.copy_memory()
    if not image.hasalpha():
        return image.shrink(across, down, ceil=True).copy_memory()
    stored = image.format
    return image.premultiply().shrink(across, down, ceil=True).unpremultiply().cast(stored).copy_memory()
