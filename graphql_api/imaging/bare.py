"""Whether a file holds its picture and nothing else: no metadata, no comments, nothing behind its end.

Only such a file may be served as it is. What it is made of is compared with what is known to be harmless, never with
what is known to be private: a file that cannot be followed to its very end is not bare.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graphql_api.domain.format import Format

_MOST = 32 * 1024 * 1024  # larger files are encoded anew, whatever they hold


def is_bare(path: Path, source: Format) -> bool:
    """Whether the file tells nothing beside its picture. False for formats that are not looked into."""
    if source not in _WALKS or path.stat().st_size > _MOST:
        return False
    try:
        return _WALKS[source](path.read_bytes())
    except (IndexError, ValueError):
        return False


# JPEG (ITU-T T.81, annex B): tables, frames and scans; of the application segments plain JFIF, and Adobe's.
_JPEG_TABLES = {0xDB, 0xC4, 0xDD, 0xC0, 0xC1, 0xC2}
_JPEG_SEGMENTS = {0xE0: (b"JFIF\0", 16), 0xEE: (b"Adobe", 14)}  # how they begin, how long they are
_NO_THUMBNAIL = b"\0\0"  # its width and height, where a JFIF segment ends
_MARKER, _START_OF_SCAN, _END, _JFIF = 0xFF, 0xDA, 0xD9, 0xE0


def _jpeg(data: bytes) -> bool:
    at = 2
    while data[at] == _MARKER:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _END:
            return at + 2 == len(data)
        if marker == _START_OF_SCAN:
            at = _behind_scan(data, at + 2 + length)
            continue
        if marker not in _JPEG_TABLES and not _is_known(data, at, marker, length):
            return False
        at += 2 + length
    return False


def _is_known(data: bytes, at: int, marker: int, length: int) -> bool:
    head, size = _JPEG_SEGMENTS.get(marker, (b"", 0))
    if length != size or not data.startswith(head, at + 4):
        return False
    return marker != _JFIF or data[at + size : at + 2 + size] == _NO_THUMBNAIL


def _behind_scan(data: bytes, at: int) -> int:
    """The marker that ends a scan: one that is neither a stuffed byte (00) nor a restart (D0 to D7)."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:  # noqa: PLR2004
            return at
        at += 2


_PNG_CHUNKS = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"sRGB",
    b"gAMA",
    b"cHRM",
    b"sBIT",
    b"bKGD",
    b"pHYs",
    b"iDOT",
}


def _png(data: bytes) -> bool:
    at = 8
    while True:
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind not in _PNG_CHUNKS:
            return False
        at += 12 + length
        if kind == b"IEND":
            return at == len(data)


_WEBP_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}  # stills: the frames of others have chunks of their own


def _webp(data: bytes) -> bool:
    if int.from_bytes(data[4:8], "little") + 8 != len(data):
        return False
    at = 12
    while at < len(data):
        if data[at : at + 4] not in _WEBP_CHUNKS:
            return False
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return at == len(data)


# GIF89a, sections 18 to 27: frames, how each is shown, and how often all of them are.
_GIF_HEADER, _GIF_DESCRIPTOR = 13, 10
_GIF_TRAILER, _GIF_IMAGE = 0x3B, 0x2C
_GIF_CONTROL, _GIF_CONTROL_SIZE = b"\x21\xf9\x04", 8
_GIF_LOOPS = (b"\x21\xff\x0bNETSCAPE2.0\x03\x01", b"\x21\xff\x0bANIMEXTS1.0\x03\x01")
_GIF_LOOPS_SIZE = 19


def _gif(data: bytes) -> bool:
    at = _GIF_HEADER + _colors(data[_GIF_DESCRIPTOR])
    while data[at] != _GIF_TRAILER:
        if data[at] == _GIF_IMAGE:
            at += _GIF_DESCRIPTOR + _colors(data[at + _GIF_DESCRIPTOR - 1]) + 1
            while length := data[at]:
                at += length + 1
            at += 1
        elif data.startswith(_GIF_CONTROL, at) and data[at + _GIF_CONTROL_SIZE - 1] == 0:
            at += _GIF_CONTROL_SIZE
        elif data.startswith(_GIF_LOOPS, at) and data[at + _GIF_LOOPS_SIZE - 1] == 0:
            at += _GIF_LOOPS_SIZE
        else:
            return False
    return at + 1 == len(data)


def _colors(flags: int) -> int:
    """Bytes of the table of colours that the flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


_WALKS: dict[Format, Callable[[bytes], bool]] = {
    Format.JPEG: _jpeg,
    Format.PNG: _png,
    Format.WEBP: _webp,
    Format.GIF: _gif,
}
