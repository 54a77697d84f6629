"""Cloudflare's URL grammar, `/cdn-cgi/image/<options>/<source>`, with Cloudflare's own meanings.

They differ from the native query in this: gamma above 1 lightens, a brightness, contrast, gamma or blur of 0 is no
request, a point of gravity has an `x`, and what is not valid is refused. Options are `name=value` with commas between.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from graphql_api.domain import query_values as values
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Box, Edges, Fit
from graphql_api.domain.gravity import Gravity, Smart
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.stage import Stage, Trim, check_range, flip_and_turn
from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import MAX_BLUR, MAX_DPR
from graphql_api.errors import InvalidInput

_FORMATS = {
    "avif": Format.AVIF,
    "webp": Format.WEBP,
    "jpeg": Format.JPEG,
    "baseline-jpeg": Format.JPEG,
    "png": Format.PNG,
    "gif": Format.GIF,
}
_FLIPS = {"h": (True, False), "v": (False, True), "hv": (True, True)}
_TURNS = (0, 90, 180, 270, 360)
_COMMA = re.compile(r",(?![^()]*\))")  # between options; those of rgb() are none


@dataclass(frozen=True, slots=True)
class CdnOptions:
    """What the options ask for, beside the transform: `slow_quality` is for clients with a slow connection.

    `width_by_hint` leaves the width to the client; `json` asks for sizes and types instead of the image; `redirects`
    sends the client to the source when there is an error.
    """

    transform: Transform
    slow_quality: int | None = None
    width_by_hint: bool = False
    json: bool = False
    redirects: bool = False


@dataclass(slots=True)
class _Asked:
    """Options as they are read, one after the other."""

    stage: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    flip: tuple[bool, bool] = (False, False)
    turn: int = 0
    dpr: float = 1
    trim: dict[str, int] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)


def parse_options(text: str) -> CdnOptions:
    """The options of a path segment, still escaped. InvalidInput names the option."""
    asked = _Asked()
    for part in _COMMA.split(text):
        name, separator, escaped = part.partition("=")
        if not separator or name not in _OPTIONS:
            raise InvalidInput(name[:40] or "options", f"There is no option '{name[:40]}'.")
        try:
            _OPTIONS[name](asked, unquote(escaped, errors="strict"))
        except InvalidInput as error:
            raise error.at(name) from error
        except (ValueError, KeyError) as error:
            raise InvalidInput(name, f"'{name}' does not take this value.") from error
    return _build(asked)


def _build(asked: _Asked) -> CdnOptions:
    across, upside_down = asked.flip
    mirror, rotate = flip_and_turn(across=across, upside_down=upside_down, degrees=asked.turn)
    fields = asked.stage | {"mirror": mirror, "rotate": rotate}
    if asked.trim:
        fields["crop"] = _trimmed(asked.trim)
    stage = Stage(**fields).times(asked.dpr)
    return CdnOptions(Transform((stage,), Output(**asked.output)), **asked.others)


def _trimmed(named: dict[str, int]) -> Box:
    """`trim.left` and its like name what stays, not what goes."""
    return Box(named.get("left", 0), named.get("top", 0), named.get("width", 10**6), named.get("height", 10**6))


def _stage(name: str, parse: Callable[[str], Any]) -> Callable[[_Asked, str], None]:
    def read(asked: _Asked, text: str) -> None:
        Stage(**{name: parse(text)})
        asked.stage[name] = parse(text)

    return read


def _output(name: str, parse: Callable[[str], Any]) -> Callable[[_Asked, str], None]:
    def read(asked: _Asked, text: str) -> None:
        Output(**{name: parse(text)})
        asked.output[name] = parse(text)

    return read


def _length(name: str) -> Callable[[_Asked, str], None]:
    return _stage(name, values.count)


def _width(asked: _Asked, text: str) -> None:
    if text == "auto":
        asked.others["width_by_hint"] = True
    else:
        _length("width")(asked, text)


def _factor(name: str) -> Callable[[_Asked, str], None]:
    """A factor of which 0 is no request."""

    def read(asked: _Asked, text: str) -> None:
        factor = values.decimal(text)
        if factor:
            _stage(name, lambda _: factor)(asked, text)

    return read


def _gamma(asked: _Asked, text: str) -> None:
    gamma = values.decimal(text)
    if gamma:
        _stage("gamma", lambda _: 1 / gamma)(asked, text)


def _blur(text: str) -> int:
    check_range("blur", sigma := values.count(text), 0, MAX_BLUR)
    return sigma


def _gravity(text: str) -> Gravity:
    if "," in text or "-" in text or text == Smart.FOCAL:
        raise ValueError(text)
    return values.gravity(text)


def _trim(text: str) -> Trim:
    """Edges with semicolons between them, or a border that is found."""
    if text == "border":
        return Trim(auto=True)
    top, right, bottom, left = (values.count(part) for part in text.split(";"))
    return Trim(Edges(top, right, bottom, left))


def _trim_part(name: str) -> Callable[[_Asked, str], None]:
    def read(asked: _Asked, text: str) -> None:
        asked.trim[name] = values.count(text)

    return read


def _rotate(asked: _Asked, text: str) -> None:
    if (turn := values.count(text)) not in _TURNS:
        raise ValueError(text)
    asked.turn = turn


def _flip(asked: _Asked, text: str) -> None:
    asked.flip = _FLIPS[text]


def _dpr(asked: _Asked, text: str) -> None:
    if not 0 < (dpr := values.decimal(text)) <= MAX_DPR:
        raise ValueError(text)
    asked.dpr = dpr


def _format(asked: _Asked, text: str) -> None:
    if text == "json":
        asked.others["json"] = True
    elif text == "auto":
        asked.output["auto"] = True
    else:
        asked.output["format"] = _FORMATS[text]


def _slow_quality(asked: _Asked, text: str) -> None:
    asked.others["slow_quality"] = Output(quality=values.quality(text)).quality


def _one_word(word: str, apply: Callable[[_Asked], None]) -> Callable[[_Asked, str], None]:
    def read(asked: _Asked, text: str) -> None:
        if text != word:
            raise ValueError(text)
        apply(asked)

    return read


_OPTIONS: dict[str, Callable[[_Asked, str], None]] = {
    "width": _width,
    "height": _length("height"),
    "dpr": _dpr,
    "fit": _stage("fit", Fit),
    "gravity": _stage("gravity", _gravity),
    "zoom": _stage("zoom", values.decimal),
    "trim": _stage("trim", _trim),
    "trim.left": _trim_part("left"),
    "trim.top": _trim_part("top"),
    "trim.width": _trim_part("width"),
    "trim.height": _trim_part("height"),
    "rotate": _rotate,
    "flip": _flip,
    "background": _stage("background", values.color),
    "quality": _output("quality", values.quality),
    "slow-connection-quality": _slow_quality,
    "format": _format,
    "compression": _one_word("fast", lambda asked: asked.output.update(fast=True)),
    "anim": _output("still", lambda text: not values.flag(text)),
    "metadata": _output("metadata", values.word_of(Metadata)),
    "onerror": _one_word("redirect", lambda asked: asked.others.update(redirects=True)),
    "sharpen": _stage("sharpen", values.decimal),
    "blur": _stage("blur", _blur),
    "brightness": _factor("brightness"),
    "contrast": _factor("contrast"),
    "gamma": _gamma,
    "saturation": _stage("saturation", values.decimal),
    "segment": _one_word("foreground", lambda asked: asked.stage.update(segment=True)),
    "upscale": _one_word("interpolate", lambda _: None),
}
_ALIASES = {
    "w": "width",
    "h": "height",
    "g": "gravity",
    "face-zoom": "zoom",
    "q": "quality",
    "scq": "slow-connection-quality",
    "f": "format",
}
_OPTIONS |= {alias: _OPTIONS[name] for alias, name in _ALIASES.items()}
OPTIONS = tuple(_OPTIONS)


def with_slow_quality(options: CdnOptions) -> CdnOptions:
    """The same for a slow connection."""
    output = replace(options.transform.output, quality=options.slow_quality)
    return replace(options, transform=replace(options.transform, output=output))


def with_width(options: CdnOptions, width: int) -> CdnOptions:
    """The same with the width that the client needs. InvalidInput."""
    stages = options.transform.stages or (Stage(),)
    return replace(options, transform=replace(options.transform, stages=(replace(stages[0], width=width),)))
