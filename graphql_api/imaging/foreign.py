"""Formats that other decoders than libvips read. Each is opened by its one plug-in; the size is known by the header.

HEIC: pi-heif (libheif with libde265, decoding only). AVIF, BMP, ICO: Pillow, whose AVIF decoder (dav1d) takes less than
half of the time of libvips' own. JPEG XL: imagecodecs, where it is installed.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.imaging import jxl

if TYPE_CHECKING:
    from PIL.Image import Image

_BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_GREY_BANDS = 2
_ORIENTATION = 0x0112  # the EXIF tag


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: rows of eight-bit samples without gaps, and what the file says beside them."""

    size: Size
    bands: int
    data: bytes
    icc: bytes | None = None
    exif: bytes | None = None
    orientation: int = 1


def lock_down(max_pixels: int) -> None:
    """Bound what Pillow decodes where a header hides its size: an icon may hold a PNG of any."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = max_pixels // 2  # it raises at twice the number, and warns before
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def measure(path: Path, source: Format) -> Size:
    """The size that the header claims, upright or not. pyvips.Error."""
    with _decoding():
        return _MEASURES[source](path)


def load(path: Path, source: Format) -> pyvips.Image:
    """The whole picture in memory, with its metadata under libvips' names. pyvips.Error."""
    with _decoding():
        picture = READERS[source](path)
    size = picture.size
    image = pyvips.Image.new_from_memory(picture.data, size.width, size.height, picture.bands, "uchar")
    image = image.copy(interpretation="b-w" if picture.bands <= _GREY_BANDS else "srgb")
    for name, blob in (("icc-profile-data", picture.icc), ("exif-data", picture.exif)):
        if blob:
            image.set_type(pyvips.GValue.blob_type, name, blob)
    if picture.orientation != 1:
        image.set_type(pyvips.GValue.gint_type, "orientation", picture.orientation)
    return image


@contextlib.contextmanager
def _decoding() -> Iterator[None]:
    """Whatever a decoder complains of, the file is what is wrong; lack of memory apart."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise pyvips.Error(f"another decoder: {error}") from error


def _read_heic(path: Path) -> Picture:
    """The decoder turns the picture upright itself; the EXIF orientation beside that must not be applied once more."""
    import pi_heif

    pi_heif.options.DECODE_THREADS = os.cpu_count() or 1
    file = pi_heif.open_heif(path, **_NOTHING_ELSE)
    width, height = file.size
    bands = _BANDS[file.mode]
    data = bytes(file.data)
    if file.stride != width * bands:
        data = b"".join(data[row * file.stride :][: width * bands] for row in range(height))
    return Picture(Size(width, height), bands, data, icc=file.info.get("icc_profile"), exif=file.info.get("exif"))


_NOTHING_ELSE = {"thumbnails": False, "depth_images": False, "aux_images": False}


def _measure_heic(path: Path) -> Size:
    import pi_heif

    return Size(*pi_heif.open_heif(path, **_NOTHING_ELSE).size)


def _open(path: Path, kind: str) -> Image:
    """The file by Pillow's plug-in of this name and no other."""
    from PIL import Image

    return Image.open(path, formats=[kind])


def _read_by_pillow(kind: str) -> Callable[[Path], Picture]:
    def read(path: Path) -> Picture:
        with _open(path, kind) as opened:
            opened.load()
            exif = opened.info.get("exif")
            orientation = int(opened.getexif().get(_ORIENTATION, 1)) if exif else 1
            image = opened if opened.mode in _BANDS else opened.convert(_plain_mode(opened))
            size = Size(image.width, image.height)
            icc = opened.info.get("icc_profile")
            return Picture(size, _BANDS[image.mode], image.tobytes(), icc=icc, exif=exif, orientation=orientation)

    return read


def _plain_mode(image: Image) -> str:
    """What a palette, one bit or sixteen become."""
    if image.mode in ("1", "I", "I;16"):
        return "L"
    return "RGBA" if image.has_transparency_data else "RGB"


def _measure_by_pillow(kind: str) -> Callable[[Path], Size]:
    def measure_header(path: Path) -> Size:
        with _open(path, kind) as opened:
            return Size(opened.width, opened.height)

    return measure_header


def _read_jxl(path: Path) -> Picture:
    """The first frame; libjxl turns it upright itself."""
    import imagecodecs

    samples = imagecodecs.jpegxl_decode(path.read_bytes(), index=0, numthreads=1)
    if samples.dtype.itemsize > 1:
        top = 1.0 if samples.dtype.kind == "f" else 65535.0
        samples = (samples.clip(0, top) * (255 / top)).astype("uint8")
    bands = samples.shape[2] if samples.ndim > 2 else 1  # noqa: PLR2004 - rows, columns, samples
    return Picture(Size(samples.shape[1], samples.shape[0]), bands, samples.tobytes())


READERS: dict[Format, Callable[[Path], Picture]] = {
    Format.HEIC: _read_heic,
    Format.AVIF: _read_by_pillow("AVIF"),
    Format.BMP: _read_by_pillow("BMP"),
    Format.ICO: _read_by_pillow("ICO"),
    Format.JXL: _read_jxl,
}
_MEASURES: dict[Format, Callable[[Path], Size]] = {
    Format.HEIC: _measure_heic,
    Format.AVIF: _measure_by_pillow("AVIF"),
    Format.BMP: _measure_by_pillow("BMP"),
    Format.ICO: _measure_by_pillow("ICO"),
    Format.JXL: jxl.measure,
}
