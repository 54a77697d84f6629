"""Formats by content, and what may be said of a media."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.format import HEAD_BYTES, Format, sniff
from graphql_api.domain.media import Changes, Details
from graphql_api.errors import InvalidInput
from tests import pictures


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pictures.jpeg(), Format.JPEG),
        (pictures.png(), Format.PNG),
        (pictures.encode(pictures.photo(), "GIF"), Format.GIF),
        (pictures.encode(pictures.photo(), "WEBP"), Format.WEBP),
        (pictures.encode(pictures.photo(), "AVIF"), Format.AVIF),
        (pictures.encode(pictures.photo(), "TIFF"), Format.TIFF),
        (pictures.encode(pictures.photo(), "BMP"), Format.BMP),
        (pictures.encode(pictures.photo(), "ICO"), Format.ICO),
        (pictures.encode(pictures.photo(), "TIFF", big_tiff=True), Format.TIFF),
        (b"\xff\x0a....", Format.JXL),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Format.HEIC),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Format.HEIC),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif", Format.AVIF),
        (b"<?xml version='1.0'?><!-- a comment --> <svg xmlns='http://www.w3.org/2000/svg'/>", Format.SVG),
        (b"\xef\xbb\xbf\n<svg width='1'>", Format.SVG),
    ],
)
def test_a_format_is_told_by_its_first_bytes(content: bytes, expected: Format) -> None:
    assert sniff(content[:HEAD_BYTES]) is expected


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"GIF90a",
        b"RIFF....WAVE",
        b"<html><body>svg",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        b"BM is how a letter may begin, and goes on",
        b"BM",
        b"%PDF",
        b"ftyp",
    ],
)
def test_other_bytes_are_no_format(head: bytes) -> None:
    assert sniff(head) is None


@given(st.binary(max_size=64))
def test_no_bytes_break_the_sniffer(head: bytes) -> None:
    assert sniff(head) is None or isinstance(sniff(head), Format)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\cat.png", "cat.png"),
        ("a\nb\0c\x7f.gif", "abc.gif"),
        ("   ", None),
        ("/", None),
        (None, None),
    ],
)
def test_a_name_is_a_last_segment_without_control_characters(given_name: str | None, kept: str | None) -> None:
    assert Details(name=given_name).name == kept


def test_tags_are_lower_case_and_once() -> None:
    assert Details(tags=("Cat", " cat ", "", "Dog")).tags == ("cat", "dog")


@pytest.mark.parametrize(
    ("field", "details"),
    [
        ("name", {"name": "x" * 256}),
        ("caption", {"caption": "x" * 2001}),
        ("caption", {"caption": "a\0b"}),
        ("caption", {"caption": "a\ud800b"}),
        ("altText", {"alt_text": "x" * 2001}),
        ("tags", {"tags": tuple(str(n) for n in range(11))}),
        ("tags", {"tags": ("x" * 51,)}),
        ("tags", {"tags": ("a\0",)}),
    ],
)
def test_too_much_is_refused_by_name(field: str, details: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        Details(**details)  # type: ignore[arg-type]

    assert caught.value.field == field


def test_an_update_cannot_take_the_name_away() -> None:
    with pytest.raises(InvalidInput, match="visible"):
        Changes(name="\n")


def test_an_empty_caption_is_none() -> None:
    assert Changes(caption="  ").caption is None
