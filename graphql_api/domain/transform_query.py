"""Native `?w=400&fit=cover` <-> Transform: a table, one row per parameter. docs/transforms.md is checked against it.

The surface is forgiving: an invalid or unknown value is ignored, the image always loads (contracts/imgpro.md 2.1).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from graphql_api.domain import query_values as values
from graphql_api.domain.format import Format, parse_format
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.overlay import MAX_OVERLAYS, Overlay
from graphql_api.domain.stage import MAX_RADIUS, Filter, Stage, flip_and_turn
from graphql_api.domain.transform import SOCIAL, Transform, format_size, named_size
from graphql_api.errors import InvalidInput

MAX_DPR = 8
MAX_BLUR = 250
_CARD = named_size(SOCIAL)
_RIGHT_ANGLES = (90, 180, 270)
_RIGHT_ANGLE = 90
_FLIPS = {"h": (True, False), "v": (False, True), "hv": (True, True), "vh": (True, True)}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row: the names in a query (the first is the one we write), the field it fills, how it is read and written.

    `parse` raises ValueError, KeyError or InvalidInput for what it does not take; `format` gives None for "not asked".
    """

    names: tuple[str, ...]
    field: str
    parse: Callable[[str], Any]
    format: Callable[[Transform, Stage], str | int | None]


def _field(names: tuple[str, ...], field: str, parse: Callable[[str], Any], write: Callable[[Any], str]) -> Parameter:
    """A row whose parameter is a field of Stage or Output under its own meaning."""
    place = next(kind for kind in (Stage, Output) if any(item.name == field for item in dataclasses.fields(kind)))
    default = getattr(place(), field)

    def format_field(transform: Transform, stage: Stage) -> str | None:
        value = getattr(stage if place is Stage else transform.output, field)
        return None if value == default else write(value)

    return Parameter(names, field, parse, format_field)


def _factor(*names: str, field: str = "") -> Parameter:
    return _field(names, field or names[0], values.decimal, values.format_number)


def _integer(*names: str, field: str) -> Parameter:
    return _field(names, field, values.integer, str)


def _parse_blur(text: str) -> int:
    if (sigma := values.count(text)) > MAX_BLUR:
        raise ValueError(text)
    return sigma


def _parse_right_angle(text: str) -> int:
    if (angle := values.count(text)) not in _RIGHT_ANGLES:
        raise ValueError(text)
    return angle


def _parse_dpr(text: str) -> float:
    if not 0 < (dpr := values.decimal(text)) <= MAX_DPR:
        raise ValueError(text)
    return dpr


def _parse_size(text: str) -> Stage:
    """What a word means, or a short side: a density makes one of a word that no word means."""
    return Stage(short_side=values.count(text)) if text.isdecimal() else named_size(text)


def _parse_segment(text: str) -> bool:
    if text != "foreground":
        raise ValueError(text)
    return True


def _parse_compression(text: str) -> bool:
    if text != "fast":
        raise ValueError(text)
    return True


def _parse_format(text: str) -> Format | str:
    return text if text == "auto" else values.written_format(text)


def _format_format(transform: Transform, _: Stage) -> str | None:
    return "auto" if transform.output.auto else transform.output.format


def _format_radius(radius: int) -> str:
    return "max" if radius == MAX_RADIUS else str(radius)


def _nothing(_: Transform, __: Stage) -> None:
    """For a parameter that is written as others."""


PARAMETERS = (
    _integer("w", "width", field="width"),
    _integer("h", "height", field="height"),
    Parameter(("dpr",), "dpr", _parse_dpr, _nothing),
    Parameter(("size",), "size", _parse_size, lambda _, stage: format_size(stage)),
    _field(("fit",), "fit", values.fit, str),
    _field(("gravity", "g"), "gravity", values.gravity, values.format_gravity),
    _factor("zoom", "face-zoom"),
    _field(("crop",), "crop", values.box, values.format_box),
    _field(("trim",), "trim", values.trim, values.format_trim),
    Parameter(("flip",), "flip", _FLIPS.__getitem__, lambda _, stage: "h" if stage.mirror else None),
    Parameter(
        ("rotate",),
        "turn",
        _parse_right_angle,
        lambda _, stage: int(stage.rotate) if stage.rotate and stage.rotate % _RIGHT_ANGLE == 0 else None,
    ),
    Parameter(
        ("angle",),
        "rotate",
        values.decimal,
        lambda _, stage: values.format_number(stage.rotate) if stage.rotate % _RIGHT_ANGLE else None,
    ),
    _field(("segment",), "segment", _parse_segment, lambda _: "foreground"),
    _factor("brightness"),
    _factor("contrast"),
    _factor("gamma"),
    _factor("saturation"),
    _factor("lightness"),
    _integer("hue", field="hue"),
    _factor("exposure"),
    _field(("filter",), "filter", values.word_of(Filter), str),
    _field(("duotone",), "duotone", values.two_colors, values.format_two_colors),
    _field(("blur",), "blur", _parse_blur, values.format_number),
    _factor("sharp", "sharpen", field="sharpen"),
    _integer("pixelate", field="pixelate"),
    _field(("background", "bg"), "background", values.color, lambda color: color.format()),
    _field(("padding",), "padding", values.edges, values.format_edges),
    _field(("border",), "border", values.edges, values.format_edges),
    _field(("border-color",), "border_color", values.color, lambda color: color.format()),
    _field(("radius",), "radius", values.radius, _format_radius),
    Parameter(("format", "f"), "format", _parse_format, _format_format),
    _field(("q", "quality"), "quality", values.quality, str),
    _field(("compression",), "fast", _parse_compression, lambda _: "fast"),
    _field(("anim",), "still", lambda text: not values.flag(text), lambda _: "false"),
    _field(("metadata",), "metadata", values.word_of(Metadata), str),
)

# These may be given several times; their order is the order in which they are drawn.
OVERLAYS = {"overlay": values.overlay, "text": values.text_overlay}
PRESET = "preset"
VERSION = "v"
JSON = "json"  # as a format: the image described instead of the image

_ROWS = {name: row for row in PARAMETERS for name in row.names}
_STAGE_FIELDS = {item.name for item in dataclasses.fields(Stage)}
_OUTPUT_FIELDS = {item.name for item in dataclasses.fields(Output)}


def parse_query(pairs: Iterable[tuple[str, str]]) -> Transform:
    """The transform that the query's pairs ask for; of a repeated parameter the last valid one counts."""
    asked: dict[str, Any] = {"overlays": ()}
    for name, text in pairs:
        try:
            if name in OVERLAYS:
                asked["overlays"] = (*asked["overlays"], OVERLAYS[name](text))[:MAX_OVERLAYS]
            elif row := _ROWS.get(name):
                asked[row.field] = _checked(row.field, row.parse(text))
        except (ValueError, KeyError, InvalidInput):
            continue
    return _build(asked)


def _checked(field: str, value: Any) -> Any:
    """The value, if the field takes it: each is checked alone, so that a bad one takes no good one with it."""
    if field in _STAGE_FIELDS:
        Stage(**{field: value})
    elif field in _OUTPUT_FIELDS and value != "auto":
        Output(**{field: value})
    return value


def _build(asked: dict[str, Any]) -> Transform:
    """The transform of values that are each valid on its own."""
    stage_fields = {name: value for name, value in asked.items() if name in _STAGE_FIELDS}
    output = {name: value for name, value in asked.items() if name in _OUTPUT_FIELDS}
    if "size" in asked and not {"width", "height"} & stage_fields.keys():
        named: Stage = asked["size"]
        sized = {"width": named.width, "height": named.height, "short_side": named.short_side, "fit": named.fit}
        stage_fields = sized | stage_fields
        output = {"still": named == _CARD} | output
    across, upside_down = asked.get("flip", (False, False))
    degrees = asked.get("turn", 0) + asked.get("rotate", 0)
    mirror, rotate = flip_and_turn(across=across, upside_down=upside_down, degrees=degrees)
    stage = Stage(**stage_fields | {"mirror": mirror, "rotate": rotate})
    with contextlib.suppress(InvalidInput):  # with so many pixels it would be too large: as if it had not been asked
        stage = stage.times(asked.get("dpr", 1))
    if output.get("format") == "auto":
        output = output | {"format": None, "auto": True}
    return Transform((stage,), Output(**output))


def format_query(transform: Transform) -> str:
    """The query that parses into this transform again (it has one stage at the most)."""
    return urlencode(_format_pairs(transform))


def _format_pairs(transform: Transform) -> list[tuple[str, str | int]]:
    stage = transform.stages[0] if transform.stages else Stage()
    written = ((row.names[0], row.format(transform, stage)) for row in PARAMETERS)
    pairs = [(name, value) for name, value in written if value is not None]
    kinds = ("overlay" if isinstance(item, Overlay) else "text" for item in stage.overlays)
    return pairs + list(zip(kinds, map(values.format_overlay, stage.overlays), strict=True))


def parse_image_query(pairs: Iterable[tuple[str, str]], extension: str | None) -> Transform | None:
    """The transform of an image URL: `format=` beats the extension. None when the extension is no format."""
    transform = parse_query(pairs)
    if not extension:
        return transform
    target = parse_format(extension)
    if target is None:
        return None
    if transform.output.format or transform.output.auto or not (target.is_written or target is Format.SVG):
        return transform
    return transform.in_format(target)


def asks_description(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether the last format that there is is `json`; what the other parameters ask for is described then."""
    last = None
    for name, text in pairs:
        if (row := _ROWS.get(name)) and row.field == "format":
            with contextlib.suppress(ValueError):
                last = JSON if text == JSON else row.parse(text)
    return last == JSON


def address_query(transform: Transform) -> str:
    """The query of an address whose extension carries the format; with AUTO it has none."""
    output = transform.output if transform.output.auto else replace(transform.output, format=None)
    named = replace(transform, output=output)
    return format_query(named) if named.stages or named.output != Output() else ""


def image_url_tail(query: str, extension: Format | None, said: Mapping[str, str]) -> str:
    """The address of a rendition from its uid on: the query is that of its transform.

    What else is `said` (a preset, a version) stands before the transform.
    """
    if said:
        query = urlencode(said) + (f"&{query}" if query else "")
    ending = "" if extension is None else f".{extension}"
    return f"{ending}?{query}" if query else ending
