"""JPEG read by libjpeg-turbo as simplejpeg has it, compiled for speed: in the wheel of libvips it is compiled for size.

The pixels are the same. Only what is common is read here, in grey or colour and of a bounded size; the rest, and all
that is damaged beyond reading, is left to libvips. Both shrink while they decode, which only pictures made of cosines
allow: of lossless JPEG simplejpeg would write past its memory, and libvips would show a corner.
"""

from __future__ import annotations

import mmap
from pathlib import Path

import pyvips
import simplejpeg

_MOST_PIXELS = 8_000_000  # held in memory whole here, while they come through libvips row by row
_COLORSPACES = {"b-w": "GRAY", "srgb": "RGB"}
_BLOBS = ("exif-data", "icc-profile-data", "iptc-data", "xmp-data")

# ITU-T T.81, annex B: frames of cosines with Huffman codes, baseline, extended and progressive; what may come before.
_FRAMES = (0xC0, 0xC1, 0xC2)
_BEFORE = frozenset((0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)))
_MARKER, _BITS = 0xFF, 8


def is_usual(path: Path) -> bool:
    """Whether the file is of the usual kind: cosines, Huffman codes, eight bits. False where that cannot be seen."""
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _is_usual(data)
        except (IndexError, ValueError):  # it ends too early, or is empty
            return False


def _is_usual(data: mmap.mmap | bytes) -> bool:
    """By its first frame's header, found as libjpeg finds it or not at all."""
    at = 2
    while data[at] == _MARKER:
        marker = data[at + 1]
        if marker in _FRAMES:
            return data[at + 4] == _BITS
        if marker not in _BEFORE:
            return False
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def decode(path: Path, header: pyvips.Image) -> pyvips.Image | None:
    """The picture in the size of `header`, which is the same file opened by libvips; None when libvips must read it.

    It has the metadata of that. What is damaged is shown as far as it goes, as by libvips.
    """
    colorspace = _COLORSPACES.get(header.interpretation)
    if colorspace is None or header.width * header.height > _MOST_PIXELS or not is_usual(path):
        return None
    try:
        pixels = simplejpeg.decode_jpeg(
            path.read_bytes(), colorspace, min_height=header.height, min_width=header.width, strict=False
        )
    except ValueError:
        return None
    height, width, bands = pixels.shape
    # Where a side does not divide, libvips leaves out the last row or column, which is only partly there.
    if bands != header.bands or not 0 <= height - header.height <= 1 or not 0 <= width - header.width <= 1:
        return None
    image = pyvips.Image.new_from_memory(pixels, width, height, bands, header.format)
    image = image.copy(interpretation=header.interpretation)
    if (width, height) != (header.width, header.height):
        image = image.crop(0, 0, header.width, header.height)
    for name in _BLOBS:
        if header.get_typeof(name):
            image.set_type(pyvips.GValue.blob_type, name, header.get(name))
    if header.get_typeof("orientation"):
        image.set_type(pyvips.GValue.gint_type, "orientation", header.get("orientation"))
    return image
