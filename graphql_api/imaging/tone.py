"""Colours: into sRGB, and every adjustment of them.

What works on each channel alone becomes one table of 256 values, what mixes channels one matrix, however many were
asked for. Formulas: brightness, contrast, saturation, hue and sepia as in CSS Filter Effects Level 1; a stop of
exposure is a factor of two in linear light, with the exponent 2.2 taken for sRGB's curve.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pyvips

from graphql_api.domain.color import Color
from graphql_api.domain.stage import Filter, Stage

_SRGB = "sRGB IEC61966-2"
_PROFILE = "icc-profile-data"
_GREY = ("grey16", "b-w")
_TOP = 255
_EXPONENT = 2.2

Matrix = tuple[tuple[float, float, float], ...]
_IDENTITY: Matrix = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_LUMA = (0.2126, 0.7152, 0.0722)  # of the primaries of sRGB (ITU-R BT.709)
_SEPIA: Matrix = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))

Curve = Callable[[float], float]  # 0 to 1 in and out


def to_srgb(image: pyvips.Image) -> pyvips.Image:
    """Eight-bit sRGB or grey, the embedded profile applied; done after scaling, where it is cheap."""
    has_profile = bool(image.get_typeof(_PROFILE))
    if not has_profile and image.interpretation == "srgb" and image.format == "uchar":
        return image
    if has_profile and not _is_srgb(image.get(_PROFILE)):
        image = _apply_profile(image)
    elif image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk")
    if image.interpretation in _GREY:
        return image.colourspace("b-w").cast("uchar")
    return image.colourspace("srgb").cast("uchar")


def is_plain(image: pyvips.Image) -> bool:
    """Whether an opened file is already what `to_srgb` makes."""
    profile = image.get(_PROFILE) if image.get_typeof(_PROFILE) else None
    return (
        image.format == "uchar" and image.interpretation in ("srgb", "b-w") and (profile is None or _is_srgb(profile))
    )


def _is_srgb(profile: bytes) -> bool:
    """Whether this is the standard's own profile, named in the one or two bytes a letter that ICC allows.

    Others that have sRGB in their names may mean its primaries with another curve: those are converted.
    """
    return _SRGB.encode() in profile or _SRGB.encode("utf-16-be") in profile


def _apply_profile(image: pyvips.Image) -> pyvips.Image:
    """Colours by the embedded profile; one that does not fit its image is worth less than the image."""
    try:
        return image.icc_transform("srgb", embedded=True)
    except pyvips.Error:
        return image


def in_color(image: pyvips.Image) -> pyvips.Image:
    """Three channels, where it had one."""
    return image.colourspace("srgb") if image.interpretation == "b-w" else image


def in_bands(image: pyvips.Image, bands: int) -> pyvips.Image:
    """One channel as many times as are asked for."""
    return image if bands == 1 else image.bandjoin([image] * (bands - 1))


def adjust(image: pyvips.Image, stage: Stage) -> pyvips.Image:
    """All adjustments of the stage: first what works on each channel, then what mixes them, then duotone."""
    curves, matrix = _curves(stage), _matrix(stage)
    if not curves and matrix == _IDENTITY and stage.duotone is None:
        return image
    alpha = image.extract_band(image.bands - 1) if image.hasalpha() else None
    image = image.extract_band(0, n=image.bands - 1) if alpha else image
    if curves:
        image = image.maplut(_table(curves))
    if matrix != _IDENTITY:
        image = in_color(image).recomb([list(row) for row in matrix]).cast("uchar").copy(interpretation="srgb")
    if stage.duotone is not None:
        image = _duotone(image, *stage.duotone)
    return image.bandjoin(alpha) if alpha else image


def _table(curves: Sequence[Curve]) -> pyvips.Image:
    """The curves one after the other as a table of 256; only the end is rounded and clipped."""
    values = []
    for step in range(_TOP + 1):
        value = step / _TOP
        for curve in curves:
            value = curve(value)
        values.append(min(_TOP, max(0, round(value * _TOP))))
    return pyvips.Image.new_from_memory(bytes(values), _TOP + 1, 1, 1, "uchar")


def _curves(stage: Stage) -> list[Curve]:
    brightness, contrast, negate = (
        _FILTER_CURVES.get(stage.filter, (None, None, False)) if stage.filter else (None,) * 3
    )
    curves: list[Curve] = []
    if stage.exposure is not None:
        curves.append(_times(2 ** (stage.exposure / _EXPONENT)))
    curves.extend(_times(factor) for factor in (stage.brightness, brightness) if factor is not None)
    curves.extend(_contrast(factor) for factor in (stage.contrast, contrast) if factor is not None)
    if stage.lightness is not None:
        curves.append(_plus(stage.lightness / 100))
    if stage.gamma is not None:
        curves.append(_power(stage.gamma))
    if negate:
        curves.append(lambda value: 1 - value)
    return curves


def _times(factor: float) -> Curve:
    return lambda value: value * factor


def _plus(summand: float) -> Curve:
    return lambda value: value + summand


def _contrast(factor: float) -> Curve:
    return lambda value: (value - 0.5) * factor + 0.5


def _power(exponent: float) -> Curve:
    return lambda value: max(0.0, value) ** exponent


# Brightness, contrast and inversion of the named looks; then their matrices.
_FILTER_CURVES: dict[Filter, tuple[float | None, float | None, bool]] = {
    Filter.NEGATE: (None, None, True),
    Filter.DRAMATIC: (0.95, 1.4, False),
    Filter.NOIR: (0.95, 1.3, False),
    Filter.VIVID: (1.02, 1.1, False),
    Filter.FADE: (1.1, 0.8, False),
}


def _saturate(factor: float) -> Matrix:
    """Between the luminance (0) and the colour (1), and beyond."""
    return tuple(
        tuple(_LUMA[column] * (1 - factor) + (factor if row == column else 0) for column in range(3))  # type: ignore[misc]
        for row in range(3)
    )


def _turn_hue(degrees: float) -> Matrix:
    """The hue rotation of CSS: about the grey axis, luminance kept by BT.709's older, rounded weights."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    grey = (0.213, 0.715, 0.072)
    cosines = ((0.787, -0.715, -0.072), (-0.213, 0.285, -0.072), (-0.213, -0.715, 0.928))
    sines = ((-0.213, -0.715, 0.928), (0.143, 0.140, -0.283), (-0.787, 0.715, 0.072))
    return tuple(
        tuple(grey[column] + cosine * cosines[row][column] + sine * sines[row][column] for column in range(3))  # type: ignore[misc]
        for row in range(3)
    )


_FILTER_MATRICES: dict[Filter, Matrix] = {
    Filter.SEPIA: _SEPIA,
    Filter.DRAMATIC: _saturate(0.8),
    Filter.NOIR: _saturate(0),
    Filter.VIVID: _saturate(1.4),
    Filter.WARM: ((1.08, 0, 0), (0, 1.01, 0), (0, 0, 0.88)),
    Filter.COOL: ((0.9, 0, 0), (0, 1.0, 0), (0, 0, 1.1)),
    Filter.FADE: _saturate(0.75),
}


def _matrix(stage: Stage) -> Matrix:
    matrix = _IDENTITY
    if stage.saturation is not None:
        matrix = _multiply(_saturate(stage.saturation), matrix)
    if stage.hue is not None:
        matrix = _multiply(_turn_hue(stage.hue), matrix)
    if stage.filter in _FILTER_MATRICES:
        matrix = _multiply(_FILTER_MATRICES[stage.filter], matrix)
    return matrix


def _multiply(first: Matrix, second: Matrix) -> Matrix:
    """The matrix that does `second`, then `first`."""
    return tuple(
        tuple(sum(first[row][at] * second[at][column] for at in range(3)) for column in range(3))  # type: ignore[misc]
        for row in range(3)
    )


def _duotone(image: pyvips.Image, dark: Color, light: Color) -> pyvips.Image:
    """Luminance as a way from one colour to the other."""
    channels = [
        bytes(round(start + (end - start) * step / _TOP) for step in range(_TOP + 1))
        for start, end in zip(dark.rgb, light.rgb, strict=True)
    ]
    samples = bytes(channel[step] for step in range(_TOP + 1) for channel in channels)
    table = pyvips.Image.new_from_memory(samples, _TOP + 1, 1, 3, "uchar")
    return image.colourspace("b-w").maplut(table).copy(interpretation="srgb")
