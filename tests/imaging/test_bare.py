"""The original, where it is smaller (a GIF always) and tells nothing beside its picture."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from PIL import Image

from graphql_api.domain.format import Format
from graphql_api.domain.output import Output
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.imaging.bare import is_bare
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.lab import Lab, difference


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


def poor(picture: Image.Image, kind: str = "JPEG") -> bytes:
    return pictures.encode(picture, kind, quality=20)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
async def test_an_original_that_is_smaller_is_served_as_it_is(lab: Lab, kind: str) -> None:
    content = poor(pictures.photo(300, 200), kind)

    assert await lab.render(content, Transform()) == content
    assert await lab.render(content, Transform((Stage(width=8000, height=8000),))) == content
    assert await lab.render(content, Transform((), Output(quality=81))) != content
    assert await lab.render(content, Transform((Stage(brightness=1.1),))) != content


async def test_a_png_that_is_smaller_is_served_as_it_is(lab: Lab) -> None:
    content = pictures.encode(pictures.photo(60, 40).quantize(4), "PNG", optimize=True)

    assert await lab.render(content, Transform()) == content


def _with_comment(jpeg: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xfe\x00\x08secret" + jpeg[2:]


def _with_chunk(png: bytes) -> bytes:
    data = b"Comment\0secret"
    chunk = len(data).to_bytes(4, "big") + b"tEXt" + data + zlib.crc32(b"tEXt" + data).to_bytes(4, "big")
    return png[:33] + chunk + png[33:]


def _with_riff(webp: bytes) -> bytes:
    body = webp[12:] + b"XMP " + (6).to_bytes(4, "little") + b"secret"
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


@pytest.mark.parametrize(
    "content",
    [
        poor(pictures.photo(300, 200)) + b"secret behind the end",
        _with_comment(poor(pictures.photo(300, 200))),
        _with_chunk(pictures.encode(pictures.photo(60, 40).quantize(4), "PNG", optimize=True)),
        pictures.encode(pictures.photo(60, 40).quantize(4), "PNG", optimize=True) + b"secret",
        _with_riff(poor(pictures.photo(300, 200), "WEBP")),
        poor(pictures.photo(300, 200), "WEBP") + b"secret!",
    ],
)
async def test_an_original_that_says_more_than_its_picture_is_not(lab: Lab, content: bytes) -> None:
    assert b"secret" not in await lab.render(content, Transform())


GIF = pictures.encode(pictures.photo(60, 40), "GIF")
MOVING = pictures.animation("GIF", 4)


@pytest.mark.parametrize("content", [GIF, MOVING])
async def test_a_gif_is_served_as_it_is_for_it_would_only_lose(lab: Lab, content: bytes) -> None:
    assert await lab.render(content, Transform()) == content
    assert await lab.render(content, Transform((Stage(width=8000),))) == content
    assert await lab.render(content, Transform((Stage(width=30),))) != content
    assert await lab.render(content, Transform(output=Output(Format.WEBP))) != content


async def test_the_first_frame_of_a_gif_is_not_all_of_it(lab: Lab) -> None:
    assert await lab.render(MOVING, Transform(output=Output(still=True))) != MOVING


def _extended(gif: bytes, block: bytes) -> bytes:
    """The GIF with a block before its trailer."""
    return gif[:-1] + block + gif[-1:]


@pytest.mark.parametrize(
    "content",
    [
        _extended(GIF, b"\x21\xfe\x06secret\x00"),
        _extended(GIF, b"\x21\xff\x0bXMP DataXMP\x06secret\x00"),
        _extended(GIF, b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x06secret\x00"),
        _extended(GIF, b"\x21\xf9\x04\x00\x00\x00\x00\x06secret\x00"),
        GIF + b"secret",
        pictures.encode(pictures.photo(60, 40), "GIF", comment=b"secret"),
    ],
)
async def test_a_gif_that_tells_more_than_its_picture_is_encoded_anew(lab: Lab, content: bytes) -> None:
    rendered = await lab.render(content, Transform())

    assert b"secret" not in rendered
    assert difference(pictures.decode(rendered), pictures.decode(content)) < 3


@pytest.mark.parametrize("end", range(10, len(GIF) - 1, 97))
def test_a_gif_that_ends_too_early_is_not_bare(tmp_path: Path, end: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(GIF[:end])

    assert not is_bare(path, Format.GIF)
