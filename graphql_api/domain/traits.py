"""What the bytes of a picture tell beyond size and format: colours, camera, place, placeholders.

Found once, at the upload, and kept with its blob as JSON. Rows of older versions lack keys: `from_json` takes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from graphql_api.domain.media import Original

_COLOR = re.compile(r"#[0-9a-f]{6}")
_PERCEPTUAL_HASH = re.compile(r"[0-9a-f]{16}")
MAX_LATITUDE = 90
MAX_LONGITUDE = 180
MAX_EXIF_TEXT = 200  # characters


class ColorSpace(StrEnum):
    """What the stored colours mean; RGB is one of a profile without a name of its own here."""

    SRGB = "srgb"
    DISPLAY_P3 = "display-p3"
    ADOBE_RGB = "adobe-rgb"
    PROPHOTO_RGB = "prophoto-rgb"
    RGB = "rgb"
    GRAY = "gray"
    CMYK = "cmyk"
    LAB = "lab"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a picture was taken: degrees, north and east positive; metres above the sea. ValueError."""

    latitude: float
    longitude: float
    altitude: float | None = None

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= MAX_LATITUDE and abs(self.longitude) <= MAX_LONGITUDE):
            raise ValueError("no place on Earth")
        if self.altitude is not None and not math.isfinite(self.altitude):
            raise ValueError("no altitude")


@dataclass(frozen=True, slots=True)
class Exif:
    """What the camera wrote. Times of exposure in seconds, focal lengths in millimetres; any may be missing.

    `taken_at` is ISO 8601 in the camera's local time; it has an offset only where the camera gave one.
    """

    make: str | None = None
    model: str | None = None
    lens: str | None = None
    taken_at: str | None = None
    exposure_time: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    artist: str | None = None
    copyright: str | None = None
    serial_number: str | None = None
    lens_serial_number: str | None = None
    location: Location | None = None

    def without_private(self) -> Exif:
        """What may be told of a public picture to anybody: neither the place nor what names one very device."""
        return replace(self, serial_number=None, lens_serial_number=None, location=None)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What to show until a picture is there: two hashes in their usual forms, one colour, a tiny WebP in base64."""

    thumbhash: str
    blurhash: str
    color: str | None
    preview: str

    def __post_init__(self) -> None:
        if self.color is not None and not _COLOR.fullmatch(self.color):
            raise ValueError("a colour is # and six hexadecimal digits")


@dataclass(frozen=True, slots=True)
class PaletteColor:
    """A colour as `#rrggbb` and its share of the visible pixels, 0 to 1."""

    color: str
    share: float

    def __post_init__(self) -> None:
        if not _COLOR.fullmatch(self.color):
            raise ValueError("a colour is # and six hexadecimal digits")
        if not 0 <= self.share <= 1:
            raise ValueError("a share is between 0 and 1")


@dataclass(frozen=True, slots=True)
class Traits:
    """All of it. `palette` has the largest share first; `perceptual_hash` is 64 bits in hexadecimal."""

    color_space: ColorSpace | None = None
    exif: Exif | None = None
    placeholder: Placeholder | None = None
    palette: tuple[PaletteColor, ...] | None = None
    perceptual_hash: str | None = None

    def __post_init__(self) -> None:
        if self.perceptual_hash is not None and not _PERCEPTUAL_HASH.fullmatch(self.perceptual_hash):
            raise ValueError("a perceptual hash has 16 hexadecimal digits")

    def without_private(self) -> Traits:
        """What may be told of a public picture to anybody."""
        exif = self.exif and self.exif.without_private()
        return replace(self, exif=None if exif == Exif() else exif)


@dataclass(frozen=True, slots=True)
class Probed:
    """What a worker found out about a file; `thumb` is a WebP of the upright picture, at most 100 pixels a side."""

    original: Original
    traits: Traits
    thumb: bytes


def to_json(traits: Traits) -> dict[str, Any]:
    """The traits as plain values, without what is missing and without the perceptual hash, which has its own column."""
    return _without_none(asdict(replace(traits, perceptual_hash=None)))


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {}
    for name, value in values.items():
        if value is not None:
            kept[name] = _without_none(value) if isinstance(value, Mapping) else value
    return kept


def from_json(values: Mapping[str, Any], perceptual_hash: str | None = None) -> Traits:
    """The traits as `to_json` gave them, now or in any other version: unknown keys are left out, missing ones None."""
    palette = values.get("palette")
    return Traits(
        color_space=_color_space(values.get("color_space")),
        exif=_exif(values.get("exif")),
        placeholder=_known(Placeholder, values.get("placeholder")),
        palette=None if palette is None else tuple(PaletteColor(item["color"], item["share"]) for item in palette),
        perceptual_hash=perceptual_hash,
    )


def _color_space(word: Any) -> ColorSpace | None:
    return ColorSpace(word) if word in set(ColorSpace) else None


def _exif(values: Mapping[str, Any] | None) -> Exif | None:
    exif = _known(Exif, values)
    return exif and replace(exif, location=_known(Location, (values or {}).get("location")))


ValueT = TypeVar("ValueT", Exif, Location, Placeholder)


def _known(kind: type[ValueT], values: Mapping[str, Any] | None) -> ValueT | None:
    """The value of this kind, of the keys it knows; None when one that it needs is missing."""
    if values is None:
        return None
    try:
        return kind(**{item.name: values[item.name] for item in fields(kind) if item.name in values})
    except TypeError:
        return None
