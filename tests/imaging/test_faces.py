"""Crops around faces: real detectors on drawn faces, and the arithmetic of the window by property."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphql_api.domain.color import WHITE
from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Box, Fit, Size
from graphql_api.domain.gravity import CENTER, Gravity, Smart
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.media import Original
from graphql_api.domain.output import Output
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.errors import NotConfigured
from graphql_api.imaging import abilities, faces, pipeline
from graphql_api.imaging.jobs import Models, Render
from graphql_api.imaging.models import UnusableModelError
from graphql_api.imaging.pool import Bounds, ImagingPool
from tests import networks, pictures
from tests.lab import Lab, difference

FACE = Gravity(smart=Smart.FACE)
SQUARE = Stage(width=200, height=200, fit=Fit.COVER, gravity=FACE)


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


async def _crop(lab: Lab, picture: Image.Image, stage: Stage) -> Image.Image:
    return pictures.decode(await lab.render(pictures.encode(picture, "PNG"), Transform((stage,), Output(Format.PNG))))


def _bounds(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """Where something is before the wall: left, top, right and bottom."""
    wall = np.abs(np.array(picture.convert("RGB")).astype(int) - pictures.WALL).max(axis=2) < 12
    rows, columns = np.where(~wall)
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


@pytest.mark.parametrize("width", [60, 90, 140, 200])
@pytest.mark.parametrize("place", [(0, 0), (980, 20), (980, 420)])
async def test_a_crop_goes_where_the_face_is(lab: Lab, place: tuple[int, int], width: int) -> None:
    picture = pictures.crowd((1200, 700), (*place, width))
    there = await _crop(lab, picture, replace(SQUARE, zoom=1))
    middle = await _crop(lab, picture, replace(SQUARE, gravity=CENTER))

    found = _bounds(there)
    assert found
    left, top, right, bottom = found
    assert bottom - top > 110  # most of the crop is face
    assert right - left > 80
    assert _bounds(middle) is None


async def test_zoom_goes_from_all_of_the_picture_to_the_face(lab: Lab) -> None:
    picture = pictures.crowd((1200, 700), (800, 200, 120))
    heights = []
    for zoom in (0, 0.25, 0.5, 0.75, 1):
        found = _bounds(await _crop(lab, picture, replace(SQUARE, zoom=zoom)))
        assert found
        heights.append(found[3] - found[1])

    assert heights == sorted(set(heights))
    assert heights[0] == pytest.approx(150 * 200 / 700, abs=3)  # all of the height
    assert heights[-1] > 110


@pytest.mark.parametrize("fit", [Fit.CROP, Fit.ASPECT_CROP])
async def test_a_fit_that_never_enlarges_does_not_for_a_face(lab: Lab, fit: Fit) -> None:
    picture = pictures.crowd((1200, 700), (800, 200, 70))
    found, there = _bounds(await _crop(lab, picture, replace(SQUARE, fit=fit, zoom=1))), _bounds(picture)

    assert found
    assert there
    assert found[3] - found[1] == pytest.approx(there[3] - there[1], abs=4)


async def test_several_faces_stay_together(lab: Lab) -> None:
    picture = pictures.crowd((1600, 700), (700, 60, 90), (1000, 300, 90), (1300, 100, 90))
    stage = Stage(width=400, height=200, fit=Fit.COVER, gravity=FACE, zoom=1)
    found = _bounds(await _crop(lab, picture, stage))

    assert found
    left, _, right, _ = found
    assert left > 10
    assert right < 390
    assert right - left > 180


@pytest.mark.parametrize("zoom", [0, 1])
@pytest.mark.parametrize("fit", [Fit.COVER, Fit.CROP, Fit.ASPECT_CROP])
async def test_without_faces_the_centre_stays(lab: Lab, fit: Fit, zoom: float) -> None:
    stage = replace(SQUARE, fit=fit, zoom=zoom)
    content = pictures.png(600, 400)
    there = await lab.render(content, Transform((stage,)))
    middle = await lab.render(content, Transform((replace(stage, gravity=CENTER),)))

    assert there == middle


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_face_is_found_in_a_photo_on_its_side(lab: Lab, orientation: int) -> None:
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = orientation
    picture = pictures.crowd((900, 500), (650, 150, 120))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions, from upright to stored
    stored = picture.transpose(Image.Transpose(undo[orientation])) if orientation in undo else picture
    content = pictures.encode(stored, "JPEG", quality=95, exif=exif)
    rendered = pictures.decode(await lab.render(content, Transform((replace(SQUARE, zoom=1),), Output(Format.PNG))))

    assert difference(rendered, await _crop(lab, picture, replace(SQUARE, zoom=1))) < 6


async def test_a_tilted_face_keeps_its_detail(lab: Lab) -> None:
    picture = pictures.crowd((2600, 2000), (1600, 500, 140))
    stage = replace(SQUARE, rotate=4, zoom=1, background=None)
    found = await _crop(lab, picture, stage)
    straight = await _crop(lab, picture, replace(SQUARE, zoom=1))

    assert _detail(found) == pytest.approx(_detail(straight), rel=0.3)


@pytest.mark.parametrize("rotate", [0, 3])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
async def test_a_face_is_found_whatever_the_size_of_the_result(lab: Lab, kind: str, rotate: float) -> None:
    content = pictures.encode(pictures.crowd((1600, 1200), (1300, 100, 110)), kind, quality=95)
    stages = [replace(SQUARE, width=side, height=side * 2, rotate=rotate, background=WHITE) for side in (30, 300)]
    small, large = [
        pictures.decode(await lab.render(content, Transform((stage,), Output(Format.PNG)))) for stage in stages
    ]

    assert difference(small, large.resize((30, 60), Image.Resampling.LANCZOS)) < 4
    assert _bounds(large.crop((60, 30, 240, 400))) is not None


def _detail(picture: Image.Image) -> float:
    grey = np.array(picture.convert("L")).astype(int)
    return float(np.square(np.diff(grey, axis=0)).mean())  # twice as wide an edge has half of it


@pytest.mark.parametrize("places", [((40, 40), (300, 60)), (None, (300, 60))])
async def test_the_first_frame_decides_for_all(lab: Lab, places: tuple[tuple[int, int] | None, ...]) -> None:
    size = (480, 200)
    frames = [pictures.crowd(size, *([(*place, 90)] if place else [])) for place in places]
    content = pictures.encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    stage = replace(SQUARE, width=100, height=100)
    moving = pictures.decode(await lab.render(content, Transform((stage,))))

    expected = stage if places[0] else replace(stage, gravity=CENTER)
    assert difference(moving, await _crop(lab, frames[0], expected)) < 3
    moving.seek(1)
    still = await _crop(lab, frames[1], replace(stage, gravity=CENTER))
    if places[0] is None:
        assert difference(moving, still) < 3
    else:
        assert _bounds(moving) is None or difference(moving, still) > 1


async def _render_here(folder: Path, picture: Image.Image, stage: Stage) -> bytes:
    """As a worker does it, but in this process."""
    (folder / "in").write_bytes(pictures.encode(picture, "PNG"))
    original = Original(Format.PNG, *picture.size)
    recipe = Transform((stage,)).settle(original)
    return pipeline.render(Render(folder / "in", original, recipe, folder / "out", USUAL_LIMITS))


async def test_without_opencv_the_centre_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = pictures.crowd((900, 500), (700, 100, 120))
    middle = await _render_here(tmp_path, picture, replace(SQUARE, gravity=CENTER))
    assert await _render_here(tmp_path, picture, SQUARE) != middle

    monkeypatch.setattr(abilities, "sees", lambda: False)

    assert await _render_here(tmp_path, picture, SQUARE) == middle


# --- YuNet


@pytest.fixture
def yunet(tmp_path: Path) -> Path:
    return networks.yunet(tmp_path / "yunet.onnx")


@pytest.mark.parametrize("size", [(640, 640), (640, 352), (301, 450)])
def test_what_yunet_finds_is_where_it_found_it(yunet: Path, size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size)
    picture.paste((255, 255, 255), (96, 160, 128, 192))
    (found,) = faces.detector(yunet)(np.array(picture))

    assert found == pytest.approx([96, 160, 32, 32], abs=1)
    assert faces.detector(yunet)(np.zeros((64, 64, 3), np.uint8)) == []


async def test_a_worker_finds_faces_by_the_model_it_is_given(yunet: Path, tmp_path: Path) -> None:
    picture = Image.new("RGB", (2560, 1280), (0, 0, 0))
    picture.paste((255, 255, 255), (1920, 640, 2048, 768))  # 32 pixels of the 640 that are searched
    (tmp_path / "lab").mkdir()
    pool = ImagingPool(Bounds(1, 1024**3, 30, 4, models=Models(faces=yunet)))
    try:
        found = await _crop(Lab(pool, tmp_path / "lab"), picture, replace(SQUARE, width=100, height=100, zoom=1))
    finally:
        await pool.close()

    bright = np.array(found.convert("L")) > 127
    assert bright[50, 50]
    assert bright.mean() == pytest.approx(1 / 1.7**2, abs=0.05)


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
async def test_a_face_model_that_cannot_be_used_is_a_typed_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret.onnx"
    if content is None:
        networks.copying(path, [1, 3, 64, 64])
    else:
        path.write_bytes(content)
    with pytest.raises(UnusableModelError, match=r"YuNet|failed"):
        faces.detector(path)(np.zeros((64, 64, 3), np.uint8))
    (tmp_path / "lab").mkdir()
    pool = ImagingPool(Bounds(1, 1024**3, 30, 4, models=Models(faces=path)))
    try:
        with pytest.raises(NotConfigured) as caught:
            await _crop(Lab(pool, tmp_path / "lab"), pictures.crowd((900, 500), (700, 100, 120)), SQUARE)
    finally:
        await pool.close()
    assert "secret" not in str(caught.value)


# --- the window

_sides = st.integers(1, 3000)
_sizes = st.builds(Size, _sides, _sides)


@st.composite
def _scenes(draw: st.DrawFn) -> tuple[Size, list[Box]]:
    """A picture, and faces inside of it."""
    whole = draw(_sizes)
    boxes = []
    for _ in range(draw(st.integers(1, 4))):
        left, top = draw(st.integers(0, whole.width - 1)), draw(st.integers(0, whole.height - 1))
        boxes.append(Box(left, top, draw(st.integers(1, whole.width - left)), draw(st.integers(1, whole.height - top))))
    return whole, boxes


@given(_scenes(), _sizes, st.floats(0, 1))
def test_a_window_lies_in_the_picture_and_has_the_aspect(
    scene: tuple[Size, list[Box]], target: Size, zoom: float
) -> None:
    whole, found = scene
    part = faces.window(whole, target, found, zoom=zoom, least=Size(1, 1))

    assert part.left + part.width <= whole.width
    assert part.top + part.height <= whole.height
    aspect = target.width / target.height
    by_width, by_height = part.width - part.height * aspect, part.height - part.width / aspect
    assert min(abs(by_width), abs(by_height)) <= 1


@given(_scenes(), _sizes, st.floats(0, 1))
def test_a_window_contains_the_faces_where_it_can(scene: tuple[Size, list[Box]], target: Size, zoom: float) -> None:
    whole, found = scene
    part = faces.window(whole, target, found, zoom=zoom, least=Size(1, 1))
    left, right = min(box.left for box in found), max(box.left + box.width for box in found)
    top, bottom = min(box.top for box in found), max(box.top + box.height for box in found)
    widest = faces.window(whole, target, found, zoom=0, least=Size(1, 1))

    if right - left <= widest.width and bottom - top <= widest.height:
        assert part.left <= left + 1
        assert part.top <= top + 1
        assert part.left + part.width >= right - 1
        assert part.top + part.height >= bottom - 1


@given(_scenes(), _sizes, _sizes, st.floats(0, 1), st.floats(0, 1))
def test_a_window_only_shrinks_with_zoom_and_never_below_the_least(
    scene: tuple[Size, list[Box]], target: Size, least: Size, first: float, second: float
) -> None:
    whole, found = scene
    near, far = sorted((first, second), reverse=True)
    narrow = faces.window(whole, target, found, zoom=near, least=least)
    wide = faces.window(whole, target, found, zoom=far, least=least)

    assert narrow.width <= wide.width
    assert narrow.height <= wide.height
    fitting = min(whole.width, whole.height * target.width / target.height)
    assert narrow.width >= min(least.width, int(fitting))
