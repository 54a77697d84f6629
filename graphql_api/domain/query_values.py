"""How single values of a native query are written: text to value and back. ValueError or InvalidInput for bad text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TypeVar
from urllib.parse import quote, unquote

from graphql_api.domain.color import Color, parse_color
from graphql_api.domain.format import Format, parse_format
from graphql_api.domain.geometry import Box, Edges, Fit
from graphql_api.domain.gravity import Anchor, Gravity, Smart, gravity_of
from graphql_api.domain.output import QUALITIES
from graphql_api.domain.overlay import Font, Overlay, Repeat, Text
from graphql_api.domain.stage import MAX_RADIUS, Trim

_COUNT = re.compile(r"[0-9]{1,6}")
_INTEGER = re.compile(r"-?[0-9]{1,6}")
_DECIMAL = re.compile(r"-?(?:[0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_POINT = re.compile(r"([0-9.]{1,8})([x,])([0-9.]{1,8})")
_YES, _NO = ("true", "1", "on", "yes"), ("false", "0", "off", "no")
_PAIR, _FOUR = 2, 4

WordT = TypeVar("WordT", bound=StrEnum)


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def count(text: str) -> int:
    """A whole number that is not negative."""
    return int(_matching(_COUNT, text))


def integer(text: str) -> int:
    """A whole number."""
    return int(_matching(_INTEGER, text))


def decimal(text: str) -> float:
    """A number with or without decimals."""
    return float(_matching(_DECIMAL, text))


def format_number(value: float) -> str:
    """The shortest way to write it."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def flag(text: str) -> bool:
    """Yes or no in one of four words each."""
    if text.lower() not in _YES + _NO:
        raise ValueError(text)
    return text.lower() in _YES


def word_of(kind: type[WordT]) -> Callable[[str], WordT]:
    """A parser of an enumeration's words."""
    return lambda text: kind(text.lower())


def fit(text: str) -> Fit:
    """A fit; `fill` is CSS's word for `squeeze`."""
    return Fit.SQUEEZE if text == "fill" else Fit(text)


def written_format(text: str) -> Format:
    """A format to write."""
    parsed = parse_format(text)
    if parsed is None or not (parsed.is_written or parsed is Format.SVG):
        raise ValueError(text)
    return parsed


def quality(text: str) -> int:
    """A number, or one of four words."""
    return QUALITIES[text] if text in QUALITIES else count(text)


def color(text: str) -> Color:
    """A CSS colour."""
    return parse_color(text)


def two_colors(text: str) -> tuple[Color, Color]:
    """Two colours; one that has commas of its own stands as a name or in hexadecimal digits."""
    first, second = text.split(",")
    return parse_color(first), parse_color(second)


def format_two_colors(colors: tuple[Color, Color]) -> str:
    """As `two_colors` reads it."""
    return f"{colors[0].format()},{colors[1].format()}"


def edges(text: str) -> Edges:
    """One width for all sides, two (top and bottom, left and right), or four in the order of CSS."""
    widths = [count(part) for part in re.split(r"[,;]", text)]
    if len(widths) == 1:
        return Edges(*widths * _FOUR)
    if len(widths) == _PAIR:
        return Edges(*widths * 2)
    if len(widths) == _FOUR:
        return Edges(*widths)
    raise ValueError(text)


def format_edges(value: Edges) -> str:
    """As `edges` reads it."""
    widths = (value.top, value.right, value.bottom, value.left)
    return str(widths[0]) if len(set(widths)) == 1 else ",".join(map(str, widths))


def box(text: str) -> Box:
    """Left, top, width, height."""
    left, top, width, height = (count(part) for part in text.split(","))
    return Box(left, top, width, height)


def format_box(value: Box) -> str:
    """As `box` reads it."""
    return f"{value.left},{value.top},{value.width},{value.height}"


def trim(text: str) -> Trim:
    """`auto`, `auto,<tolerance>`, or edges."""
    kind, _, tolerance = text.partition(",")
    if kind not in ("auto", "border"):
        return Trim(edges(text))
    return Trim(auto=True, tolerance=count(tolerance)) if tolerance else Trim(auto=True)


def format_trim(value: Trim) -> str:
    """As `trim` reads it."""
    if not value.auto:
        return format_edges(value.edges)
    return "auto" if value == Trim(auto=True) else f"auto,{value.tolerance}"


def gravity(text: str) -> Gravity:
    """An anchor, `auto`, `face`, a point `0.3x0.7` as Cloudflare means it, or a focal point `0.3,0.7`."""
    if text in tuple(Smart):
        return Gravity(smart=Smart(text))
    if matched := _POINT.fullmatch(text):
        return Gravity(decimal(matched[1]), decimal(matched[3]), focal=matched[2] == ",")
    return gravity_of(anchor(text))


def anchor(text: str) -> Anchor:
    """One of the nine places, its two words in either order."""
    first, _, second = text.lower().partition("-")
    if second and first in ("left", "right"):
        first, second = second, first
    return Anchor(f"{first}-{second}" if second else first)


def format_gravity(value: Gravity) -> str:
    """As `gravity` reads it."""
    if value.smart is not None:
        return value.smart.value
    if found := value.anchor:
        return found.value
    return f"{format_number(value.x)}{',' if value.focal else 'x'}{format_number(value.y)}"


def radius(text: str) -> int:
    """Pixels, or `max`."""
    return MAX_RADIUS if text == "max" else count(text)


# --- overlays: `<uid>;w=100;g=bottom-right` and `<text>;size=40;color=fff`


_OVERLAY_PARTS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "w": ("width", count),
    "h": ("height", count),
    "scale": ("scale", decimal),
    "g": ("anchor", anchor),
    "x": ("x", integer),
    "y": ("y", integer),
    "opacity": ("opacity", decimal),
    "repeat": ("repeat", word_of(Repeat)),
}
_TEXT_PARTS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "size": ("size", count),
    "color": ("color", color),
    "font": ("font", word_of(Font)),
    "bold": ("bold", flag),
    "w": ("width", count),
    "bg": ("background", color),
    "g": ("anchor", anchor),
    "x": ("x", integer),
    "y": ("y", integer),
    "opacity": ("opacity", decimal),
}
OVERLAY_KEYS, TEXT_KEYS = tuple(_OVERLAY_PARTS), tuple(_TEXT_PARTS)


def overlay(text: str) -> Overlay:
    """A media's uid, and how it is put on."""
    uid, *parts = text.split(";")
    return Overlay(uid, **_parse_parts(parts, _OVERLAY_PARTS))  # type: ignore[arg-type]


def text_overlay(text: str) -> Text:
    """A text, its semicolons and per cent signs escaped once more than the query's own, and how it is put on."""
    words, *parts = text.split(";")
    return Text(unquote(words, errors="strict"), **_parse_parts(parts, _TEXT_PARTS))  # type: ignore[arg-type]


def format_overlay(value: Overlay | Text) -> str:
    """As `overlay` or `text_overlay` reads it."""
    if isinstance(value, Overlay):
        return ";".join([value.uid, *_format_parts(value, _OVERLAY_PARTS)])
    return ";".join([quote(value.text, safe=" ,.!?:'-_/()"), *_format_parts(value, _TEXT_PARTS)])


def _parse_parts(parts: list[str], known: Mapping[str, tuple[str, Callable[[str], object]]]) -> dict[str, object]:
    """The named parts; unknown ones are ignored."""
    values = {}
    for part in parts:
        key, _, text = part.partition("=")
        if key in known:
            name, parse = known[key]
            values[name] = parse(text)
    return values


def _format_parts(value: Overlay | Text, known: Mapping[str, tuple[str, Callable[[str], object]]]) -> list[str]:
    defaults = {item.name: item.default for item in fields(value)}
    return [
        f"{key}={_format_part(part)}"
        for key, (name, _) in known.items()
        if (part := getattr(value, name)) != defaults[name]
    ]


def _format_part(value: object) -> str:
    if isinstance(value, Color):
        return value.format()
    if isinstance(value, bool):
        return str(value).lower()
    return format_number(value) if isinstance(value, float) else str(value)
