"""JPEG read by libjpeg-turbo as simplejpeg has it, compiled for speed: in the wheel of libvips it is compiled for size.

The pixels are the same. Only what is common is read here, in grey or colour and of a bounded size; the rest, and all
that is damaged beyond reading, is left to libvips.
"""

from __future__ import annotations

from pathlib import Path

import pyvips
import simplejpeg

_MOST_PIXELS = 8_000_000  # held in memory whole here, while they come through libvips row by row
_COLORSPACES = {"b-w": "GRAY", "srgb": "RGB"}
_BLOBS = ("exif-data", "icc-profile-data", "iptc-data", "xmp-data")


def decode(path: Path, header: pyvips.Image) -> pyvips.Image | None:
    """The picture in the size of `header`, which is the same file opened by libvips; None when libvips must read it.

    It has the metadata of that. What is damaged is shown as far as it goes, as by libvips.
    """
    colorspace = _COLORSPACES.get(header.interpretation)
    if colorspace is None or header.width * header.height > _MOST_PIXELS:
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
