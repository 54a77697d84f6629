"""What is put on top: pictures, and texts."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageChops

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.asking import CONTENT, PHOTO, UID, ask, each, png
from tests.lab import Lab, difference, pixel


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


MARK = pictures.encode(Image.new("RGBA", (40, 20), (0, 0, 255, 255)), "PNG")


async def overlaid(lab: Lab, parts: str, mark: bytes = MARK) -> Image.Image:
    rendered = await lab.render(CONTENT, ask(f"overlay={UID}{parts}&format=png"), {UID: mark})
    return pictures.decode(rendered)


def blue(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The box of what is quite blue."""
    red, _, blues = picture.convert("RGB").split()
    found = ImageChops.subtract(blues, red).point(lambda value: 255 * (value > 200))
    return found.getbbox()


@pytest.mark.parametrize(
    ("parts", "box"),
    [
        ("", (80, 65, 120, 85)),
        (";g=top-left", (0, 0, 40, 20)),
        (";g=bottom-right;x=10;y=5", (150, 125, 190, 145)),
        (";g=top;y=7", (80, 7, 120, 27)),
        (";g=right;x=1", (159, 65, 199, 85)),
        (";g=top-left;x=-20;y=-10", (0, 0, 20, 10)),
        (";g=top-left;w=20", (0, 0, 20, 10)),
        (";g=top-left;h=40", (0, 0, 80, 40)),
        (";g=top-left;w=20;h=20", (0, 0, 20, 10)),
        (";g=top-left;scale=0.5", (0, 0, 100, 50)),
        (";g=left;repeat=x", (0, 65, 200, 85)),
        (";g=top;repeat=y", (80, 0, 120, 150)),
        (";repeat=both", (0, 0, 200, 150)),
        (";g=top-left;x=500", None),
    ],
)
async def test_an_overlay_is_where_it_belongs(lab: Lab, parts: str, box: tuple[int, int, int, int] | None) -> None:
    rendered = await overlaid(lab, parts)

    assert rendered.size == (200, 150)
    assert blue(rendered) == box


async def test_an_overlay_is_faint_as_asked_and_shrinks_to_fit(lab: Lab) -> None:
    black = pictures.encode(Image.new("RGB", (4000, 3000), "black"), "JPEG")
    rendered = await overlaid(lab, ";opacity=0.25", black)

    assert difference(rendered, each(lambda v: v * 0.75)(PHOTO)) < 2


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "WEBP"])
async def test_overlays_of_every_kind(lab: Lab, kind: str) -> None:
    mark = pictures.svg('<rect width="40" height="20" fill="blue"/>', 40, 20)
    assert blue(await overlaid(lab, ";g=top-left", mark)) == (0, 0, 40, 20)
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = 6
    turned = pictures.encode(Image.new("RGB", (20, 40), (0, 0, 255)), "JPEG", exif=exif, quality=95)
    assert blue(await overlaid(lab, ";g=top-left", turned)) == (0, 0, 40, 20)
    plain = pictures.encode(Image.new("RGB", (40, 20), (0, 0, 255)), kind, quality=95)
    box = blue(await overlaid(lab, ";g=top-left", plain))
    assert box is not None
    assert box[2:] == (40, 20)


async def test_text_is_written_and_never_read(lab: Lab) -> None:
    white = pictures.encode(Image.new("RGB", (400, 100), "white"), "PNG")

    async def letters(text: str) -> int:
        rendered = await png(lab, f"text={quote(quote(text))};size=20", white)
        return rendered.convert("L").point(lambda value: 255 * (value < 128)).histogram()[255]

    assert await letters("m") > 20
    assert await letters('<span size="xx-large">m</span>') > 3 * await letters("m")
    assert await letters("&lt;") > 1.5 * await letters("<")
    assert await letters("&amp;") > 1.5 * await letters("&")


async def test_a_long_word_is_broken_without_a_hyphen(lab: Lab) -> None:
    words, word = [await png(lab, f"text={text};font=mono;size=20;w=70") for text in ("xxxxx%20xxxxx", "x" * 10)]

    assert word.tobytes() == words.tobytes()


@pytest.mark.parametrize(
    "text", ["<", "</span>", "&", "&#0;", "<b", "\\x00", "%25n%25s", "🖼 ﷽", "a" * 200, "a\nb" * 60]
)
async def test_no_text_breaks_the_picture(lab: Lab, text: str) -> None:
    for parts in ("", ";size=512", ";w=1", ";size=512;w=1;bg=red", ";size=1"):
        rendered = await png(lab, f"text={quote(quote(text))}{parts};color=red")
        assert rendered.size == (200, 150)


async def test_later_overlays_cover_earlier_ones(lab: Lab) -> None:
    asked = ask(f"overlay={UID};g=top-left&overlay=ba9876543210;g=top-left&format=png")
    green = pictures.encode(Image.new("RGB", (40, 20), (0, 255, 0)), "PNG")
    rendered = pictures.decode(await lab.render(CONTENT, asked, {UID: MARK, "ba9876543210": green}))

    assert pixel(rendered, 10, 10) == (0, 255, 0)


async def test_grey_and_moving_pictures_take_everything(lab: Lab) -> None:
    everything = (
        f"w=30&h=30&fit=cover&rotate=90&brightness=1.1&saturation=2&filter=warm&blur=1&sharp=1&overlay={UID};w=9"
        "&text=x;size=9&padding=2&border=1&border-color=red&radius=4&background=fff"
    )
    for content in (pictures.encode(PHOTO.convert("L"), "PNG"), pictures.encode(PHOTO.convert("LA"), "PNG")):
        rendered = pictures.decode(await lab.render(content, ask(everything), {UID: MARK}))
        assert rendered.size == (36, 36)
    for target in ("gif", "webp"):
        moving = await lab.render(pictures.animation("GIF", 4), ask(f"{everything}&format={target}"), {UID: MARK})
        assert pictures.decode(moving).n_frames == 4  # type: ignore[attr-defined]


async def test_a_huge_overlay_becomes_tiny(lab: Lab) -> None:
    logo = pictures.encode(Image.new("RGB", (3000, 3000), "blue"), "PNG")
    for parts in (";w=5", ";scale=0.01", ";w=8192;h=8192", ";scale=1", ";w=1;repeat=both"):
        assert (await overlaid(lab, parts, logo)).size == (200, 150)
