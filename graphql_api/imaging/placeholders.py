"""ThumbHash (evanw.github.io/thumbhash) and BlurHash (github.com/woltapp/blurhash, Algorithm.md): some 25 bytes each.

Both cost in proportion to the pixels and gain nothing from many: callers pass pictures of some 32 pixels a side.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image

from graphql_api.imaging.cosines import transform

_OPAQUE = 255
_MAX_BYTE = 255

# --- ThumbHash

_L_TERMS = 7  # of luminance, on the longer side
_L_TERMS_WITH_ALPHA = 5
_COLOR_TERMS = 3
_ALPHA_TERMS = 5
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class _Channel:
    """The terms of one channel: the mean, the largest of the others, and those in its scale, 0 to 1."""

    mean: float
    scale: float
    waves: tuple[float, ...]


def thumbhash(picture: Image.Image) -> bytes:
    """The ThumbHash of a picture in mode RGBA of at most 100 pixels a side."""
    width, height = picture.size
    pixels = picture.tobytes()
    red, green, blue, alpha = (pixels[band::4] for band in range(4))
    has_alpha = min(alpha) < _OPAQUE
    planes = [_composite(plane, alpha) for plane in (red, green, blue)]
    lightness = [sum(pixel) / 3 for pixel in zip(*planes, strict=True)]
    yellow_blue = [(r + g) / 2 - b for r, g, b in zip(*planes, strict=True)]
    red_green = [r - g for r, g in zip(planes[0], planes[1], strict=True)]

    longest = max(width, height)
    most = _L_TERMS_WITH_ALPHA if has_alpha else _L_TERMS
    across, down = (max(1, _round(most * side / longest)) for side in (width, height))
    light = _channel(lightness, width, max(3, across), max(3, down))
    p, q = (_channel(plane, width, _COLOR_TERMS, _COLOR_TERMS) for plane in (yellow_blue, red_green))
    opacity = _channel([value / _MAX_BYTE for value in alpha], width, _ALPHA_TERMS, _ALPHA_TERMS)

    is_landscape = width > height
    head = _pack(
        (_round(63 * light.mean), 6),
        (_round(31.5 + 31.5 * p.mean), 6),
        (_round(31.5 + 31.5 * q.mean), 6),
        (_round(31 * light.scale), 5),
        (has_alpha, 1),
        (down if is_landscape else across, 3),
        (_round(63 * p.scale), 6),
        (_round(63 * q.scale), 6),
        (is_landscape, 1),
    ).to_bytes(5, "little")
    channels = [light, p, q]
    if has_alpha:
        channels.append(opacity)
        head += bytes([_round(15 * opacity.mean) | _round(15 * opacity.scale) << 4])
    return head + _nibbles(_round(15 * wave) for channel in channels for wave in channel.waves)


def _composite(plane: bytes, alpha: bytes) -> list[float]:
    """A plane on top of the mean of its visible part, 0 to 1."""
    weight = sum(alpha)
    mean = sum(map(int.__mul__, plane, alpha)) / (_MAX_BYTE * weight) if weight else 0.0
    return [mean + (value / _MAX_BYTE - mean) * (over / _MAX_BYTE) for value, over in zip(plane, alpha, strict=True)]


def _channel(values: Sequence[float], width: int, across: int, down: int) -> _Channel:
    rows = transform(values, width, across, down)
    # Only the triangle of low frequencies, the mean first.
    mean, *waves = (
        rows[y][x] / len(values) for y in range(down) for x in range(across) if x * down < across * (down - y)
    )
    scale = max(map(abs, waves))
    if scale < _NOISE:  # a flat channel: what is left of its sums would be blown up
        scale = 0.0
    return _Channel(mean, scale, tuple(0.5 + 0.5 / scale * wave if scale else 0.0 for wave in waves))


def _pack(*fields: tuple[int, int]) -> int:
    """Values and how many bits each takes, the lowest first."""
    packed = shift = 0
    for value, bits in fields:
        packed |= value << shift
        shift += bits
    return packed


def _nibbles(values: Iterable[int]) -> bytes:
    """Two values a byte, the lower half first."""
    halves = list(values)
    halves += [0] * (len(halves) % 2)
    return bytes(low | high << 4 for low, high in zip(halves[0::2], halves[1::2], strict=True))


def _round(value: float) -> int:
    """The nearest integer; halves go up, as in the reference (Python's go to the even one)."""
    return math.floor(value + 0.5)


# --- BlurHash

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def blurhash(picture: Image.Image, across: int, down: int) -> str:
    """The BlurHash of a picture in mode RGB, with 1 to 9 terms across and down."""
    width, height = picture.size
    pixels = picture.tobytes()
    # Its cosines are taken at the left edge of a pixel, and every term but the first counts twice.
    planes = [
        transform([*map(_linear().__getitem__, pixels[band::3])], width, across, down, shift=0) for band in range(3)
    ]
    terms = [tuple(plane[y][x] / (width * height) for plane in planes) for y in range(down) for x in range(across)]
    mean, waves = terms[0], [tuple(2 * value for value in term) for term in terms[1:]]
    largest = max((abs(value) for wave in waves for value in wave), default=0.0)
    steps = min(82, max(0, math.floor(largest * 166 - 0.5))) if waves else 0
    scale = (steps + 1) / 166 if waves else 1.0
    numbers: list[tuple[int, int]] = [(across - 1 + (down - 1) * 9, 1), (steps, 1)]
    numbers.append((_digits_of(map(_srgb, mean), 256), 4))
    numbers += [(_digits_of((_wave_level(value / scale) for value in wave), 19), 2) for wave in waves]
    return "".join(_base83(value, length) for value, length in numbers)


@functools.lru_cache(maxsize=1)
def _linear() -> tuple[float, ...]:
    """Of each sRGB byte, its linear light (IEC 61966-2-1)."""
    values = [value / _MAX_BYTE for value in range(256)]
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)  # noqa: PLR2004


def _srgb(value: float) -> int:
    """Linear light as an sRGB byte."""
    light = min(1.0, max(0.0, value))
    encoded = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055  # noqa: PLR2004
    return int(encoded * _MAX_BYTE + 0.5)


def _wave_level(value: float) -> int:
    """A wave from -1 to 1 in 19 steps, finer about zero."""
    return min(18, max(0, math.floor(math.copysign(math.sqrt(abs(value)), value) * 9 + 9.5)))


def _digits_of(values: Iterable[int], base: int) -> int:
    return functools.reduce(lambda total, value: total * base + value, values, 0)


def _base83(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83**place % 83] for place in reversed(range(length)))
