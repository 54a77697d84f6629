"""Cutting out: by GrabCut on pictures whose foreground is known, and as a step of a transform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from graphql_api.domain.color import Color
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit
from graphql_api.domain.output import Output
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.imaging.grabcut import GrabCut
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.lab import Lab, pixel

CUT = Stage(segment=True)
RED = (190, 40, 50)
WHITE = (255, 255, 255)


def _wall(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), (225, 228, 232))


def _light(width: int, height: int) -> Image.Image:
    """A wall that is lit from one corner."""
    shade = Image.linear_gradient("L").resize((width, height)).point(lambda value: 150 + value // 3)
    across = Image.linear_gradient("L").rotate(90).resize((width, height)).point(lambda value: 160 + value // 4)
    return Image.merge("RGB", (shade, across, ImageChops.invert(shade)))


def _grain(width: int, height: int) -> Image.Image:
    noise = np.random.default_rng(3).normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(180 + noise, 0, 255).astype(np.uint8))


def _table(width: int, height: int) -> Image.Image:
    picture = Image.new("RGB", (width, height), (205, 215, 225))
    picture.paste((150, 120, 90), (0, height * 6 // 10, width, height))
    return picture


def _garden(width: int, height: int) -> Image.Image:
    """Out of focus, of many colours."""
    chance = np.random.default_rng(8)
    picture = Image.new("RGB", (width, height), (90, 110, 80))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, side = chance.integers(width), chance.integers(height), chance.integers(width // 20, width // 5)
        color = tuple(map(int, chance.integers(40, 200, 3)))
        draw.ellipse((int(x - side), int(y - side), int(x + side), int(y + side)), fill=color)
    return picture.filter(ImageFilter.GaussianBlur(width / 30))


def _draw(shape: str, size: tuple[int, int]) -> Image.Image:
    """The foreground, white on black."""
    truth, (width, height) = Image.new("L", size), size
    draw = ImageDraw.Draw(truth)
    ellipses = {
        "ball": [(0.3, 0.2, 0.7, 0.8)],
        "aside": [(0.6, 0.5, 0.92, 0.92)],
        "person": [(0.4, 0.12, 0.6, 0.5)],
        "ring": [(0.25, 0.1, 0.75, 0.9)],
        "two": [(0.15, 0.3, 0.42, 0.75)],
    }
    blocks = {
        "bottle": [(0.42, 0.35, 0.58, 0.9), (0.47, 0.12, 0.53, 0.4)],
        "person": [(0.25, 0.48, 0.75, 1.3)],
        "two": [(0.58, 0.3, 0.85, 0.75)],
    }
    whole = (width, height, width, height)
    for part in ellipses.get(shape, []):
        draw.ellipse([at * side for at, side in zip(part, whole, strict=True)], 255)
    for part in blocks.get(shape, []):
        draw.rounded_rectangle([at * side for at, side in zip(part, whole, strict=True)], height // 30, 255)
    if shape == "ring":
        draw.ellipse([at * side for at, side in zip((0.4, 0.33, 0.6, 0.67), whole, strict=True)], 0)
    return truth


def _paint(shape: str, background: Image.Image, color: tuple[int, int, int] = RED) -> tuple[Image.Image, Image.Image]:
    """A picture of something with some texture, and the truth."""
    truth = _draw(shape, background.size)
    noise = np.random.default_rng(1).normal(0, 18, (background.height, background.width, 1))
    surface = Image.fromarray(np.clip(np.array(color) + noise, 0, 255).astype(np.uint8))
    return Image.composite(surface, background, truth.filter(ImageFilter.GaussianBlur(1))), truth


def _overlap(mask: Image.Image, truth: Image.Image) -> float:
    """Intersection over union."""
    found, right = np.array(mask) > 127, np.array(truth) > 127
    return float((found & right).sum() / (found | right).sum())


@pytest.mark.parametrize("background", [_wall, _light, _grain, _table, _garden])
@pytest.mark.parametrize("shape", ["ball", "bottle", "person", "ring", "two", "aside"])
def test_grabcut_finds_what_stands_before_a_quiet_background(
    shape: str, background: Callable[[int, int], Image.Image]
) -> None:
    picture, truth = _paint(shape, background(600, 450))
    mask = GrabCut().mask(np.array(picture))

    assert _overlap(Image.fromarray(mask), truth) > 0.93


@pytest.mark.parametrize("color", [(12, 12, 14), (200, 200, 206), (40, 90, 50)])
def test_grabcut_takes_dark_and_pale_things(color: tuple[int, int, int]) -> None:
    picture, truth = _paint("bottle", _wall(600, 450), color)

    assert _overlap(Image.fromarray(GrabCut().mask(np.array(picture))), truth) > 0.9


def test_the_same_picture_gives_the_same_mask() -> None:
    pixels = np.array(_paint("person", _garden(500, 400))[0])

    assert np.array_equal(GrabCut().mask(pixels), GrabCut().mask(pixels.copy()))


def test_an_outline_is_smooth_when_a_mask_is_enlarged() -> None:
    picture, _ = _paint("ball", _wall(1600, 1200))
    mask = GrabCut().mask(np.array(picture))
    soft = ((mask > 5) & (mask < 250)).mean()

    assert 0.002 < soft < 0.02
    row = mask[600].astype(int)
    assert np.abs(np.diff(row)).max() < 90


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (7, 7), (8, 8), (9, 30), (40, 2000)])
def test_any_size_gets_some_mask(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)

    assert GrabCut().mask(noise).shape == (size[1], size[0])


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (130, 20, 90)])
def test_of_a_plain_picture_nothing_is_cut_off(color: tuple[int, int, int]) -> None:
    assert GrabCut().mask(np.array(Image.new("RGB", (300, 200), color))).min() == 255


def test_a_cut_that_fails_leaves_what_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    def take_nothing(_: object, marks: np.ndarray[tuple[int, int], np.dtype[np.uint8]], *rest: object) -> None:
        marks[:] = cv2.GC_BGD

    monkeypatch.setattr(cv2, "grabCut", take_nothing)
    picture, truth = _paint("ball", _wall(600, 450))

    assert _overlap(Image.fromarray(GrabCut().mask(np.array(picture))), truth) > 0.8


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


@pytest.mark.parametrize("target", [Format.PNG, Format.WEBP, Format.AVIF])
async def test_what_is_cut_out_stands_on_nothing(lab: Lab, target: Format) -> None:
    picture, truth = _paint("ball", _light(600, 450))
    content = pictures.encode(picture, "JPEG", quality=95)
    rendered = pictures.decode(await lab.render(content, Transform((CUT,), Output(target))))

    assert rendered.mode == "RGBA"
    assert _overlap(rendered.getchannel("A"), truth) > 0.95
    assert pixel(rendered, 300, 225)[0] > 150


@pytest.mark.parametrize(
    ("stage", "target", "corner"),
    [
        (CUT, Format.JPEG, WHITE),
        (Stage(segment=True, background=Color(0, 0, 200)), Format.JPEG, (0, 0, 200)),
        (Stage(segment=True, background=Color(0, 0, 200)), Format.PNG, (0, 0, 200)),
        (Stage(segment=True, width=700, height=500, fit=Fit.PAD), Format.PNG, WHITE),
        (Stage(segment=True, saturation=0, background=Color(0, 0, 200)), Format.PNG, (0, 0, 200)),
    ],
)
async def test_a_background_takes_the_place_of_the_old_one(
    lab: Lab, stage: Stage, target: Format, corner: tuple[int, int, int]
) -> None:
    picture, _ = _paint("ball", _light(600, 450))
    rendered = pictures.decode(await lab.render(pictures.encode(picture, "PNG"), Transform((stage,), Output(target))))

    assert rendered.mode == "RGB"
    assert max(abs(a - b) for a, b in zip(pixel(rendered, 5, 5), corner, strict=True)) < 6


async def test_a_background_may_be_half_transparent(lab: Lab) -> None:
    picture, _ = _paint("ball", _wall(600, 450))
    transform = Transform((Stage(segment=True, background=Color(0, 0, 200, 128)),), Output(Format.PNG))
    rendered = pictures.decode(await lab.render(pictures.encode(picture, "PNG"), transform))

    assert rendered.getpixel((5, 5)) == pytest.approx((0, 0, 200, 128), abs=1)
    assert rendered.getchannel("A").getpixel((300, 225)) == 255


async def test_what_was_transparent_stays_so(lab: Lab) -> None:
    picture, truth = _paint("ball", _wall(600, 450))
    picture.putalpha(Image.new("L", picture.size, 160))
    picture.paste((0, 0, 0, 0), (300, 0, 600, 450))
    alpha = pictures.decode(await lab.render(pictures.encode(picture, "PNG"), Transform((CUT,)))).getchannel("A")

    assert alpha.crop((302, 0, 600, 450)).getextrema() == (0, 0)
    assert alpha.getpixel((250, 225)) == 160
    assert _overlap(alpha.crop((0, 0, 296, 450)), truth.crop((0, 0, 296, 450))) > 0.9


async def test_a_grey_picture_stays_grey(lab: Lab) -> None:
    picture, truth = _paint("ball", _wall(600, 450))
    rendered = pictures.decode(await lab.render(pictures.encode(picture.convert("L"), "PNG"), Transform((CUT,))))

    assert rendered.mode == "LA"
    assert _overlap(rendered.getchannel("A"), truth) > 0.95


async def test_an_animation_is_cut_out_of_its_first_frame(lab: Lab) -> None:
    frames = [_paint(shape, _wall(200, 150))[0] for shape in ("ball", "bottle")]
    content = pictures.encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    rendered = pictures.decode(await lab.render(content, Transform((CUT,))))

    assert getattr(rendered, "n_frames", 1) == 1
    assert _overlap(rendered.getchannel("A"), _draw("ball", (200, 150))) > 0.9


async def test_a_large_picture_is_cut_within_the_memory_of_a_worker(lab: Lab) -> None:
    picture, truth = _paint("person", _light(600, 450))
    content = pictures.encode(picture.resize((6000, 4500)), "JPEG", quality=90)
    rendered = pictures.decode(await lab.render(content, Transform((CUT,), Output(Format.WEBP, 60))))

    assert rendered.size == (6000, 4500)
    assert _overlap(rendered.getchannel("A").resize((600, 450)), truth) > 0.95
