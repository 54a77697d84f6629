"""What the stored colours of a file mean, from its header alone. Names of profiles: ICC.1:2022, tag `desc`."""

from __future__ import annotations

import pyvips

from graphql_api.domain.traits import ColorSpace

_PROFILE = "icc-profile-data"
_TAG_COUNT = 128  # bytes of the header that come first
_TAG = 12  # bytes of an entry: signature, offset, size
_MAX_TAGS = 100
_MAX_NAME = 1024  # bytes
_MODELS = {b"GRAY": ColorSpace.GRAY, b"CMYK": ColorSpace.CMYK, b"Lab ": ColorSpace.LAB}
# Whole names: what only has "sRGB" in its name may have another curve.
_NAMES = {
    b"Display P3": ColorSpace.DISPLAY_P3,
    b"Adobe RGB (1998)": ColorSpace.ADOBE_RGB,
    b"ProPhoto RGB": ColorSpace.PROPHOTO_RGB,
    b"sRGB IEC61966-2": ColorSpace.SRGB,
    b"sRGB built-in": ColorSpace.SRGB,  # of Little CMS
    b"sRGB Gamut with sRGB Transfer": ColorSpace.SRGB,  # of Skia, in what Android phones write
}
_INTERPRETATIONS = {
    "srgb": ColorSpace.SRGB,
    "rgb": ColorSpace.SRGB,
    "rgb16": ColorSpace.SRGB,
    "b-w": ColorSpace.GRAY,
    "grey16": ColorSpace.GRAY,
    "cmyk": ColorSpace.CMYK,
    "lab": ColorSpace.LAB,
}


def color_space(header: pyvips.Image) -> ColorSpace | None:
    """The colour space of a file: what its profile names, or else what its kind of pixels usually means."""
    usual = _INTERPRETATIONS.get(header.interpretation)
    if usual is not ColorSpace.SRGB or not header.get_typeof(_PROFILE):
        return usual
    return _named(header.get(_PROFILE))


def _named(profile: bytes) -> ColorSpace:
    """The space that an RGB profile names; RGB for all the others."""
    if profile[16:20] in _MODELS:
        return _MODELS[profile[16:20]]
    name = _description(profile).replace(b"\0", b"")  # one byte a letter, or two
    return next((space for word, space in _NAMES.items() if word in name), ColorSpace.RGB)


def _description(profile: bytes) -> bytes:
    count = min(int.from_bytes(profile[_TAG_COUNT : _TAG_COUNT + 4], "big"), _MAX_TAGS)
    for at in range(_TAG_COUNT + 4, _TAG_COUNT + 4 + count * _TAG, _TAG):
        if profile[at : at + 4] == b"desc":
            start, size = (int.from_bytes(profile[at + o : at + o + 4], "big") for o in (4, 8))
            return profile[start : start + min(size, _MAX_NAME)]
    return b""
