"""Native `?w=400&fit=cover` <-> Transform: a table, one row per parameter. docs/transforms.md is checked against it.

The surface is forgiving: an invalid or unknown value is ignored, the image always loads (contracts/imgpro.md 2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from graphql_api.domain.geometry import Fit
from graphql_api.domain.media import Format, parse_format
from graphql_api.domain.transform import Output, Stage, Transform, format_size, named_size
from graphql_api.errors import InvalidInput

_MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """The one stage and the output that a native query can express."""

    stage: Stage = Stage()
    output: Output = Output()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row: the names in a query (the first is the one we write), how it is read into `Asked`, how it is written.

    `parse` raises ValueError or InvalidInput for a value it does not know; `format` gives None for "not asked".
    """

    names: tuple[str, ...]
    parse: Callable[[Asked, str], Asked]
    format: Callable[[Asked], str | int | None]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise ValueError(text)
    return int(text)


def _format(text: str) -> Format:
    if (parsed := parse_format(text)) is None:
        raise ValueError(text)
    return parsed


def _stage(asked: Asked, stage: Stage) -> Asked:
    return replace(asked, stage=stage)


def _output(asked: Asked, output: Output) -> Asked:
    return replace(asked, output=output)


# Sizes come first: `size` gives way to an explicit width or height, which Stage refuses to combine.
PARAMETERS = (
    Parameter(
        ("w", "width"),
        lambda asked, text: _stage(asked, replace(asked.stage, width=_count(text))),
        lambda asked: asked.stage.width,
    ),
    Parameter(
        ("h", "height"),
        lambda asked, text: _stage(asked, replace(asked.stage, height=_count(text))),
        lambda asked: asked.stage.height,
    ),
    Parameter(
        ("size",),
        lambda asked, text: asked if asked.stage.has_box else _stage(asked, named_size(text)),
        lambda asked: format_size(asked.stage),
    ),
    Parameter(
        ("fit",),
        lambda asked, text: _stage(asked, replace(asked.stage, fit=Fit(text))) if asked.stage.has_box else asked,
        lambda asked: asked.stage.fit.value if asked.stage.fit is not Fit.SCALE_DOWN else None,
    ),
    Parameter(
        ("format", "f"),
        lambda asked, text: _output(asked, replace(asked.output, format=_format(text))),
        lambda asked: asked.output.format,
    ),
    Parameter(
        ("q", "quality"),
        lambda asked, text: _output(asked, replace(asked.output, quality=_count(text))),
        lambda asked: asked.output.quality,
    ),
)


def parse_query(pairs: Iterable[tuple[str, str]]) -> Transform:
    """The transform that the query's pairs ask for; of a repeated parameter the last counts."""
    query = dict(pairs)
    asked = Asked()
    for row in PARAMETERS:
        asked = _read(row, asked, query)
    return Transform((asked.stage,), asked.output)


def _read(row: Parameter, asked: Asked, query: Mapping[str, str]) -> Asked:
    """`asked` with the first of the row's names that has a good value."""
    for name in row.names:
        if name in query:
            try:
                return row.parse(asked, query[name])
            except (ValueError, InvalidInput):
                continue
    return asked


def format_query(transform: Transform) -> str:
    """The query that parses into this transform again (it has one stage at the most)."""
    asked = Asked(transform.stages[0] if transform.stages else Stage(), transform.output)
    pairs = ((row.names[0], row.format(asked)) for row in PARAMETERS)
    return urlencode([(name, value) for name, value in pairs if value is not None])


def parse_image_query(pairs: Iterable[tuple[str, str]], extension: str | None) -> Transform | None:
    """The transform of an image URL: `format=` beats the extension. None when the extension is no format."""
    transform = parse_query(pairs)
    if not extension:
        return transform
    target = parse_format(extension)
    if target is None:
        return None
    return transform if transform.output.format else transform.in_format(target)


def format_image_url(source_url: str, storage: str, uid: str, transform: Transform, target: Format) -> str:
    """The address of a rendition; the extension carries the format, the query the rest."""
    if not transform.stages and transform.output.quality is None:
        return f"{source_url}/{storage}/{uid}.{target}"
    query = format_query(replace(transform, output=replace(transform.output, format=None)))
    return f"{source_url}/{storage}/{uid}.{target}" + (f"?{query}" if query else "")
