"""One function per operation, and STEPS, the order in which a stage runs them whatever the order of parameters.

Sources are read in one pass: the first step that needs pixels out of order copies them to memory, after scaling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyvips

from graphql_api.domain.geometry import Geometry, Size

_UPRIGHT = 1
_LAST = 8
_FIRST_SIDEWAYS = 5  # EXIF orientations 5 to 8 swap width and height
_WHITE = [255, 255, 255]
_SRGB = "sRGB IEC61966-2"
_PROFILE = "icc-profile-data"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one stage has to do to one frame."""

    geometry: Geometry
    orientation: int = _UPRIGHT
    fill: bool = False


def orientation(image: pyvips.Image) -> int:
    """The EXIF orientation, 1 to 8."""
    value = int(image.get("orientation")) if image.get_typeof("orientation") else _UPRIGHT
    return value if _UPRIGHT <= value <= _LAST else _UPRIGHT


def upright(size: Size, turned: int) -> Size:
    """The size after turning by this EXIF orientation (or, its own inverse, before)."""
    return Size(size.height, size.width) if turned >= _FIRST_SIDEWAYS else size


def scale(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Resample to the planned size; transparent pixels must not bleed their hidden colour, hence premultiply."""
    target = upright(plan.geometry.scaled, plan.orientation)
    if (image.width, image.height) == (target.width, target.height):
        return image
    factors = target.width / image.width, target.height / image.height
    if not image.hasalpha():
        return image.resize(factors[0], vscale=factors[1])
    stored = image.format
    return image.premultiply().resize(factors[0], vscale=factors[1]).unpremultiply().cast(stored)


def orient(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Turn the picture upright, as its EXIF orientation says."""
    return image if plan.orientation == _UPRIGHT else image.copy_memory().autorot()


def crop(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Cut the planned size out of the centre."""
    cropped = plan.geometry.cropped
    if (image.width, image.height) == (cropped.width, cropped.height):
        return image
    left, top = (image.width - cropped.width) // 2, (image.height - cropped.height) // 2
    return image.crop(left, top, cropped.width, cropped.height)


def to_srgb(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Eight-bit sRGB or grey, the embedded profile applied; done after scaling, where it is cheap."""
    del plan
    has_profile = bool(image.get_typeof(_PROFILE))
    if not has_profile and image.interpretation == "srgb" and image.format == "uchar":
        return image
    if has_profile and not _is_srgb(image.get(_PROFILE)):
        image = _apply_profile(image)
    elif image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk")
    if image.interpretation in ("grey16", "b-w"):
        return image.colourspace("b-w").cast("uchar")
    return image.colourspace("srgb").cast("uchar")


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


def pad(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Centre the picture on a white canvas, white behind it too."""
    if not plan.fill:
        return image
    canvas = plan.geometry.size
    flat = image.flatten(background=_WHITE) if image.hasalpha() else image
    return flat.gravity("centre", canvas.width, canvas.height, extend="white")


Step = Callable[[pyvips.Image, Plan], pyvips.Image]
STEPS: tuple[Step, ...] = (scale, orient, crop, to_srgb, pad)


def run(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """One stage on one frame."""
    for step in STEPS:
        image = step(image, plan)
    return image
