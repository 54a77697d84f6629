"""What of an original's metadata a rendition has. Orientation and colour profile are applied to pixels and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.output import Metadata

if TYPE_CHECKING:
    from PIL.Image import Exif

_EXIF = "exif-data"
_OTHERS = ("xmp-data", "iptc-data")
_ARTIST, _COPYRIGHT, _ORIENTATION = 0x013B, 0x8298, 0x0112
_PREFIX = b"Exif\0\0"
_MAX_RIGHTS = 2000  # characters of each of the two


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a file says beside its pixels, as it is; of EXIF without the prefix that JPEG puts before it."""

    exif: bytes | None
    others: Mapping[str, bytes]


def read(image: pyvips.Image) -> Blocks:
    """The blocks of an opened file: its pixels will go through operations that do not all carry them."""
    exif = bytes(image.get(_EXIF)).removeprefix(_PREFIX) if image.get_typeof(_EXIF) else None
    return Blocks(exif, {name: bytes(image.get(name)) for name in _OTHERS if image.get_typeof(name)})


def attach(image: pyvips.Image, blocks: Blocks, target: Format, kept: Metadata) -> tuple[pyvips.Image, str]:
    """The image with the metadata that is to be written, and libvips' word for what it shall write."""
    if kept is Metadata.KEEP:
        image = _with_exif(image, _upright(blocks.exif))
        for name, block in blocks.others.items():
            image.set_type(pyvips.GValue.blob_type, name, block)
        return image, "exif|xmp|iptc"
    rights = _rights(blocks.exif) if kept is Metadata.COPYRIGHT and target is Format.JPEG else None
    return (_with_exif(image, rights), "exif") if rights else (image, "none")


def _with_exif(image: pyvips.Image, block: bytes | None) -> pyvips.Image:
    """The image with this EXIF block and nothing of what libvips had read from another."""
    image = image.copy()
    for name in image.get_fields():
        if name.startswith("exif-") or name in ("orientation", "jpeg-thumbnail-data"):
            image.remove(name)
    if block:
        image.set_type(pyvips.GValue.blob_type, _EXIF, _PREFIX + block)
    return image


def _rights(block: bytes | None) -> bytes | None:
    """An EXIF block with artist and copyright alone; None when the original names neither."""
    from PIL import Image

    if block is None:
        return None
    theirs, ours = _parse(block), Image.Exif()
    for tag in (_ARTIST, _COPYRIGHT):
        text = theirs.get(tag)
        if isinstance(text, str) and (words := text.strip("\0 ")):
            ours[tag] = words[:_MAX_RIGHTS]
    return ours.tobytes().removeprefix(_PREFIX) if ours else None


def _upright(block: bytes | None) -> bytes | None:
    """The same block, for pixels that were turned upright."""
    if block is None:
        return None
    exif = _parse(block)
    exif[_ORIENTATION] = 1
    return exif.tobytes().removeprefix(_PREFIX)


def _parse(block: bytes) -> Exif:
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(_PREFIX + block)
    except Exception:  # noqa: BLE001 - a block that cannot be read is one that has nothing to keep
        return Image.Exif()
    return exif
