"""Every format in, every format out; drawings; metadata."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from graphql_api.domain.format import WRITTEN, Format
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import parse_query
from graphql_api.errors import TooLarge, UnsupportedMedia
from graphql_api.imaging.jobs import Clean
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.lab import Lab, difference, pixel

PHOTO = pictures.photo(96, 64)
FOREIGN = {
    Format.HEIC: pictures.heic(),
    Format.TIFF: pictures.encode(PHOTO, "TIFF", compression="tiff_lzw"),
    Format.BMP: pictures.encode(PHOTO, "BMP"),
    Format.ICO: pictures.encode(PHOTO, "ICO", sizes=[(96, 64)]),
    Format.JXL: pictures.jxl(PHOTO),
}
ARTIST, COPYRIGHT, MAKE, ORIENTATION = 0x013B, 0x8298, 0x010F, 0x0112


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


@pytest.mark.parametrize("target", WRITTEN)
@pytest.mark.parametrize("source", list(FOREIGN))
async def test_what_no_browser_shows_becomes_what_every_browser_shows(lab: Lab, source: Format, target: Format) -> None:
    original = await lab.probe(FOREIGN[source])
    rendered = pictures.decode(await lab.render(FOREIGN[source], Transform((), Output(target, 95))))

    assert (original.format, original.width, original.height) == (source, 96, 64)
    assert difference(rendered, PHOTO) < 9


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Format.HEIC, Format.JPEG),
        (Format.TIFF, Format.JPEG),
        (Format.JXL, Format.JPEG),
        (Format.BMP, Format.PNG),
        (Format.ICO, Format.PNG),
    ],
)
async def test_each_has_a_format_that_it_goes_out_in(lab: Lab, source: Format, expected: Format) -> None:
    original = await lab.probe(FOREIGN[source])

    assert parse_query([("w", "50")]).settle(original).format is expected


@pytest.mark.parametrize(
    "content",
    [
        pictures.encode(PHOTO.convert("RGBA"), "TIFF"),
        pictures.encode(PHOTO.convert("L"), "TIFF"),
        pictures.encode(PHOTO.convert("CMYK"), "TIFF"),
        pictures.encode(PHOTO.convert("1"), "TIFF", compression="group4"),
        pictures.encode(PHOTO, "TIFF", big_tiff=True, compression="tiff_adobe_deflate"),
        pictures.encode(PHOTO.convert("P"), "BMP"),
        pictures.encode(PHOTO.convert("1"), "BMP"),
        pictures.encode(PHOTO.convert("L"), "BMP"),
        pictures.encode(PHOTO.convert("RGBA"), "ICO", sizes=[(16, 16), (32, 32)], bitmap_format="bmp"),
        pictures.encode(PHOTO.convert("RGBA"), "AVIF"),
        pictures.encode(PHOTO.convert("L"), "AVIF"),
        pictures.jxl(PHOTO.convert("RGBA")),
        pictures.jxl(PHOTO.convert("L")),
    ],
)
async def test_every_kind_of_them_is_read(lab: Lab, content: bytes) -> None:
    assert pictures.decode(await lab.render(content, Transform((), Output(Format.PNG)))).width >= 32


async def test_an_icon_is_its_largest_picture(lab: Lab) -> None:
    content = pictures.encode(pictures.photo(256, 256), "ICO", sizes=[(16, 16), (64, 64), (256, 256)])

    assert (await lab.probe(content)).width == 256


@pytest.mark.parametrize("kind", ["TIFF", "AVIF"])
async def test_others_come_out_upright_too(lab: Lab, kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    options = {"tiffinfo": {ORIENTATION: 6}} if kind == "TIFF" else {"exif": exif, "quality": 95}
    content = pictures.encode(PHOTO, kind, **options)
    original = await lab.probe(content)
    rendered = pictures.decode(await lab.render(content, Transform((), Output(Format.PNG))))

    assert (original.width, original.height) == (64, 96)
    assert difference(rendered, PHOTO.transpose(Image.Transpose.ROTATE_270)) < 8


async def test_sixteen_bits_become_eight(lab: Lab) -> None:
    grey = PHOTO.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    for kind in ("TIFF", "PNG"):
        rendered = pictures.decode(await lab.render(pictures.encode(grey, kind), Transform((), Output(Format.PNG))))
        assert difference(rendered, PHOTO.convert("L")) < 2


# --- limits


@pytest.mark.parametrize("source", [*FOREIGN, Format.AVIF])
async def test_their_pixels_are_counted_by_the_header(lab: Lab, source: Format) -> None:
    content = FOREIGN.get(source) or pictures.encode(PHOTO, "AVIF")

    with pytest.raises(TooLarge, match="more than 6143 pixels"):
        await lab.probe(content, PictureLimits(max_pixels=6143))
    with pytest.raises(TooLarge, match="more than 95 pixels a side"):
        await lab.probe(content, PictureLimits(max_side=95))


async def test_frames_have_a_limit(lab: Lab) -> None:
    with pytest.raises(TooLarge, match="more than 3 frames"):
        await lab.probe(pictures.animation("GIF", frames=4), PictureLimits(max_frames=3))


@pytest.mark.parametrize("source", list(FOREIGN))
@pytest.mark.parametrize("part", [0.2, 0.6, 0.95])
async def test_those_cut_short_are_refused(lab: Lab, source: Format, part: float) -> None:
    content = FOREIGN[source]
    with pytest.raises(UnsupportedMedia, match="damaged"):
        await lab.probe(content[: int(len(content) * part)])


async def test_an_icon_cannot_hide_a_bomb(lab: Lab) -> None:
    """The directory says 16 x 16, the PNG inside has 20,000 a side."""
    bomb = pictures.png_bomb(20_000, 20_000)
    head = b"\0\0\1\0\1\0" + b"\x10\x10\0\0\1\0\x20\0" + len(bomb).to_bytes(4, "little") + (22).to_bytes(4, "little")

    with pytest.raises((UnsupportedMedia, TooLarge)):
        await lab.probe(head + bomb)


async def test_a_tiff_bomb_is_refused_by_its_header(lab: Lab) -> None:
    strip = zlib.compress(b"\0" * 1000)
    tags = [(256, 4, 60_000), (257, 4, 60_000), (258, 3, 8), (259, 3, 8), (262, 3, 1), (273, 4, 200), (277, 3, 1)]
    tags += [(278, 4, 60_000), (279, 4, len(strip))]
    body = len(tags).to_bytes(2, "little")
    for tag, kind, value in tags:
        body += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
        body += value.to_bytes(4, "little")
    content = (b"II*\0" + (8).to_bytes(4, "little") + body + b"\0" * 4).ljust(200, b"\0") + strip

    with pytest.raises(TooLarge, match="100000000 pixels"):
        await lab.probe(content)


# --- drawings


CLEAN = pictures.svg('<rect width="50" height="80" fill="#f00"/>')


async def clean(imaging: ImagingPool, folder: Path, content: bytes) -> str:
    (folder / "in").write_bytes(content)
    await imaging.clean(Clean(folder / "in", folder / "out"))
    return (folder / "out").read_text()


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<rect onclick="alert(1)" onload="alert(1)" width="1" height="1"/>',
        '<a href="javascript:alert(1)"><text>x</text></a>',
        '<image href="http://evil.example/a.png" width="1" height="1"/>',
        '<image xlink:href="file:///etc/passwd" width="1" height="1"/>',
        '<use xlink:href="http://evil.example/a.svg#b"/>',
        '<feImage href="http://evil.example/a"/>',
        "<foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src='http://evil.example'/></foreignObject>",
        "<style>@import 'http://evil.example/a.css';</style>",
        "<style>rect{fill:url(http://evil.example/a)}</style>",
        '<rect style="fill:url(http://evil.example/a)" width="1" height="1"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onmouseover" to="alert(1)"/>',
        "<iframe src='http://evil.example'/>",
        '<image href="data:image/svg+xml;base64,PHN2Zz4="/>',
        '<image href="data:text/html,evil.example"/>',
    ],
)
async def test_a_drawing_is_cleaned(imaging: ImagingPool, tmp_path: Path, evil: str) -> None:
    cleaned = await clean(imaging, tmp_path, pictures.svg(evil + '<circle r="5" fill="#123456"/>'))

    assert "#123456" in cleaned
    for trace in (
        "<script",
        "onclick",
        "onload",
        "onmouseover",
        "evil.example/a",
        "file:",
        "iframe",
        "svg+xml",
        "text/html",
    ):
        assert trace not in cleaned
    # An animation may keep the value it would set, but no longer names what it would set it on.
    assert "javascript" not in cleaned or "attributeName" not in cleaned


async def test_entities_are_not_expanded(imaging: ImagingPool, tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12))
    content = f'<?xml version="1.0"?><!DOCTYPE svg [{laughs}]>'.encode() + pictures.svg("<text>&l11;</text>")
    outside = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + pictures.svg("<text>&x;</text>")

    for attack in (content, outside):
        try:
            cleaned = await clean(imaging, tmp_path, attack)
        except UnsupportedMedia:
            continue
        assert len(cleaned) < 1000
        assert "root:" not in cleaned


async def test_embedded_pictures_stay(imaging: ImagingPool, tmp_path: Path) -> None:
    assert "data:image/png" in await clean(
        imaging, tmp_path, pictures.svg('<image href="data:image/png;base64,AAAA" width="9" height="9"/>')
    )


@pytest.mark.parametrize("content", [b"<svg", b"<svg>", b"<svg></rect></svg>", b"<html><svg></html>", b"<svg \xff/>"])
async def test_what_is_no_xml_is_refused(imaging: ImagingPool, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        await clean(imaging, tmp_path, content)


async def test_a_drawing_is_drawn_at_the_size_of_the_result(lab: Lab) -> None:
    fine = pictures.svg('<path d="M0 0 L100 80" stroke="black" stroke-width="0.2"/>')
    rendered = pictures.decode(await lab.render(fine, parse_query([("w", "2000"), ("fit", "contain"), ("bg", "fff")])))

    assert rendered.size == (2000, 1600)
    # Enlarged from 100 pixels, the line would be a grey band of twenty.
    assert min(pixel(rendered, 1000, 800)) < 60
    assert min(pixel(rendered, 1000, 810)) > 250


async def test_a_drawing_is_served_as_it_is_unless_pixels_are_asked_for(lab: Lab) -> None:
    assert await lab.render(CLEAN, Transform()) == CLEAN
    assert await lab.render(CLEAN, parse_query([("w", "5000")])) == CLEAN
    assert pictures.decode(await lab.render(CLEAN, parse_query([("w", "50")]))).mode == "RGBA"
    assert (await lab.probe(CLEAN)).has_alpha


# --- metadata


def camera(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[ARTIST], exif[COPYRIGHT], exif[MAKE], exif[ORIENTATION] = "Zo?", "(c) Zoe", "Tintype", orientation
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (64.0, 8.0, 30.0)
    # Cameras write UTF-8, Pillow does not.
    block = exif.tobytes().replace(b"Zo?\0", "Zë\0".encode())
    return pictures.encode(pictures.photo(160, 90), "JPEG", exif=block, quality=95)


def text(value: object) -> str:
    """What a tag says, which Pillow takes for Latin-1."""
    return str(value).encode("latin-1").decode()


@pytest.mark.parametrize("target", WRITTEN)
async def test_copyright_stays_in_jpeg_and_nothing_else_does(lab: Lab, target: Format) -> None:
    exif = pictures.decode(await lab.render(camera(), Transform((Stage(width=50),), Output(target)))).getexif()

    texts = {tag: text(value) for tag, value in exif.items()}
    assert texts == ({ARTIST: "Zë", COPYRIGHT: "(c) Zoe"} if target is Format.JPEG else {})
    assert not exif.get_ifd(0x8825)


async def test_metadata_can_be_left_out_altogether(lab: Lab) -> None:
    asked = Transform((Stage(width=50),), Output(metadata=Metadata.NONE))

    assert not pictures.decode(await lab.render(camera(), asked)).getexif()


@pytest.mark.parametrize("target", [Format.JPEG, Format.WEBP, Format.PNG, Format.AVIF])
async def test_metadata_can_be_kept_for_the_picture_as_it_was_turned(lab: Lab, target: Format) -> None:
    rendered = pictures.decode(await lab.render(camera(), Transform((), Output(target, metadata=Metadata.KEEP))))
    exif = rendered.getexif()

    assert (exif[MAKE], exif.get_ifd(0x8825)[1]) == ("Tintype", "N")
    assert text(exif[ARTIST]) == "Zë" or target is not Format.JPEG  # libvips writes ASCII alone
    assert exif.get(ORIENTATION, 1) == 1
    assert ImageOps.exif_transpose(rendered).size == (90, 160)


async def test_a_broken_exif_block_keeps_nobody_from_the_picture(lab: Lab) -> None:
    content = pictures.encode(pictures.photo(50, 50), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    for kept in Metadata:
        asked = Transform((Stage(width=40),), Output(metadata=kept))
        assert Image.open(io.BytesIO(await lab.render(content, asked))).size == (40, 40)
