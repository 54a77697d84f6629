"""A preset: a transform with a name, which a team may change while the addresses that name it stay."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import format_query, parse_query
from graphql_api.errors import InvalidInput

MAX_PRESETS = 100  # of a team
_TOGETHER = (
    frozenset({"w", "width", "h", "height", "size", "dpr"}),
    frozenset({"rotate", "angle", "flip"}),
)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Preset:
    """A name, and what it means as a native query."""

    name: str
    query: str
    created_at: dt.datetime
    updated_at: dt.datetime

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's parameters."""
        return parse_qsl(self.query)


def is_preset_name(text: str) -> bool:
    """Whether a preset can have this name, so that only such text reaches the database."""
    return _NAME.fullmatch(text) is not None


def check_preset_name(text: str) -> str:
    """The name. InvalidInput."""
    if not is_preset_name(text):
        raise InvalidInput("name", "A preset's name has 1 to 64 of a-z, 0-9, '_' and '-', the first a letter or digit.")
    return text


def with_preset(preset: Preset, transform: Transform) -> Transform:
    """The preset, and whatever a transform of one stage asks for in its place or beside it."""
    return parse_query(merged_pairs(preset, parse_qsl(format_query(transform))))


def merged_pairs(preset: Preset, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The preset's parameters and a query's own: of those that mean one thing together, the query's alone."""
    asked = {name for name, _ in pairs}
    replaced = {name for group in _TOGETHER if group & asked for name in group}
    return [*((name, text) for name, text in preset.pairs if name not in replaced), *pairs]


def preset_query(transform: Transform) -> str:
    """What is kept of a transform. InvalidInput when it asks for nothing."""
    if not (query := format_query(transform)):
        raise InvalidInput("transform", "A preset must change something.")
    return query
