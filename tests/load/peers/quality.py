"""How much a rendition resembles its original: SSIM of the lightness and PSNR of the colours.

The reference is the whole original, decoded at full size, resampled by a plain Lanczos filter of three lobes to the
rendition's own size, and never compressed: whatever a server saved while decoding or resizing counts against it.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyvips

_LUMA = [[0.299, 0.587, 0.114]]
# Of Wang et al., "Image quality assessment", 2004: a Gaussian window of 1.5 pixels, constants for eight bits.
_SIGMA = 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over some renditions."""

    ssim: float
    psnr: float
    bytes: float


def measure_quality(original: Path, renditions: Sequence[bytes]) -> Quality:
    """The quality of renditions of the file."""
    pairs = [_compare(original, body) for body in renditions]
    return Quality(
        ssim=statistics.fmean(ssim for ssim, _ in pairs),
        psnr=statistics.fmean(psnr for _, psnr in pairs),
        bytes=statistics.fmean(len(body) for body in renditions),
    )


def _compare(original: Path, body: bytes) -> tuple[float, float]:
    rendition = _rgb(pyvips.Image.new_from_buffer(body, "")).copy_memory()
    reference = _reference(original, rendition.width, rendition.height)
    return _ssim(reference, rendition), _psnr(reference, rendition)


@functools.lru_cache(maxsize=64)  # a search asks for the same sizes again and again
def _reference(original: Path, width: int, height: int) -> pyvips.Image:
    """The original at this size. Not `resize`, which would average blocks before it filters."""
    image = _decode(original)
    return image.reduce(image.width / width, image.height / height, kernel="lanczos3").copy_memory()


@functools.lru_cache(maxsize=1)
def _decode(original: Path) -> pyvips.Image:
    return _rgb(pyvips.Image.new_from_file(str(original))).copy_memory()


def _rgb(image: pyvips.Image) -> pyvips.Image:
    """Three bands, upright as stored."""
    image = image.colourspace("srgb")
    return image.extract_band(0, n=3)


def _ssim(one: pyvips.Image, other: pyvips.Image) -> float:
    x, y = (image.recomb(_LUMA).cast("float") for image in (one, other))
    mean_x, mean_y = _window(x), _window(y)
    variances = _window(x * x) + _window(y * y) - mean_x * mean_x - mean_y * mean_y
    covariance = _window(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    below = (mean_x * mean_x + mean_y * mean_y + _C1) * (variances + _C2)
    return float((above / below).avg())


def _window(image: pyvips.Image) -> pyvips.Image:
    return image.gaussblur(_SIGMA, precision="float")


def _psnr(one: pyvips.Image, other: pyvips.Image) -> float:
    difference = one.cast("float") - other.cast("float")
    return 20 * math.log10(255) - 10 * math.log10(max(1e-9, (difference * difference).avg()))
