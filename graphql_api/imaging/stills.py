"""Stills written by libjpeg-turbo (simplejpeg), libwebp and libavif (Pillow): compiled for speed, as libvips' are not.

Figures: docs/adr/0005-encoder-settings.md.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyvips
import simplejpeg
from PIL import Image

from graphql_api.domain.format import Format

_MOST_PIXELS = 8_000_000  # held in memory whole here, while libvips takes them row by row
_MODES = {("b-w", 1): "L", ("b-w", 2): "LA", ("srgb", 3): "RGB", ("srgb", 4): "RGBA"}
_JPEG_SPACES = {1: "GRAY", 3: "RGB"}
_LOSSLESS = 100

# What better Huffman tables save: a hundredth of a photograph's bytes, a tenth of what is below one of these.
_SMALL = 16 * 1024  # bytes
_PLAIN_BITS = 1.0  # a pixel

_FULL_COLOR_QUALITY = 90  # from here on colours keep their full resolution, as by libvips

_AVIF = {
    "speed": 9,
    "max_threads": 1,  # a second one takes processor time from another worker and was no faster
    "autotiling": False,  # it would make the bytes depend on the threads
}
_QUICK = {"disable-trellis-quant": "1"}
_QUICKER = _QUICK | {"deltaq-mode": "0", "tune": "ssim"}  # a sixth less time; below worse, above more bytes
_QUICKER_QUALITIES = range(50, _FULL_COLOR_QUALITY)


def encode(image: pyvips.Image, target: Format, quality: int) -> bytes | None:
    """The file, without metadata; None when libvips must write it. pyvips.Error, MemoryError."""
    encoder = _ENCODERS.get(target)
    known = image.format == "uchar" and (image.interpretation, image.bands) in _MODES
    if encoder is None or not known or image.width * image.height > _MOST_PIXELS:
        return None
    try:
        return encoder(image, quality)
    except (OSError, RuntimeError, ValueError):  # as which these libraries also tell that they got no memory
        return None


def _jpeg(image: pyvips.Image, quality: int) -> bytes | None:
    """With the usual Huffman tables, unless better ones would save much: they take more time than all else."""
    if image.bands not in _JPEG_SPACES:
        return None
    data = image.write_to_memory()
    samples = np.frombuffer(data, np.uint8).reshape(image.height, image.width, image.bands)
    colors = _subsampling(quality)
    tables = "Gray" if image.bands == 1 else colors.replace(":", "")
    content: bytes = simplejpeg.encode_jpeg(samples, quality, _JPEG_SPACES[image.bands], tables)
    if len(content) > _SMALL and 8 * len(content) > image.width * image.height * _PLAIN_BITS:
        return content
    return _by_pillow(image, data, "JPEG", {"quality": quality, "optimize": True, "subsampling": colors})


def _webp(image: pyvips.Image, quality: int) -> bytes | None:
    if quality == _LOSSLESS:
        return None
    return _by_pillow(image, image.write_to_memory(), "WEBP", {"quality": quality, "method": 2})


def _avif(image: pyvips.Image, quality: int) -> bytes | None:
    advanced = _QUICKER if quality in _QUICKER_QUALITIES else _QUICK
    options = {"quality": quality, "subsampling": _subsampling(quality), "advanced": advanced}
    return _by_pillow(image, image.write_to_memory(), "AVIF", _AVIF | options)


def _by_pillow(image: pyvips.Image, data: bytes, kind: str, options: Mapping[str, Any]) -> bytes:
    mode = _MODES[image.interpretation, image.bands]
    picture = Image.frombuffer(mode, (image.width, image.height), data, "raw", mode, 0, 1)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _subsampling(quality: int) -> str:
    return "4:2:0" if quality < _FULL_COLOR_QUALITY else "4:4:4"


_ENCODERS: dict[Format, Callable[[pyvips.Image, int], bytes | None]] = {
    Format.JPEG: _jpeg,
    Format.WEBP: _webp,
    Format.AVIF: _avif,
}
