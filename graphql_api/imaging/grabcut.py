"""Foregrounds without a model: OpenCV's GrabCut, started from what stands out.

It does well with a subject on a plain or blurred background, and is rough elsewhere. Equal pictures get equal masks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from graphql_api.imaging import saliency
from graphql_api.imaging.arrays import Floats, Pixels

_LONGEST = 400  # pixels of the picture that is cut; its time is proportional to them
_LEAST = 8  # pixels a side: below, there is nothing to cut
_ROUNDS = 4  # most of the change is in the first two
_CERTAIN = 1 / 3  # of the threshold: what stands out less is background, whatever its colour
_SPECK = 0.02  # of the largest piece: smaller ones are dropped, and so small holes are filled
_LEAST_PART, _MOST_PART = 0.002, 0.98  # of the picture: a cut outside of these has failed
_SOFTNESS = 1.0  # in pixels of the small picture: the standard deviation that rounds the steps of the mask off
_STEEPNESS = 2.0  # of the edge, after that
_OUTLINE = 0.6  # of the mask is where its edge is put: GrabCut counts the mixed pixels of an outline to the subject

_SURE_BACK, _SURE_FRONT, _MAYBE_BACK, _MAYBE_FRONT = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD


@dataclass(frozen=True, slots=True)
class GrabCut:
    """A segmenter that needs no model."""

    name: str = "GrabCut, without a model: rough"

    def mask(self, pixels: Pixels) -> Pixels:
        """255 where the foreground is; everywhere when nothing stands out."""
        height, width = pixels.shape[:2]
        scale = min(1.0, _LONGEST / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        standing = saliency.estimate(small) if min(size) >= _LEAST else np.zeros(small.shape[:2], np.float32)
        if not standing.any():
            return np.full((height, width), 255, dtype=np.uint8)
        return _enlarge(_cut(small, standing), width, height)


def _cut(pixels: Pixels, standing: Floats) -> Floats:
    """The mask, 0 or 1; what stands out, in shades, where GrabCut finds all or nothing."""
    levels = np.round(standing * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    marks = np.full(levels.shape, _MAYBE_BACK, dtype=np.uint8)
    marks[levels > threshold] = _MAYBE_FRONT
    marks[levels < threshold * _CERTAIN] = _SURE_BACK
    core = (levels > (threshold + 255) / 2).astype(np.uint8)
    marks[cv2.erode(core, np.ones((3, 3), np.uint8)) > 0] = _SURE_FRONT
    try:
        cv2.setRNGSeed(1)
        back, front = np.zeros((1, 65)), np.zeros((1, 65))  # the two models of colour, which are not needed after
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        cv2.grabCut(bgr, marks, (0, 0, 1, 1), back, front, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # too few pixels of one kind
        return standing
    kept = _without_specks(np.isin(marks, (_SURE_FRONT, _MAYBE_FRONT)).astype(np.uint8))
    kept = 1 - _without_specks(1 - kept)
    return kept.astype(np.float32) if _LEAST_PART < kept.mean() < _MOST_PART else standing


def _without_specks(flags: Pixels) -> Pixels:
    """Only the pieces that are not tiny beside the largest."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(flags, connectivity=4)
    if count == 1:
        return flags
    areas = facts[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0  # what is not flagged
    return (areas >= areas.max() * _SPECK).astype(np.uint8)[labels] & flags


def _enlarge(mask: Floats, width: int, height: int) -> Pixels:
    """At full size, with an edge that is smooth, and about a pixel of the small mask wide."""
    soft = cv2.GaussianBlur(mask, (0, 0), _SOFTNESS)
    large = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    steep = (large - _OUTLINE) * _STEEPNESS + 0.5
    return np.clip(np.round(steep * 255), 0, 255).astype(np.uint8)
