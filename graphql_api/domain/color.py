"""Colours as CSS writes them: names, #rgb(a), #rrggbb(aa), rgb(), rgba(), hsl(), hsla(), `transparent`.

Syntax and names: CSS Color Module Level 4. The leading # may be left out, as it must be escaped in a URL.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass

from graphql_api.errors import InvalidInput

_OPAQUE = 255
_CHANNELS = (3, 4)  # without and with opacity
_SHORT = (3, 4)  # lengths of the hexadecimal forms with one digit a channel
_LONG = (6, 8)
_MAX_TEXT = 64


@dataclass(frozen=True, slots=True)
class Color:
    """Red, green, blue and opacity in sRGB, each 0 to 255."""

    red: int
    green: int
    blue: int
    alpha: int = _OPAQUE

    @property
    def is_opaque(self) -> bool:
        """Whether nothing shows through."""
        return self.alpha == _OPAQUE

    @property
    def rgb(self) -> list[int]:
        """The three channels."""
        return [self.red, self.green, self.blue]

    @property
    def rgba(self) -> list[int]:
        """The three channels and the opacity."""
        return [*self.rgb, self.alpha]

    def over(self, other: Color) -> Color:
        """What is seen where this one lies on another."""
        rest = (_OPAQUE - self.alpha) * other.alpha / _OPAQUE
        alpha = self.alpha + rest
        if not alpha:
            return TRANSPARENT
        red, green, blue = (
            round((above * self.alpha + below * rest) / alpha) for above, below in zip(self.rgb, other.rgb, strict=True)
        )
        return Color(red, green, blue, round(alpha))

    def format(self) -> str:
        """Six hexadecimal digits, eight where something shows through; no # before them."""
        return bytes(self.rgb if self.is_opaque else self.rgba).hex()


WHITE = Color(255, 255, 255)
BLACK = Color(0, 0, 0)
TRANSPARENT = Color(0, 0, 0, 0)

_HEX = re.compile(r"#?([0-9a-f]{3,8})")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")
_SEPARATOR = re.compile(r"\s*[,/]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})")
_ANGLES = {"deg": 1.0, "grad": 0.9, "rad": 57.29577951308232, "turn": 360.0}


def parse_color(text: str, field: str = "color") -> Color:
    """The colour that the text names. InvalidInput for `field`."""
    color = _parse(text.strip().lower()) if len(text) <= _MAX_TEXT else None
    if color is None:
        raise InvalidInput(
            field, f"'{field}' must be a CSS colour: a name, #rrggbb(aa), rgb(), rgba(), hsl() or hsla()."
        )
    return color


def _parse(text: str) -> Color | None:
    if text == "transparent":
        return TRANSPARENT
    if text in _NAMES:
        return Color(*bytes.fromhex(_NAMES[text]))
    if matched := _HEX.fullmatch(text):
        return _parse_hex(matched[1])
    if matched := _FUNCTION.fullmatch(text):
        parts = _SEPARATOR.split(matched[2].strip())
        if len(parts) in _CHANNELS:
            return _parse_function(matched[1], parts)
    return None


def _parse_hex(digits: str) -> Color | None:
    if len(digits) in _SHORT:
        digits = "".join(digit * 2 for digit in digits)
    return Color(*bytes.fromhex(digits)) if len(digits) in _LONG else None


def _parse_function(name: str, parts: list[str]) -> Color | None:
    try:
        alpha = _channel(parts[3], 1.0) if len(parts) == max(_CHANNELS) else 1.0
        if name == "rgb":
            channels = tuple(_channel(part, float(_OPAQUE)) for part in parts[:3])
        else:
            channels = _from_hsl(_angle(parts[0]), _channel(parts[1], 100.0), _channel(parts[2], 100.0))
    except ValueError:
        return None
    red, green, blue = (round(channel * _OPAQUE) for channel in channels)
    return Color(red, green, blue, round(alpha * _OPAQUE))


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _channel(text: str, full: float) -> float:
    """A number of `full`, or a percentage, clamped to 0 to 1 as CSS does."""
    value = _number(text[:-1]) / 100 if text.endswith("%") else _number(text) / full
    return min(1.0, max(0.0, value))


def _angle(text: str) -> float:
    """A hue as a part of the circle."""
    unit = next((unit for unit in _ANGLES if text.endswith(unit)), None)
    degrees = _number(text.removesuffix(unit)) * _ANGLES[unit] if unit else _number(text)
    return degrees % 360 / 360


def _from_hsl(hue: float, saturation: float, lightness: float) -> tuple[float, float, float]:
    return colorsys.hls_to_rgb(hue, lightness, saturation)


_NAMES = dict(
    pair.split(":")
    for pair in (  # noqa: SIM905 - twenty lines instead of a hundred and fifty
        "aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff beige:f5f5dc bisque:ffe4c4 "
        "black:000000 blanchedalmond:ffebcd blue:0000ff blueviolet:8a2be2 brown:a52a2a burlywood:deb887 "
        "cadetblue:5f9ea0 chartreuse:7fff00 chocolate:d2691e coral:ff7f50 cornflowerblue:6495ed cornsilk:fff8dc "
        "crimson:dc143c cyan:00ffff darkblue:00008b darkcyan:008b8b darkgoldenrod:b8860b darkgray:a9a9a9 "
        "darkgreen:006400 darkgrey:a9a9a9 darkkhaki:bdb76b darkmagenta:8b008b darkolivegreen:556b2f darkorange:ff8c00 "
        "darkorchid:9932cc darkred:8b0000 darksalmon:e9967a darkseagreen:8fbc8f darkslateblue:483d8b "
        "darkslategray:2f4f4f darkslategrey:2f4f4f darkturquoise:00ced1 darkviolet:9400d3 deeppink:ff1493 "
        "deepskyblue:00bfff dimgray:696969 dimgrey:696969 dodgerblue:1e90ff firebrick:b22222 floralwhite:fffaf0 "
        "forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc ghostwhite:f8f8ff gold:ffd700 goldenrod:daa520 "
        "gray:808080 green:008000 greenyellow:adff2f grey:808080 honeydew:f0fff0 hotpink:ff69b4 indianred:cd5c5c "
        "indigo:4b0082 ivory:fffff0 khaki:f0e68c lavender:e6e6fa lavenderblush:fff0f5 lawngreen:7cfc00 "
        "lemonchiffon:fffacd lightblue:add8e6 lightcoral:f08080 lightcyan:e0ffff lightgoldenrodyellow:fafad2 "
        "lightgray:d3d3d3 lightgreen:90ee90 lightgrey:d3d3d3 lightpink:ffb6c1 lightsalmon:ffa07a lightseagreen:20b2aa "
        "lightskyblue:87cefa lightslategray:778899 lightslategrey:778899 lightsteelblue:b0c4de lightyellow:ffffe0 "
        "lime:00ff00 limegreen:32cd32 linen:faf0e6 magenta:ff00ff maroon:800000 mediumaquamarine:66cdaa "
        "mediumblue:0000cd mediumorchid:ba55d3 mediumpurple:9370db mediumseagreen:3cb371 mediumslateblue:7b68ee "
        "mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585 midnightblue:191970 mintcream:f5fffa "
        "mistyrose:ffe4e1 moccasin:ffe4b5 navajowhite:ffdead navy:000080 oldlace:fdf5e6 olive:808000 olivedrab:6b8e23 "
        "orange:ffa500 orangered:ff4500 orchid:da70d6 palegoldenrod:eee8aa palegreen:98fb98 paleturquoise:afeeee "
        "palevioletred:db7093 papayawhip:ffefd5 peachpuff:ffdab9 peru:cd853f pink:ffc0cb plum:dda0dd "
        "powderblue:b0e0e6 purple:800080 rebeccapurple:663399 red:ff0000 rosybrown:bc8f8f royalblue:4169e1 "
        "saddlebrown:8b4513 salmon:fa8072 sandybrown:f4a460 seagreen:2e8b57 seashell:fff5ee sienna:a0522d "
        "silver:c0c0c0 skyblue:87ceeb slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa "
        "springgreen:00ff7f steelblue:4682b4 tan:d2b48c teal:008080 thistle:d8bfd8 tomato:ff6347 turquoise:40e0d0 "
        "violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5 yellow:ffff00 yellowgreen:9acd32 "
    ).split()
)
