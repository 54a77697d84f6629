"""Where faces are, and the part of a picture that shows them. Without OpenCV there are none to be found.

They are found by the network YuNet where its file is configured, or else by the cascade that OpenCV's wheels have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyvips

from graphql_api.domain.geometry import Box, Size
from graphql_api.errors import NotConfigured
from graphql_api.imaging import abilities
from graphql_api.imaging.models import MODELS, UnusableModelError

if TYPE_CHECKING:
    from graphql_api.imaging.arrays import Pixels

LONGEST = 640  # pixels of the picture that is searched: small faces in large groups are still found
_LEAST_FACE = 24
_MARGIN = 0.35  # of the faces' box, on each side: a face needs its hair and chin
_YUNET_SCORE = 0.7

Sides = Sequence[float]  # left, top, width and height
Detector = Callable[["Pixels"], Sequence[Sides]]


def find(image: pyvips.Image) -> list[Box]:
    """The faces in an upright sRGB picture, in its pixels. NotConfigured when the model cannot be used."""
    if not abilities.sees():
        return []
    scale = min(1.0, LONGEST / max(image.width, image.height))
    small = image.resize(scale) if scale < 1 else image
    flat = small.flatten() if small.hasalpha() else small
    try:
        found = detector(MODELS.get().faces)(flat.colourspace("srgb").numpy())
    except UnusableModelError as error:
        raise NotConfigured("The model with which this server finds faces cannot be used.") from error
    whole = Size(image.width, image.height)
    boxes = (_box([side / scale for side in sides], whole) for sides in found)
    return [box for box in boxes if box is not None]


def _box(sides: Sides, whole: Size) -> Box | None:
    """In whole pixels; a detector may look beyond the edges."""
    left, top, width, height = sides
    start, end = max(0, round(left)), min(whole.width, round(left + width))
    above, below = max(0, round(top)), min(whole.height, round(top + height))
    return Box(start, above, end - start, below - above) if end > start and below > above else None


@functools.cache
def detector(model: Path | None) -> Detector:
    """What finds faces in the pixels of an sRGB picture: the YuNet in this file, or the cascade. UnusableModelError."""
    return _cascade() if model is None else _yunet(model)


def _cascade() -> Detector:
    """The frontal faces that OpenCV's wheels bring with them (those of version 5 no longer do)."""
    import cv2
    import cv2.data

    cascade = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, "haarcascade_frontalface_default.xml")))

    def detect(pixels: Pixels) -> Sequence[Sides]:
        grey = cv2.equalizeHist(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        boxes = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=6, minSize=(_LEAST_FACE, _LEAST_FACE))
        return [list(map(float, box)) for box in boxes]

    return detect


def _yunet(model: Path) -> Detector:
    import cv2

    try:
        network = cv2.FaceDetectorYN.create(str(model), "", (LONGEST, LONGEST), _YUNET_SCORE)
    except cv2.error as error:
        raise UnusableModelError(f"{model} cannot be loaded as a YuNet: {error.err}") from error

    def detect(pixels: Pixels) -> Sequence[Sides]:
        try:
            network.setInputSize((pixels.shape[1], pixels.shape[0]))
            _, faces = network.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        except cv2.error as error:
            raise UnusableModelError(f"{model} failed: {error.err}") from error
        return [] if faces is None else [face[:4].tolist() for face in faces]

    return detect


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
