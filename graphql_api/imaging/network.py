"""Foregrounds by a network in an ONNX file, of the families U2-Net, ISNet or BiRefNet, run by ONNX Runtime on one core.

What a file does not say itself follows from its family, and that from the file's metadata property `family`, its name,
or the name of its graph; a file of no family that is known counts as a BiRefNet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from graphql_api.imaging.arrays import Floats, Pixels
from graphql_api.imaging.models import UnusableModelError

Color = tuple[float, float, float]
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

_ELEMENTS: dict[str, np.dtype[Any]] = {"tensor(float)": np.dtype("f4"), "tensor(float16)": np.dtype("f2")}
_PLANES = 4  # dimensions of an input: pictures, channels, rows, columns
_CHANNELS = 3
_LONGEST = 4096  # a file that asks for larger pictures than that is none of these
_SILENT = 4  # ONNX Runtime's log level for what is fatal

_ROUNDING = 0.01  # how far beyond 0 and 1 a probability may be for its number format
_MOST_LOGIT = 30.0
_LEAST_SPREAD = 0.05  # an answer with less is of a picture without foreground: stretched, it would be noise


@dataclass(frozen=True, slots=True)
class Family:
    """What a kind of network was trained with, and what its answer means."""

    words: tuple[str, ...]  # that tell it, in names
    mean: Color
    deviation: Color
    side: int  # of the square it takes, where the file leaves it open
    finest: int  # which of several answers is the one
    by_peak: bool = False  # colours count relative to the brightest, not to white
    stretches: bool = False  # its answer is meant relative to its own lowest and highest


# Which and why: docs/operations.md. RMBG 1.4 is an ISNet and 2.0 a BiRefNet: the longer word is asked for first.
_BIREFNET = Family(("birefnet", "rmbg-2", "rmbg2"), _IMAGENET_MEAN, _IMAGENET_DEVIATION, 1024, finest=-1)
_ISNET = Family(("isnet", "is-net", "rmbg"), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), 1024, finest=0, stretches=True)
_U2NET = Family(
    ("u2net", "u2-net", "silueta"), _IMAGENET_MEAN, _IMAGENET_DEVIATION, 320, finest=0, by_peak=True, stretches=True
)
_FAMILIES = (_BIREFNET, _ISNET, _U2NET)


@dataclass(frozen=True, slots=True)
class Network:
    """A segmenter that asks a network."""

    name: str
    session: onnxruntime.InferenceSession
    family: Family
    width: int
    height: int
    element: np.dtype[Any]

    def mask(self, pixels: Pixels) -> Pixels:
        """255 where the foreground is. UnusableModelError when the network fails, or answers with something else."""
        small = _resize(pixels, self.width, self.height).astype(np.float32)
        small /= max(1.0, float(small.max())) if self.family.by_peak else 255.0
        normal = (small - np.array(self.family.mean)) / np.array(self.family.deviation)
        planes = np.ascontiguousarray(normal.transpose(2, 0, 1)[None], dtype=self.element)
        answer = _probabilities(self._ask(planes), stretched=self.family.stretches)
        height, width = pixels.shape[:2]
        return np.clip(np.round(_resize(answer, width, height) * 255), 0, 255).astype(np.uint8)

    def _ask(self, planes: np.ndarray[Any, Any]) -> Floats:
        try:
            output = self.session.get_outputs()[self.family.finest].name
            (answer,) = self.session.run([output], {self.session.get_inputs()[0].name: planes})
            values = np.asarray(answer, dtype=np.float32)
        except Exception as error:
            raise UnusableModelError(f"{self.name} failed: {_reason(error)}") from error
        if values.ndim < 2 or values.size != np.prod(values.shape[-2:]):  # noqa: PLR2004 - rows and columns
            raise UnusableModelError(f"{self.name} answers with an array of {values.shape}, which is not one mask")
        if not np.isfinite(values).all():
            raise UnusableModelError(f"{self.name} answers with what is not a number")
        return values.reshape(values.shape[-2:])


def load(path: Path) -> Network:
    """The network in the file, ready to be asked. UnusableModelError."""
    if not path.is_file():
        raise UnusableModelError(f"there is no file {path}")
    try:
        session = onnxruntime.InferenceSession(str(path), _options(), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise UnusableModelError(f"{path} cannot be loaded: {_reason(error)}") from error
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise UnusableModelError(f"{path} wants {len(inputs)} inputs, and not one picture")
    family = _family(session, path)
    width, height = _size(path, inputs[0].shape, family)
    if inputs[0].type not in _ELEMENTS:
        raise UnusableModelError(f"{path} wants elements of {inputs[0].type}; it must be float or float16")
    return Network(path.name, session, family, width, height, _ELEMENTS[inputs[0].type])


def _options() -> onnxruntime.SessionOptions:
    """One thread, for a worker has one core; no arena, so that what a run took is given back after it."""
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = _SILENT
    return options


def _reason(error: Exception) -> str:
    """One line of what went wrong; who runs out of memory seldom says so."""
    if isinstance(error, MemoryError) or "alloc" in str(error):
        return "IMAGING_MEMORY_MB is too small for it"
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _family(session: onnxruntime.InferenceSession, path: Path) -> Family:
    facts = session.get_modelmeta()
    for text in (facts.custom_metadata_map.get("family", ""), path.name, facts.graph_name):
        for family in _FAMILIES:
            if any(word in text.lower().replace("_", "-") for word in family.words):
                return family
    return _BIREFNET


def _size(path: Path, shape: Sequence[int | str | None], family: Family) -> tuple[int, int]:
    """Width and height of the picture that an input of this shape wants."""
    sides = [side if isinstance(side, int) else None for side in shape]  # others are names of what is left open
    if len(sides) == _PLANES:
        pictures, channels, height, width = sides
        size = width or family.side, height or family.side
        if pictures in (1, None) and channels in (_CHANNELS, None) and max(size) <= _LONGEST:
            return size
    raise UnusableModelError(f"{path} wants an input of {shape}, and not one of [1, 3, height, width]")


def _probabilities(values: Floats, *, stretched: bool) -> Floats:
    """0 to 1, whatever of it the network left undone."""
    if values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING:
        values = np.reciprocal(1 + np.exp(-np.clip(values, -_MOST_LOGIT, _MOST_LOGIT)), dtype=np.float32)
    lowest, highest = float(values.min()), float(values.max())
    if stretched and highest - lowest > _LEAST_SPREAD:
        values = (values - lowest) / (highest - lowest)
    return np.asarray(values, dtype=np.float32)


def _resize(values: Any, width: int, height: int) -> Any:
    """Smoothly; by areas where it becomes smaller."""
    shrinks = width * height < values.shape[0] * values.shape[1]
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
