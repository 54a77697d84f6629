"""What of an original's metadata a rendition has. Orientation and colour profile are applied to pixels and dropped."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.output import Metadata
from graphql_api.imaging.exif import parse_exif

_EXIF = "exif-data"
_OTHERS = ("xmp-data", "iptc-data")
_ARTIST, _COPYRIGHT, _ORIENTATION = 0x013B, 0x8298, 0x0112
_PREFIX = b"Exif\0\0"
_MAX_SEGMENT = 65_500  # bytes: what a JPEG's segment holds
_HEADER = struct.Struct("<2sHI")  # of a TIFF: byte order, 42, where the first directory is
_ENTRY = struct.Struct("<HHI4s")  # tag, type, count, the value or where it is
_ASCII = 2


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a file says beside its pixels, as it is; of EXIF without the prefix that JPEG puts before it."""

    exif: bytes | None
    others: Mapping[str, bytes]


def read(image: pyvips.Image) -> Blocks:
    """The blocks of an opened file: its pixels will go through operations that do not all carry them."""
    exif = bytes(image.get(_EXIF)).removeprefix(_PREFIX) if image.get_typeof(_EXIF) else None
    return Blocks(exif, {name: bytes(image.get(name)) for name in _OTHERS if image.get_typeof(name)})


@dataclass(frozen=True, slots=True)
class Carried:
    """What goes out: libvips' word for what it shall write of the image's own, and an EXIF block for a JPEG's head."""

    keep: str = "none"
    head: bytes | None = None


NOTHING = Carried()


def attach(image: pyvips.Image, blocks: Blocks, target: Format, kept: Metadata) -> tuple[pyvips.Image, Carried]:
    """The image with the metadata that is to be written, and how."""
    if kept is Metadata.KEEP:
        upright = _upright(blocks.exif)
        is_jpeg = target is Format.JPEG
        image = _with_exif(image, None if is_jpeg else upright)
        for name, block in blocks.others.items():
            image.set_type(pyvips.GValue.blob_type, name, block)
        return image, Carried("xmp|iptc", upright) if is_jpeg else Carried("exif|xmp|iptc")
    rights = _rights(blocks.exif) if kept is Metadata.COPYRIGHT and target is Format.JPEG else None
    return image, Carried(head=rights)


def with_head(jpeg: bytes, block: bytes | None) -> bytes:
    """A JPEG with this EXIF block. Written by ourselves, because libvips makes question marks of all but ASCII."""
    if block is None or len(block) > _MAX_SEGMENT:
        return jpeg
    body = _PREFIX + block
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


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
    exif = parse_exif(block) if block else None
    if exif is None:
        return None
    texts = {_ARTIST: exif.artist, _COPYRIGHT: exif.copyright}
    return _write({tag: text.encode() + b"\0" for tag, text in texts.items() if text})


def _write(texts: Mapping[int, bytes]) -> bytes | None:
    """A TIFF structure of one directory with these texts; those of up to four bytes stand in their entries."""
    if not texts:
        return None
    behind = _HEADER.size + 2 + _ENTRY.size * len(texts) + 4
    entries, values = b"", b""
    for tag, text in sorted(texts.items()):
        place = (behind + len(values)).to_bytes(4, "little")
        entries += _ENTRY.pack(tag, _ASCII, len(text), text.ljust(4, b"\0") if len(text) <= len(place) else place)
        values += b"" if len(text) <= len(place) else text + b"\0" * (len(text) % 2)
    return _HEADER.pack(b"II", 42, _HEADER.size) + len(texts).to_bytes(2, "little") + entries + bytes(4) + values


def _upright(block: bytes | None) -> bytes | None:
    """The same block, for pixels that were turned upright: one number in its first directory is another."""
    order: Literal["little", "big"] = "little" if block and block.startswith(b"II") else "big"
    if block is None or len(block) < _HEADER.size:
        return None
    patched = bytearray(block)
    start = int.from_bytes(block[4:8], order)
    if start + 2 > len(block):
        return None
    for at in range(start + 2, start + 2 + _ENTRY.size * int.from_bytes(block[start : start + 2], order), _ENTRY.size):
        if int.from_bytes(block[at : at + 2], order) == _ORIENTATION and at + _ENTRY.size <= len(block):
            patched[at + 8 : at + 10] = (1).to_bytes(2, order)
    return bytes(patched)
