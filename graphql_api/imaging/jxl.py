"""The size of a JPEG XL picture, by its header alone (ISO/IEC 18181-1, SizeHeader; 18181-2 for the boxes)."""

from __future__ import annotations

from pathlib import Path

from graphql_api.domain.geometry import Size

_CODESTREAM = b"\xff\x0a"
_HEAD = 64 * 1024  # of a box file: metadata may come before the picture
_WIDTHS = (9, 13, 18, 30)  # bits of a side, by its selector
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def measure(path: Path) -> Size:
    """Width and height as stored. ValueError when there is no header."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    at = 0 if head.startswith(_CODESTREAM) else _find_codestream(head)
    bits = _Bits(int.from_bytes(head[at + 2 : at + 18], "little"))
    small = bits.take(1) == 1
    height = _side(bits, small=small)
    if ratio := _RATIOS.get(bits.take(3)):
        return Size(height * ratio[0] // ratio[1], height)
    return Size(_side(bits, small=small), height)


def _find_codestream(head: bytes) -> int:
    """Where the codestream begins in a file of boxes."""
    at = 0
    while at + 8 <= len(head):
        size, kind = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        start = at + (16 if size == 1 else 8)
        if kind == b"jxlp":
            start += 4  # a counter
        if kind in (b"jxlc", b"jxlp") and head.startswith(_CODESTREAM, start):
            return start
        if size < 8:  # noqa: PLR2004 - a box is at least its own header; 0 runs to the end of the file
            break
        at += size
    raise ValueError("no codestream")


def _side(bits: _Bits, *, small: bool) -> int:
    if small:
        return (bits.take(5) + 1) * 8
    return bits.take(_WIDTHS[bits.take(2)]) + 1


class _Bits:
    """Bits from the lowest up."""

    def __init__(self, number: int) -> None:
        self._left = number

    def take(self, count: int) -> int:
        """The next bits as a number."""
        taken = self._left & ((1 << count) - 1)
        self._left >>= count
        return taken
