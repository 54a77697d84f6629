"""What a row knows of an original, for media and for their earlier versions."""

from __future__ import annotations

import functools
from typing import Any

from graphql_api.db.rows import Row
from graphql_api.domain.format import Format
from graphql_api.domain.media import Original


def to_original(row: Row) -> Original:
    """The original of a row."""
    return _original((row["format"], row["width"], row["height"], row["frames"], row["has_alpha"], row["transformable"]))


@functools.lru_cache(maxsize=4096)  # those of one camera are alike
def _original(columns: tuple[Any, ...]) -> Original:
    kind, width, height, frames, has_alpha, transformable = columns
    return Original(Format(kind), width, height, frames, bool(has_alpha), bool(transformable))


def original_columns(original: Original) -> dict[str, Any]:
    """The columns of an original."""
    return {
        "format": original.format,
        "width": original.width,
        "height": original.height,
        "frames": original.frames,
        "has_alpha": original.has_alpha,
        "transformable": original.transformable,
    }
