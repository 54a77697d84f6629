"""What stands out in a picture, as far as colours tell: where GrabCut starts from.

What lies along the edges is taken for the background: a smooth surface of colour, or a few colours. What differs from
both, or is sharp where a busy background is not, stands out, the more so towards the middle.
"""

from __future__ import annotations

import cv2
import numpy as np

from graphql_api.imaging.arrays import Flags, Floats, Pixels

_STRIP = 0.04  # of the shorter side: how far in an edge reaches
_COLORS = 5
_RARE = 0.1  # of the strip: a colour that takes less of it may be the subject's
_NOISE = 4.0  # in Lab's units: what differs by less does not differ
_FAR = 3.0  # times the scatter of the background: what differs by this stands out for the most part
_FITS = 8
_BUSY = (2.0, 3.0)  # times _NOISE: an unevenness from which sharpness begins to count, and then counts in full
_BLUR_OF_DETAIL = 0.02  # of the longer side
_SHARPER = (2.0, 6.0)  # times the background's detail: likewise
_MOST_BY_SHARPNESS = 0.7  # it is less certain than colour
_MIDDLE, _LEAST_MIDDLE = 0.9, 0.3  # standard deviation of the middle in half sides; what is left of it far out
_SMOOTHING = 1 / 150  # of the longer side
_NOTHING = 0.02  # a picture whose most salient pixels have less is plain


def estimate(pixels: Pixels) -> Floats:
    """How far each pixel of an RGB picture stands out, 0 to 1; 0 everywhere in a plain one."""
    height, width = pixels.shape[:2]
    lab = np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), dtype=np.float32)
    strip = _strip(height, width)
    surface, unevenness = _far_from_surface(lab, strip)
    by_color = np.minimum(surface, _far_from_colors(lab, strip))
    trust = _MOST_BY_SHARPNESS * _ramp(unevenness / _NOISE, _BUSY)
    sharp = _ramp(_sharpness(lab[:, :, 0], strip), _SHARPER)
    blurred = (1 - sharp) * np.percentile(sharp, 95)  # where there is something sharp, what is not lies behind it
    standing = np.maximum(by_color * (1 - trust * blurred), trust * sharp) * _middle(height, width)
    smooth = cv2.GaussianBlur(standing.astype(np.float32), (0, 0), max(width, height) * _SMOOTHING)
    top = float(np.percentile(smooth, 99))
    return np.clip(smooth / top, 0, 1).astype(np.float32) if top > _NOTHING else np.zeros_like(smooth)


def _strip(height: int, width: int) -> Flags:
    """Along the left, top and right edge. Not along the bottom: things stand there, and people are cut off."""
    thick = max(2, round(min(height, width) * _STRIP))
    strip = np.zeros((height, width), dtype=np.bool_)
    strip[:thick] = strip[:, :thick] = strip[:, -thick:] = True
    return strip


def _far_from_surface(lab: Floats, strip: Flags) -> tuple[Floats, float]:
    """How far from a quadratic surface through the strip's colours, which outliers hardly bend; and the strip's own."""
    across, down = _coordinates(*strip.shape)
    terms = np.stack([np.ones_like(across), across, down, across * down, across**2, down**2], axis=-1)
    known, colors = terms[strip], lab[strip]
    weights, scatter = np.ones(len(known), dtype=np.float32), _NOISE
    surface = np.zeros((terms.shape[-1], 3), dtype=np.float32)
    for _ in range(_FITS):
        roots = np.sqrt(weights)[:, None]
        surface = np.linalg.lstsq(known * roots, colors * roots, rcond=None)[0]
        error = np.linalg.norm(known @ surface - colors, axis=1)
        scatter = _scatter(error)
        weights = 1 / (1 + (error / scatter) ** 2)
    return _far(np.linalg.norm(terms @ surface - lab, axis=-1), scatter), float(np.percentile(error, 80))


def _far_from_colors(lab: Floats, strip: Flags) -> Floats:
    """How far from the nearest of the colours that the strip has much of."""
    colors = np.ascontiguousarray(lab[strip])
    ending = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    cv2.setRNGSeed(1)  # the same picture, the same mask
    best = np.empty((len(colors), 1), dtype=np.int32)
    _, labels, centers = cv2.kmeans(colors, min(_COLORS, len(colors)), best, ending, 1, cv2.KMEANS_PP_CENTERS)
    nearest = np.ones(lab.shape[:2], dtype=np.float32)
    for index, center in enumerate(centers):
        own = colors[labels[:, 0] == index]
        if len(own) >= _RARE * len(colors):
            scatter = _scatter(np.linalg.norm(own - center, axis=1))
            nearest = np.minimum(nearest, _far(np.linalg.norm(lab - center, axis=-1), scatter))
    return nearest


def _scatter(distances: Floats) -> float:
    """The usual distance (1.5 medians are about a standard deviation), never less than noise."""
    return max(_NOISE, 1.5 * float(np.median(distances)))


def _far(distance: Floats, scatter: float) -> Floats:
    """0 for what is within the scatter, towards 1 for what is far beyond."""
    return (1 - np.exp(-((distance / (_FAR * scatter)) ** 2))).astype(np.float32)


def _sharpness(lightness: Floats, strip: Flags) -> Floats:
    """The detail around each pixel, times the strip's; what detail spreads beyond an outline is taken back."""
    around = max(lightness.shape) * _BLUR_OF_DETAIL
    detail = cv2.GaussianBlur(np.abs(cv2.Laplacian(lightness, cv2.CV_32F, ksize=3)), (0, 0), around)
    side = 2 * round(1.2 * around) + 1
    detail = cv2.erode(detail, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return (detail / (float(np.percentile(detail[strip], 80)) + 0.5)).astype(np.float32)


def _ramp(value: Floats | float, ends: tuple[float, float]) -> Floats:
    """From 0 at the first end to 1 at the second."""
    start, end = ends
    return np.clip((np.asarray(value, dtype=np.float32) - start) / (end - start), 0, 1)


def _middle(height: int, width: int) -> Floats:
    across, down = _coordinates(height, width)
    near = np.exp(-(across**2 + down**2) / (2 * _MIDDLE**2))
    return (_LEAST_MIDDLE + (1 - _LEAST_MIDDLE) * near).astype(np.float32)


def _coordinates(height: int, width: int) -> tuple[Floats, Floats]:
    """Across and down, each from -1 to 1."""
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return across.astype(np.float32), down.astype(np.float32)
