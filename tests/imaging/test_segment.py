"""Cutting out: by networks whose answers are known, and by GrabCut on pictures whose foreground is known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from graphql_api.domain.color import Color
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit
from graphql_api.domain.output import Output
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.errors import NotConfigured
from graphql_api.imaging import network
from graphql_api.imaging.grabcut import GrabCut
from graphql_api.imaging.jobs import Models
from graphql_api.imaging.models import UnusableModelError
from graphql_api.imaging.pool import Bounds, ImagingPool
from tests import networks, pictures
from tests.lab import Lab, pixel
from tests.networks import HALF, IMAGENET

CUT = Stage(segment=True)
RED = (190, 40, 50)
WHITE = (255, 255, 255)


# --- networks


def _ramp(width: int = 400, height: int = 100, top: int = 255) -> Image.Image:
    """Red from left to right, green from top to bottom, blue where red is not."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (across, down, ImageChops.invert(across)))
    return picture.point(lambda value: value * top // 255)


def _mask(path: Path, picture: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    found = network.load(path).mask(np.array(picture))
    assert found.dtype == np.uint8
    assert found.shape == (picture.height, picture.width)
    return found


def _edge(mask: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> float:
    """Where the mask begins from the left, as a part of its width, after it was seen that it is one upright edge."""
    starts = (mask > 127).argmax(axis=1)
    assert np.ptp(starts) <= 1
    assert mask[:, -1].min() == 255
    assert mask[:, 0].max() < 2
    return float(starts.mean() / mask.shape[1])


@pytest.mark.parametrize(
    ("name", "normalisation", "side", "logits"),
    [
        ("u2net.onnx", IMAGENET, 320, False),
        ("U2_Net-human.onnx", IMAGENET, 320, True),
        ("silueta.onnx", IMAGENET, 320, False),
        ("isnet-general-use.onnx", HALF, 1024, False),
        ("RMBG-1.4.onnx", HALF, 1024, False),
        ("RMBG-2.0.onnx", IMAGENET, 1024, False),
        ("BiRefNet_lite.onnx", IMAGENET, 1024, True),
        ("whatever.onnx", IMAGENET, 96, True),
    ],
)
def test_a_network_sees_what_its_family_was_trained_with(
    tmp_path: Path, name: str, normalisation: networks.Normalisation, side: int, logits: bool
) -> None:
    path = networks.redness(tmp_path / name, normalisation, side, logits=logits)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


@pytest.mark.parametrize(("name", "side"), [("u2netp.onnx", 320), ("isnet.onnx", 1024), ("mine.onnx", 1024)])
def test_an_open_size_is_that_of_the_family(tmp_path: Path, name: str, side: int) -> None:
    normalisation = HALF if name == "isnet.onnx" else IMAGENET
    path = networks.redness(tmp_path / name, normalisation, "side", logits=True)
    loaded = network.load(path)

    assert (loaded.width, loaded.height) == (side, side)
    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.01)


def test_numbers_come_as_the_network_takes_them(tmp_path: Path) -> None:
    path = networks.redness(tmp_path / "u2net.onnx", IMAGENET, 320, kind=TensorProto.FLOAT16)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


def test_the_metadata_of_a_file_beat_its_name(tmp_path: Path) -> None:
    path = networks.redness(tmp_path / "u2net.onnx", HALF, 64, family="ISNet", logits=True)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


@pytest.mark.parametrize(
    ("name", "decoy"), [("u2net.onnx", "after"), ("isnet.onnx", "after"), ("birefnet.onnx", "before")]
)
def test_of_several_answers_the_finest_counts(tmp_path: Path, name: str, decoy: str) -> None:
    path = networks.redness(tmp_path / name, HALF if name == "isnet.onnx" else IMAGENET, 64, decoy=decoy)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


@pytest.mark.parametrize(("name", "normalisation", "edge"), [("u2net.onnx", IMAGENET, 0.25), ("isnet.onnx", HALF, 0.5)])
def test_a_dark_picture_is_brightened_for_u2net_alone(
    tmp_path: Path, name: str, normalisation: networks.Normalisation, edge: float
) -> None:
    path = networks.redness(tmp_path / name, normalisation, 320)

    assert _edge(_mask(path, _ramp(top=128))) == pytest.approx(edge, abs=0.015)


@pytest.mark.parametrize(
    ("name", "normalisation", "ends"),
    [("u2net.onnx", IMAGENET, (0, 255)), ("isnet.onnx", HALF, (0, 255)), ("birefnet.onnx", IMAGENET, (51, 153))],
)
def test_an_answer_is_stretched_where_the_family_means_it_so(
    tmp_path: Path, name: str, normalisation: networks.Normalisation, ends: tuple[int, int]
) -> None:
    # A straight line from 0.2 without red to 0.6 with all.
    path = networks.redness(tmp_path / name, normalisation, 256, above=-0.5, factor=0.4, logits=True)
    found = _mask(path, _ramp(256, 256))

    assert (found.min(), found.max()) == (pytest.approx(ends[0], abs=2), pytest.approx(ends[1], abs=2))


def test_an_answer_that_sees_nothing_is_not_stretched(tmp_path: Path) -> None:
    path = networks.redness(tmp_path / "u2net.onnx", IMAGENET, 64, above=-1.0, factor=0.01, logits=True)

    assert _mask(path, _ramp()).max() < 10


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path, "no file"),
        (lambda path: path.write_bytes(b"\x89PNG") and path, "cannot be loaded"),
        (lambda path: path.write_bytes(b"") or path, "cannot be loaded"),
        (networks.adding, "2 inputs"),
        (lambda path: networks.copying(path, [1, 4, 8, 8]), r"\[1, 4, 8, 8\]"),
        (lambda path: networks.copying(path, [1, 8, 8, 3]), r"\[1, 8, 8, 3\]"),
        (lambda path: networks.copying(path, [3, 8, 8]), r"\[3, 8, 8\]"),
        (lambda path: networks.copying(path, [1, 3, 9000, 9000]), "9000"),
        (lambda path: networks.copying(path, [1, 3, 8, 8], TensorProto.UINT8), "uint8"),
        (lambda path: networks.copying(path, [1, 3, 8, 8]), "not one mask"),
        (networks.failing, "not a number"),
    ],
)
def test_a_file_that_is_no_such_network_says_why(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    with pytest.raises(UnusableModelError, match=reason) as caught:
        network.load(make(tmp_path / "model.onnx")).mask(np.array(_ramp()))

    assert "\n" not in str(caught.value)


@pytest.fixture
async def modelled(tmp_path: Path) -> AsyncIterator[Callable[[Path], Lab]]:
    """Makes a lab whose worker has this model."""
    pools = []
    (tmp_path / "lab").mkdir()

    def make(model: Path) -> Lab:
        bounds = Bounds(1, 1024**3, 30, 4, models=Models(segmentation=model))
        pools.append(ImagingPool(bounds))
        return Lab(pools[0], tmp_path / "lab")

    yield make
    for pool in pools:
        await pool.close()


async def test_a_worker_cuts_out_by_the_network_it_is_given(modelled: Callable[[Path], Lab], tmp_path: Path) -> None:
    lab = modelled(networks.redness(tmp_path / "u2net.onnx", IMAGENET, 320))
    content = pictures.encode(_ramp(1600, 1200), "PNG")
    alpha = pictures.decode(await lab.render(content, Transform((Stage(width=800, segment=True),)))).getchannel("A")

    assert alpha.size == (800, 600)
    assert _edge(np.array(alpha)) == pytest.approx(0.25, abs=0.01)


async def test_a_model_that_cannot_be_used_is_a_typed_error_without_its_path(
    modelled: Callable[[Path], Lab], tmp_path: Path
) -> None:
    (tmp_path / "secret.onnx").write_bytes(b"nonsense")
    lab = modelled(tmp_path / "secret.onnx")

    with pytest.raises(NotConfigured, match="cannot be used") as caught:
        await lab.render(pictures.png(), Transform((CUT,)))
    assert "secret" not in str(caught.value)
    assert await lab.render(pictures.png(), Transform((Stage(width=20),)))


# --- GrabCut


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


# --- the step


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
