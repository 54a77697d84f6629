"""Probe and render in real workers: every format into every format, every fit, upright, moving, in sRGB."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms

from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.media import Format, Original, sniff
from graphql_api.domain.transform import Output, Stage, Transform, named_size
from graphql_api.imaging.jobs import Probe, Render
from graphql_api.imaging.pool import ImagingPool
from tests import pictures

MAX_PIXELS = 100_000_000

SOURCES = {
    Format.JPEG: pictures.jpeg(),
    Format.PNG: pictures.png(),
    Format.GIF: pictures.encode(pictures.photo(), "GIF"),
    Format.WEBP: pictures.encode(pictures.photo(), "WEBP", quality=95),
    Format.AVIF: pictures.encode(pictures.photo(), "AVIF", quality=95),
}


class Lab:
    """Files in, files out."""

    def __init__(self, imaging: ImagingPool, folder: Path) -> None:
        self._imaging = imaging
        self._folder = folder

    def keep(self, content: bytes) -> Path:
        path = self._folder / f"{len(list(self._folder.iterdir()))}"
        path.write_bytes(content)
        return path

    async def probe(self, content: bytes) -> Original:
        found = sniff(content[:64])
        assert found
        return (await self._imaging.probe(Probe(self.keep(content), found, MAX_PIXELS))).original

    async def render(self, content: bytes, transform: Transform) -> bytes:
        original = await self.probe(content)
        target = self._folder / f"out{len(list(self._folder.iterdir()))}"
        recipe = transform.settle(original)
        await self._imaging.render(Render(self.keep(content), original, recipe, target))
        size = recipe.size(Size(original.width, original.height))
        rendered = target.read_bytes()
        assert pictures.decode(rendered).size == (size.width, size.height)
        assert sniff(rendered[:64]) is recipe.format
        return rendered


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of two pictures of one size, 0 to 255."""
    changed = ImageChops.difference(first.convert("RGB"), second.convert("RGB")).convert("L")
    return sum(value * count for value, count in enumerate(changed.histogram())) / (changed.width * changed.height)


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Red, green and blue."""
    found = picture.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("target", list(Format))
@pytest.mark.parametrize("source", list(Format))
async def test_every_format_becomes_every_format(lab: Lab, source: Format, target: Format) -> None:
    rendered = pictures.decode(await lab.render(SOURCES[source], Transform((), Output(target, 95))))

    assert difference(rendered, pictures.photo()) < 8


@pytest.mark.parametrize("fit", list(Fit))
async def test_every_fit_gives_what_pillow_gives(lab: Lab, fit: Fit) -> None:
    source = pictures.photo(300, 200)
    rendered = pictures.decode(await lab.render(pictures.encode(source, "PNG"), Transform((Stage(120, 120, fit),))))

    expected = {
        Fit.SCALE_DOWN: lambda: source.resize((120, 80)),
        Fit.CONTAIN: lambda: source.resize((120, 80)),
        Fit.COVER: lambda: source.resize((180, 120)).crop((30, 0, 150, 120)),
        Fit.CROP: lambda: source.resize((180, 120)).crop((30, 0, 150, 120)),
        Fit.PAD: lambda: _padded(source.resize((120, 80)), 120, 120),
        Fit.SQUEEZE: lambda: source.resize((120, 120)),
    }[fit]()
    assert difference(rendered, expected) < 3


def _padded(picture: Image.Image, width: int, height: int) -> Image.Image:
    canvas = Image.new("RGB", (width, height), "white")
    canvas.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return canvas


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photo_comes_out_upright(lab: Lab, orientation: int) -> None:
    from PIL import ImageOps

    content = pictures.jpeg(160, 90, orientation=orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))

    original = await lab.probe(content)
    rendered = pictures.decode(await lab.render(content, Transform((Stage(80, 80, Fit.COVER),))))

    assert (original.width, original.height) == upright.size
    scale = 80 / min(upright.size)
    whole = upright.resize((round(upright.width * scale), round(upright.height * scale)))
    left, top = (whole.width - 80) // 2, (whole.height - 80) // 2
    assert difference(rendered, whole.crop((left, top, left + 80, top + 80))) < 8


async def test_metadata_is_gone(lab: Lab) -> None:
    content = pictures.jpeg(orientation=6)
    rendered = pictures.decode(await lab.render(content, Transform()))

    assert not rendered.getexif()
    assert "icc_profile" not in rendered.info


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
@pytest.mark.parametrize("target", [Format.GIF, Format.WEBP])
async def test_what_moves_keeps_moving(lab: Lab, kind: str, target: Format) -> None:
    content = pictures.animation(kind, frames=4)
    rendered = await lab.render(content, Transform((Stage(30, 30, Fit.COVER),), Output(target)))

    assert (await lab.probe(content)).frames == 4
    moving = Image.open(io.BytesIO(rendered))
    assert (getattr(moving, "n_frames", 1), moving.size) == (4, (30, 30))
    moving.seek(1)
    moving.load()
    assert moving.info["duration"] == 120


@pytest.mark.parametrize("target", [Format.JPEG, Format.PNG, Format.AVIF])
async def test_what_cannot_move_shows_the_first_frame(lab: Lab, target: Format) -> None:
    rendered = pictures.decode(await lab.render(pictures.animation("GIF"), Transform((), Output(target, 95))))

    assert getattr(rendered, "n_frames", 1) == 1
    assert difference(rendered, pictures.photo(60, 40, seed=1)) < 10


@pytest.mark.parametrize("target", [Format.PNG, Format.WEBP, Format.AVIF])
async def test_transparency_stays_and_does_not_bleed(lab: Lab, target: Format) -> None:
    source = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    source.paste((0, 0, 255, 255), (50, 0, 100, 100))
    rendered = pictures.decode(
        await lab.render(pictures.encode(source, "PNG"), Transform((Stage(20),), Output(target, 100)))
    ).convert("RGBA")

    assert rendered.getpixel((2, 10))[3] < 10  # type: ignore[index]
    red, _, blue, alpha = rendered.getpixel((12, 10))  # type: ignore[misc]
    assert alpha > 245
    assert blue > 240
    assert red < 20  # the hidden red of the transparent half stays hidden


async def test_jpeg_and_padding_have_white_behind_transparency(lab: Lab) -> None:
    content = pictures.encode(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG")
    for transform in (Transform((), Output(Format.JPEG)), Transform((Stage(60, 50, Fit.PAD),))):
        rendered = pictures.decode(await lab.render(content, transform)).convert("RGB")
        assert min(pixel(rendered, 20, 20)) > 250


async def test_cmyk_and_wide_gamut_become_srgb(lab: Lab) -> None:
    cmyk = pictures.encode(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95)
    rendered = pictures.decode(await lab.render(cmyk, Transform((), Output(Format.PNG))))

    red, green, blue = rendered.convert("RGB").getpixel((16, 16))  # type: ignore[misc]
    assert rendered.mode == "RGB"
    assert red > 180
    assert max(green, blue) < 80


async def test_an_embedded_profile_is_applied(lab: Lab) -> None:
    lab_profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    broken = pictures.encode(pictures.photo(), "PNG", icc_profile=lab_profile.tobytes())
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    fine = pictures.encode(pictures.photo(), "PNG", icc_profile=srgb)

    for content in (broken, fine):
        rendered = pictures.decode(await lab.render(content, Transform((), Output(Format.PNG))))
        assert difference(rendered, pictures.photo()) < 3


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "RGBA"])
async def test_every_kind_of_png_is_read(lab: Lab, mode: str) -> None:
    picture = pictures.photo(mode="L").convert("I").point(lambda v: v * 257).convert("I;16") if mode == "I;16" else None
    content = pictures.encode(picture or pictures.photo().convert(mode), "PNG")
    rendered = pictures.decode(await lab.render(content, Transform((Stage(60),), Output(Format.PNG))))

    assert rendered.mode in ("L", "LA", "RGB", "RGBA", "P")


async def test_shrinking_while_loading_costs_no_quality(lab: Lab) -> None:
    source = pictures.photo(1600, 1200)
    rendered = pictures.decode(
        await lab.render(pictures.encode(source, "JPEG", quality=95), Transform((Stage(200),), Output(Format.PNG)))
    )

    assert difference(rendered, source.resize((200, 150), Image.Resampling.LANCZOS)) < 3


async def test_a_social_card_is_padded(lab: Lab) -> None:
    rendered = pictures.decode(await lab.render(pictures.jpeg(400, 400), Transform((named_size("social"),))))

    assert rendered.size == (1200, 630)
    assert min(pixel(rendered, 10, 300)) > 250


async def test_stages_run_one_after_the_other(lab: Lab) -> None:
    transform = Transform((Stage(100, 100, Fit.COVER), Stage(50, 20, Fit.SQUEEZE)))
    rendered = pictures.decode(await lab.render(pictures.png(300, 200), transform))

    assert rendered.size == (50, 20)


async def test_many_renders_side_by_side_are_all_right(lab: Lab) -> None:
    content = [pictures.jpeg(seed=seed) for seed in range(12)]
    rendered = await asyncio.gather(*(lab.render(item, Transform((Stage(60),))) for item in content))

    for seed, item in enumerate(rendered):
        assert difference(pictures.decode(item), pictures.photo(seed=seed).resize((60, 45))) < 8
