"""EXIF: what Pillow writes is read, and what an attacker writes does no harm."""

from __future__ import annotations

import math
import struct
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from graphql_api.domain.traits import MAX_EXIF_TEXT, Exif, Location
from graphql_api.imaging.exif import parse_exif
from tests import pictures

Base, Gps, Ifd = ExifTags.Base, ExifTags.GPS, ExifTags.IFD
ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7

FULL = Exif(
    make="Maker",
    model="Model 7",
    lens="Lens 35mm",
    taken_at="2024-05-06T07:08:09-03:30",
    exposure_time=0.008,
    f_number=2.8,
    iso=400,
    focal_length=35,
    artist="Zoë",
    copyright="© Zoë",
    serial_number="B123",
    lens_serial_number="L456",
    location=Location(64.1416667, -21.9375, -12.5),
)


def test_all_that_a_phone_writes_is_read_with_and_without_a_prefix() -> None:
    blob = pictures.camera().tobytes()

    assert blob.startswith(b"Exif\0\0")
    assert parse_exif(blob) == FULL
    assert parse_exif(blob.removeprefix(b"Exif\0\0")) == FULL


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order: str) -> None:
    assert parse_exif(tiff({Base.Make: (ASCII, b"Maker\0")}, order=order)) == Exif(make="Maker")


@pytest.mark.parametrize(
    "blob", [b"", b"Exif\0\0", b"II*\0", b"MM\0*\0\0\0\x08", b"GIF89a" * 9, b"II*\0\xff\xff\xff\xff"]
)
def test_no_exif_is_none(blob: bytes) -> None:
    assert parse_exif(blob) is None


Entries = dict[int, tuple[int, bytes]]
UNITS = {1: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, 9: 4, 10: 8, 12: 8, 129: 1}


def directory(entries: Entries, start: int, order: str) -> bytes:
    """A directory that stands at `start`, and its values after it."""
    head, values = struct.pack(order + "H", len(entries)), b""
    behind = start + 2 + 12 * len(entries) + 4
    for tag, (kind, raw) in entries.items():
        head += struct.pack(order + "HHI", tag, kind, len(raw) // UNITS.get(kind, 1))
        if len(raw) <= 4:
            head += raw.ljust(4, b"\0")
        else:
            head += struct.pack(order + "I", behind + len(values))
            values += raw
    return head + bytes(4) + values


def tiff(image: Entries, camera: Entries | None = None, gps: Entries | None = None, order: str = ">") -> bytes:
    """An EXIF blob of up to three directories."""
    parts: list[bytes] = []
    place = 8 + len(directory(image | {Ifd.Exif: (LONG, bytes(4)), Ifd.GPSInfo: (LONG, bytes(4))}, 8, order))
    pointers: Entries = {}
    for tag, entries in ((Ifd.Exif, camera), (Ifd.GPSInfo, gps)):
        pointers[tag] = (LONG, struct.pack(order + "I", place if entries else 0))
        parts.append(directory(entries, place, order) if entries else b"")
        place += len(parts[-1])
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(order + "I", 8) + directory(image | pointers, 8, order) + b"".join(parts)


def rationals(*values: tuple[int, int]) -> tuple[int, bytes]:
    return RATIONAL, b"".join(struct.pack(">II", *value) for value in values)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"plain\0", "plain"),
        (b"no NUL at its end", "no NUL at its end"),
        (b"first\0second\0", "first"),
        (b"  \t many \r\n lines\x1b[31m \0", "many lines [31m"),
        ("Zoë 写真 🖼\0".encode(), "Zoë 写真 🖼"),
        (b"caf\xe9\0", "café"),  # Latin-1
        (b"\xff\xfe\xfd", "ÿþý"),
        ("a\u202eb\u2066c\0".encode(), "a b c"),  # no turning the reader's line around
        (b"\0\0\0\0\0\0", None),
        (b"      ", None),
        (b"x" * 10_000_000, "x" * MAX_EXIF_TEXT),
        ("ü".encode() * 5_000_000, "ü" * MAX_EXIF_TEXT),
    ],
)
def test_texts_are_short_and_printable(raw: bytes, expected: str | None) -> None:
    found = parse_exif(tiff({Base.Make: (ASCII, raw), Base.Model: (ASCII, b"model")}))

    assert found == Exif(make=expected, model="model")


@pytest.mark.parametrize(
    ("taken", "offset", "expected"),
    [
        ("2024:05:06 07:08:09", None, "2024-05-06T07:08:09"),
        ("2024:05:06 07:08:09", "+02:00", "2024-05-06T07:08:09+02:00"),
        ("2024:05:06 07:08:09", "   :  ", "2024-05-06T07:08:09"),
        ("2024:05:06 07:08:09", "+99:99", "2024-05-06T07:08:09"),
        ("0000:00:00 00:00:00", "+02:00", None),
        ("2024:13:45 25:61:61", None, None),
        ("    :  :     :  :  ", None, None),
        ("\u0662\u0660\u0662\u0664:05:06 07:08:09", None, None),  # digits, but not ASCII's
        ("yesterday", None, None),
    ],
)
def test_dates_are_iso_8601(taken: str, offset: str | None, expected: str | None) -> None:
    camera: Entries = {Base.DateTimeOriginal: (ASCII, taken.encode() + b"\0"), Base.ISOSpeedRatings: (SHORT, b"\0\x64")}
    if offset:
        camera[Base.OffsetTimeOriginal] = (ASCII, offset.encode() + b"\0")

    assert parse_exif(tiff({}, camera)) == Exif(taken_at=expected, iso=100)


def test_the_moment_of_digitizing_stands_in() -> None:
    camera: Entries = {
        Base.DateTimeOriginal: (ASCII, b"0000:00:00 00:00:00\0"),
        Base.DateTimeDigitized: (ASCII, b"2001:02:03 04:05:06\0"),
        Base.OffsetTimeOriginal: (ASCII, b"+01:00\0"),
    }

    assert parse_exif(tiff({}, camera)) == Exif(taken_at="2001-02-03T04:05:06")


@pytest.mark.parametrize(
    "value",
    [
        rationals((0, 0)),
        rationals((1, 0)),
        rationals((0, 1)),
        rationals((4_294_967_295, 1)),
        (10, struct.pack(">ii", -1, 3)),
        (12, struct.pack(">d", math.nan)),
        (ASCII, b"1/125\0"),
        (UNDEFINED, bytes(8)),
        (RATIONAL, b"\0\0\0\1"),
        (RATIONAL, b""),
        (9999, bytes(8)),
    ],
)
def test_numbers_that_no_camera_has_are_none(value: tuple[int, bytes]) -> None:
    tags = (Base.ExposureTime, Base.FNumber, Base.FocalLength, Base.ISOSpeedRatings)

    assert parse_exif(tiff({Base.Make: (ASCII, b"Maker")}, dict.fromkeys(tags, value))) == Exif(make="Maker")


def gps(
    latitude: tuple[int, bytes], longitude: tuple[int, bytes], sides: bytes = b"NE", **more: tuple[int, bytes]
) -> bytes:
    entries: Entries = {
        Gps.GPSLatitudeRef: (ASCII, sides[:1]),
        Gps.GPSLatitude: latitude,
        Gps.GPSLongitudeRef: (ASCII, sides[1:]),
        Gps.GPSLongitude: longitude,
    }
    return tiff({}, None, entries | {Gps[name]: value for name, value in more.items()})


SOME = rationals((10, 1), (30, 1), (0, 1))


@pytest.mark.parametrize(
    ("sides", "expected"),
    [(b"NE", (10.5, 10.5)), (b"SE", (-10.5, 10.5)), (b"NW", (10.5, -10.5)), (b"SW", (-10.5, -10.5))],
)
def test_places_have_signs(sides: bytes, expected: tuple[float, float]) -> None:
    assert parse_exif(gps(SOME, SOME, sides)) == Exif(location=Location(*expected))


@pytest.mark.parametrize(
    ("latitude", "longitude", "sides"),
    [
        (rationals((91, 1), (0, 1), (0, 1)), SOME, b"NE"),
        (rationals((90, 1), (0, 1), (1, 1)), SOME, b"NE"),
        (SOME, rationals((180, 1), (1, 1), (0, 1)), b"NE"),
        (SOME, rationals((0, 0), (0, 0), (0, 0)), b"NE"),
        (SOME, rationals((10, 1)), b"NE"),
        (SOME, SOME, b"XE"),
        (SOME, SOME, b"N"),
        (SOME, (10, struct.pack(">iiiiii", -10, 1, 0, 1, 0, 1)), b"NE"),
        (SOME, (ASCII, b"10 degrees or so"), b"NE"),
    ],
)
def test_no_place_is_half_told(latitude: tuple[int, bytes], longitude: tuple[int, bytes], sides: bytes) -> None:
    assert parse_exif(gps(latitude, longitude, sides)) is None


@pytest.mark.parametrize(
    ("value", "below", "expected"),
    [((125, 10), b"\0", 12.5), ((125, 10), b"\1", -12.5), ((1, 0), b"\0", None), ((4_000_000_000, 1), b"\0", None)],
)
def test_altitudes_are_in_metres(value: tuple[int, int], below: bytes, expected: float | None) -> None:
    blob = gps(SOME, SOME, GPSAltitude=rationals(value), GPSAltitudeRef=(1, below))

    assert parse_exif(blob) == Exif(location=Location(10.5, 10.5, expected))


def test_directories_that_point_at_each_other_end() -> None:
    head = b"MM\0*" + struct.pack(">I", 8)
    entries = struct.pack(">H", 2) + b"".join(struct.pack(">HHII", tag, LONG, 1, 8) for tag in (Ifd.Exif, Ifd.GPSInfo))

    assert parse_exif(head + entries + struct.pack(">I", 8)) is None


def test_huge_counts_and_far_offsets_cost_nothing() -> None:
    count, huge = 65_535, 4_294_967_295
    entries = b"".join(struct.pack(">HHII", number, ASCII, huge, 10) for number in range(count))
    blob = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", count) + entries + b"x" * 20_000_000
    start = time.process_time()
    found = parse_exif(blob)

    assert time.process_time() - start < 0.1
    assert found is None or all(len(text) <= MAX_EXIF_TEXT for text in (found.make or "", found.model or ""))


def _is_bounded(exif: Exif) -> bool:
    texts = (exif.make, exif.model, exif.lens, exif.artist, exif.copyright, exif.serial_number, exif.lens_serial_number)
    numbers = (exif.exposure_time, exif.f_number, exif.focal_length, exif.iso)
    return all(0 < len(text) <= MAX_EXIF_TEXT and text.isprintable() for text in texts if text is not None) and all(
        0 < number <= 1e7 for number in numbers if number is not None
    )


@given(
    st.binary(max_size=600), st.sampled_from([b"", b"Exif\0\0"]), st.sampled_from([b"", b"II*\0", b"MM\0*\0\0\0\x08"])
)
@example(b"", b"Exif\0\0", b"MM\0*\0\0\0\x08")
def test_no_bytes_raise(noise: bytes, prefix: bytes, head: bytes) -> None:
    found = parse_exif(prefix + head + noise)

    assert found is None or _is_bounded(found)


WHOLE = pictures.camera().tobytes()


@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=4)), max_size=12), st.integers(0)
)
def test_no_damage_raises(damage: list[tuple[int, bytes]], cut: int) -> None:
    blob = bytearray(WHOLE)
    for at, noise in damage:
        blob[at : at + len(noise)] = noise
    found = parse_exif(bytes(blob[: len(blob) - cut % len(blob)] if cut % 3 == 0 else blob))

    assert found is None or _is_bounded(found)


_TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1)


@given(make=_TEXT, seconds=st.fractions(1, 1000, max_denominator=10_000), iso=st.integers(1, 65_535))
def test_what_pillow_writes_is_read(make: str, seconds: object, iso: int) -> None:
    exif = Image.Exif()
    exif[Base.Make] = make.encode()
    exif.get_ifd(Ifd.Exif).update({Base.ExposureTime: IFDRational(seconds), Base.ISOSpeedRatings: iso})  # type: ignore[arg-type]

    assert parse_exif(exif.tobytes()) == Exif(
        make=make[:MAX_EXIF_TEXT],
        exposure_time=pytest.approx(float(seconds)),  # type: ignore[arg-type]
        iso=iso,
    )
