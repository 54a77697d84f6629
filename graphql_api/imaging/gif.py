"""Whether a GIF is whole. libvips takes one that is cut between two frames for a shorter animation.

Block structure: GIF89a specification, sections 15 to 27.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_HEADER = 13
_TRAILER, _EXTENSION, _IMAGE = 0x3B, 0x21, 0x2C
_DESCRIPTOR = 9


def is_whole(path: Path) -> bool:
    """Whether the file's blocks lead to its trailer."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _walk(data)
        except IndexError:
            return False


def _walk(data: mmap.mmap) -> bool:
    at = _HEADER + _table_size(data[10])
    while (block := data[at]) != _TRAILER:
        if block == _EXTENSION:
            at = _skip_data(data, at + 2)
        elif block == _IMAGE:
            table = _table_size(data[at + _DESCRIPTOR])
            at = _skip_data(data, at + 1 + _DESCRIPTOR + table + 1)
        else:
            return False
    return True


def _table_size(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_data(data: mmap.mmap, at: int) -> int:
    """The place behind a chain of sub-blocks."""
    while length := data[at]:
        at += length + 1
    return at + 1
