"""EXIF as a file carries it -> Exif. Tags, types and units: CIPA DC-008 (EXIF 2.32), over TIFF 6.0.

Read here, and not by Pillow, because the bytes are hostile: Pillow decodes every value of a directory before one is
asked for, loses all of them to a broken one, and warns on stderr. This follows two pointers and reads some twenty
tags, each no further than it must; whatever the bytes are, it neither raises nor loops nor gives much.
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
import struct
from dataclasses import dataclass
from typing import Final

from graphql_api.domain.traits import MAX_EXIF_TEXT, Exif, Location

_PREFIX = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_MAX_ENTRIES = 500  # a directory; cameras write some sixty
_MAX_VALUE = 1024  # bytes
_IN_PLACE = 4  # bytes: what is longer stands elsewhere
_ENTRY = 12  # bytes
_MAX_NUMBER = 1e7  # no exposure, ISO or focal length is near it
_MAX_ALTITUDE = 100_000  # metres
_MINUTES = 60
_TEXTS = (2, 129)  # ASCII; UTF-8, since EXIF 3.0
# Of each type of numbers, how `struct` names one; rationals are two.
_NUMBERS = {1: "B", 3: "H", 4: "I", 5: "II", 9: "i", 10: "ii"}
_SIZES = {kind: struct.calcsize("=" + code) for kind, code in _NUMBERS.items()} | dict.fromkeys(_TEXTS, 1)
_DATE = re.compile(r"([0-9]{4}):([0-9]{2}):([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")


class _Tag:
    """Numbers of tags, by the directory in which they stand."""

    MAKE: Final = 0x010F
    MODEL: Final = 0x0110
    ARTIST: Final = 0x013B
    COPYRIGHT: Final = 0x8298
    EXIF: Final = 0x8769
    GPS: Final = 0x8825

    EXPOSURE_TIME: Final = 0x829A
    F_NUMBER: Final = 0x829D
    ISO: Final = 0x8827
    TAKEN: Final = 0x9003
    DIGITIZED: Final = 0x9004
    TAKEN_OFFSET: Final = 0x9011
    DIGITIZED_OFFSET: Final = 0x9012
    FOCAL_LENGTH: Final = 0x920A
    SERIAL_NUMBER: Final = 0xA431
    LENS: Final = 0xA434
    LENS_SERIAL_NUMBER: Final = 0xA435

    LATITUDE_REF: Final = 1
    LATITUDE: Final = 2
    LONGITUDE_REF: Final = 3
    LONGITUDE: Final = 4
    ALTITUDE_REF: Final = 5
    ALTITUDE: Final = 6


@dataclass(frozen=True, slots=True)
class _Directory:
    """The entries of one directory: tag -> type and at most _MAX_VALUE bytes."""

    order: str
    entries: dict[int, tuple[int, bytes]]

    def numbers(self, tag: int) -> list[float | None]:
        """The numbers of an entry; None for one divided by nothing."""
        kind, raw = self.entries.get(tag, (0, b""))
        code = _NUMBERS.get(kind)
        if code is None:
            return []
        whole = len(raw) - len(raw) % _SIZES[kind]
        values = list(struct.iter_unpack(self.order + code, raw[:whole]))
        return [_divide(*pair) if len(pair) > 1 else float(pair[0]) for pair in values]

    def number(self, tag: int) -> float | None:
        """The first number of an entry."""
        return next(iter(self.numbers(tag)), None)

    def positive(self, tag: int) -> float | None:
        """The first number of an entry, if it can be one of a camera."""
        number = self.number(tag)
        return number if number is not None and 0 < number <= _MAX_NUMBER else None

    def text(self, tag: int) -> str | None:
        """The text of an entry up to its NUL: printable, in one line, at most MAX_EXIF_TEXT characters."""
        kind, raw = self.entries.get(tag, (0, b""))
        return _clean(raw) if kind in _TEXTS else None


def _divide(number: int, by: int) -> float | None:
    return number / by if by else None


def parse_exif(blob: bytes) -> Exif | None:
    """What the camera wrote, with or without the prefix of JPEG; None when nothing that we know is in it."""
    start = len(_PREFIX) if blob.startswith(_PREFIX) else 0
    tiff = memoryview(blob)[start:]
    order = _ORDERS.get(bytes(tiff[:4]))
    if order is None:
        return None
    image = _directory(tiff, order, _pointer(tiff, order, 4))
    camera = _directory(tiff, order, int(image.number(_Tag.EXIF) or 0))
    iso = camera.positive(_Tag.ISO)
    exif = Exif(
        make=image.text(_Tag.MAKE),
        model=image.text(_Tag.MODEL),
        lens=camera.text(_Tag.LENS),
        taken_at=_moment(camera),
        exposure_time=camera.positive(_Tag.EXPOSURE_TIME),
        f_number=camera.positive(_Tag.F_NUMBER),
        iso=None if iso is None else int(iso),
        focal_length=camera.positive(_Tag.FOCAL_LENGTH),
        artist=image.text(_Tag.ARTIST),
        copyright=image.text(_Tag.COPYRIGHT),
        serial_number=camera.text(_Tag.SERIAL_NUMBER),
        lens_serial_number=camera.text(_Tag.LENS_SERIAL_NUMBER),
        location=_location(_directory(tiff, order, int(image.number(_Tag.GPS) or 0))),
    )
    return None if exif == Exif() else exif


def _pointer(tiff: memoryview, order: str, at: int) -> int:
    """The offset that stands there; 0, where no directory can be, when the blob ends before."""
    return int(struct.unpack_from(order + "I", tiff, at)[0]) if 0 <= at <= len(tiff) - 4 else 0


def _directory(tiff: memoryview, order: str, start: int) -> _Directory:
    """The directory at an offset, as far as it is there; the first of two entries with one tag counts."""
    entries: dict[int, tuple[int, bytes]] = {}
    if 0 < start <= len(tiff) - 2:
        (count,) = struct.unpack_from(order + "H", tiff, start)
        end = min(start + 2 + min(count, _MAX_ENTRIES) * _ENTRY, len(tiff))
        for at in range(start + 2, end - _ENTRY + 1, _ENTRY):
            tag, kind, number = struct.unpack_from(order + "HHI", tiff, at)
            size = _SIZES.get(kind, 0) * number
            place = at + _ENTRY - _IN_PLACE
            value = place if size <= _IN_PLACE else _pointer(tiff, order, place)
            entries.setdefault(tag, (kind, bytes(tiff[value : value + min(size, _MAX_VALUE)])))
    return _Directory(order, entries)


def _clean(raw: bytes) -> str | None:
    text = _decode(raw.partition(b"\0")[0])
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    return " ".join(words)[:MAX_EXIF_TEXT].rstrip() or None


def _decode(raw: bytes) -> str:
    """UTF-8, which EXIF 3.0 allows and phones always wrote; what is none is taken for Latin-1."""
    try:
        # Where the value was cut, half a letter may be left at its end.
        return codecs.getincrementaldecoder("utf-8")().decode(raw, final=len(raw) < _MAX_VALUE)
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _moment(camera: _Directory) -> str | None:
    """When it was taken, or else digitized."""
    for tag, offset_tag in ((_Tag.TAKEN, _Tag.TAKEN_OFFSET), (_Tag.DIGITIZED, _Tag.DIGITIZED_OFFSET)):
        found = _DATE.fullmatch(camera.text(tag) or "")
        if not found:
            continue
        year, month, day, hour, minute, second = map(int, found.groups())
        zone = _zone(camera.text(offset_tag) or "")
        try:
            return dt.datetime(year, month, day, hour, minute, second, tzinfo=zone).isoformat()
        except ValueError:
            continue
    return None


def _zone(text: str) -> dt.timezone | None:
    found = _OFFSET.fullmatch(text)
    if not found:
        return None
    offset = dt.timedelta(hours=int(found[2]), minutes=int(found[3]))
    try:
        return dt.timezone(-offset if found[1] == "-" else offset)
    except ValueError:
        return None


def _location(gps: _Directory) -> Location | None:
    latitude = _degrees(gps, _Tag.LATITUDE, gps.text(_Tag.LATITUDE_REF), "NS")
    longitude = _degrees(gps, _Tag.LONGITUDE, gps.text(_Tag.LONGITUDE_REF), "EW")
    if latitude is None or longitude is None:
        return None
    try:
        return Location(latitude, longitude, _altitude(gps))
    except ValueError:
        return None


def _degrees(gps: _Directory, tag: int, side: str | None, sides: str) -> float | None:
    """Degrees of the three rationals; negative on the second of the two sides."""
    degrees, minutes, seconds = (*gps.numbers(tag)[:3], None, None, None)[:3]
    if degrees is None or minutes is None or seconds is None or not side or side not in sides:
        return None
    if min(degrees, minutes, seconds) < 0:
        return None
    value = round(degrees + (minutes + seconds / _MINUTES) / _MINUTES, 7)  # a centimetre
    return -value if side == sides[1] else value


def _altitude(gps: _Directory) -> float | None:
    metres = gps.number(_Tag.ALTITUDE)
    if metres is None or abs(metres) > _MAX_ALTITUDE:
        return None
    return round(-metres if gps.number(_Tag.ALTITUDE_REF) in (1, 3) else metres, 2)
