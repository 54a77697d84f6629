"""Where faces are, and the part of a picture that shows them. Without OpenCV there are none to be found."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyvips

from graphql_api.domain.geometry import Box, Size
from graphql_api.imaging import abilities

_LONGEST = 640  # pixels of the picture that is searched: small faces in large groups are still found
_LEAST_FACE = 24
_MARGIN = 0.35  # of the faces' box, on each side: a face needs its hair and chin
_YUNET_SCORE = 0.7

_MODEL_VARIABLE = "TINTYPE_WORKER_FACE_MODEL"


def find(image: pyvips.Image) -> list[Box]:
    """The faces in an upright sRGB picture, in its pixels."""
    if not abilities.sees():
        return []
    scale = min(1.0, _LONGEST / max(image.width, image.height))
    small = image.resize(scale) if scale < 1 else image
    flat = small.flatten() if small.hasalpha() else small
    found = _detect(flat.colourspace("srgb"))
    whole = Size(image.width, image.height)
    boxes = (_box([side / scale for side in sides]).inside(whole) for sides in found)
    return [box for box in boxes if box is not None]


def _box(sides: Sequence[float]) -> Box:
    """Left, top, width and height in whole pixels; a detector may look beyond the edges."""
    left, top, width, height = map(round, sides)
    return Box(max(0, left), max(0, top), max(1, width), max(1, height))


def _detect(image: pyvips.Image) -> Sequence[Sequence[float]]:
    import cv2

    pixels = image.numpy()
    if model := os.environ.get(_MODEL_VARIABLE):
        detector = cv2.FaceDetectorYN.create(model, "", (image.width, image.height), _YUNET_SCORE)
        _, faces = detector.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        return [] if faces is None else [face[:4].tolist() for face in faces]
    grey = cv2.equalizeHist(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    boxes = _cascade().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=6, minSize=(_LEAST_FACE, _LEAST_FACE))
    return [list(map(float, box)) for box in boxes]


@functools.cache
def _cascade() -> Any:
    """The frontal faces that OpenCV's wheels bring with them (those of version 5 no longer do)."""
    import cv2
    import cv2.data

    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, "haarcascade_frontalface_default.xml")))


def window(whole: Size, target: Size, faces: Sequence[Box], *, zoom: float, least: Size) -> Box:
    """The part of the picture, in the aspect of `target`, that shows the faces.

    It is as large as the picture allows at zoom 0 and as small as the faces allow at 1, but not below `least`.
    """
    left, right = min(face.left for face in faces), max(face.left + face.width for face in faces)
    top, bottom = min(face.top for face in faces), max(face.top + face.height for face in faces)
    margin = _MARGIN * max(right - left, bottom - top)
    aspect = target.width / target.height
    widest = min(float(whole.width), whole.height * aspect)
    tightest = max(right - left + 2 * margin, (bottom - top + 2 * margin) * aspect, least.width, least.height * aspect)
    width = widest - (widest - min(widest, tightest)) * zoom
    height = width / aspect
    middle, center = (left + right) / 2, (top + bottom) / 2
    return Box(
        _start(middle, width, whole.width),
        _start(center, height, whole.height),
        min(whole.width, max(1, round(width))),
        min(whole.height, max(1, round(height))),
    )


def _start(middle: float, length: float, whole: int) -> int:
    """Where a length begins that lies about its middle, moved inside the whole."""
    return max(0, min(round(middle - length / 2), whole - max(1, round(length))))
