"""What a row knows of an original, for media and for their earlier versions."""

from __future__ import annotations

from typing import Any

from graphql_api.db.rows import Row
from graphql_api.domain.format import Format
from graphql_api.domain.media import Original


def to_original(row: Row) -> Original:
    """The original of a row."""
    return Original(
        Format(row["format"]),
        row["width"],
        row["height"],
        row["frames"],
        bool(row["has_alpha"]),
        bool(row["transformable"]),
    )


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
