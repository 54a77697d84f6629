"""What a row knows of an original, for media and for their earlier versions."""

from __future__ import annotations

import functools
from typing import Any

from graphql_api.db.rows import Row
from graphql_api.domain.format import Format
from graphql_api.domain.media import Original

ORIGINAL_COLUMNS = ("format", "width", "height", "frames", "has_alpha", "transformable")


def to_original(row: Row) -> Original:
    """The original of a row."""
    return _original(tuple(row[name] for name in ORIGINAL_COLUMNS))


@functools.lru_cache(maxsize=4096)  # those of one camera are alike
def _original(columns: tuple[Any, ...]) -> Original:
    kind, width, height, frames, has_alpha, transformable = columns
    return Original(Format(kind), width, height, frames, bool(has_alpha), bool(transformable))


def original_columns(original: Original) -> dict[str, Any]:
    """The columns of an original."""
    return {name: getattr(original, name) for name in ORIGINAL_COLUMNS}
