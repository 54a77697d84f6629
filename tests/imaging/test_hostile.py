"""What a file, or the machine, can do to a worker: each costs one job and gives a typed answer."""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from graphql_api.domain.format import HEAD_BYTES, Format, sniff
from graphql_api.domain.limits import USUAL_LIMITS, PictureLimits
from graphql_api.domain.media import Original
from graphql_api.domain.overlay import Layer, Overlay
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Recipe, Transform
from graphql_api.errors import Overloaded, TookTooLong, TooLarge, UnsupportedMedia
from graphql_api.imaging import pool as pool_module
from graphql_api.imaging.jobs import Probe, Render, SelfTest, Sketch
from graphql_api.imaging.pool import Bounds, ImagingPool
from tests import pictures

GIB = 1024**3


@pytest.fixture
async def lonely() -> AsyncIterator[ImagingPool]:
    """A pool of one worker that may not take long."""
    pool = ImagingPool(Bounds(workers=1, memory_bytes=GIB, seconds=1.0, queue=1))
    yield pool
    await pool.close()


def _worker_pids() -> set[int]:
    return {process.pid for process in multiprocessing.active_children() if process.pid}


async def _probe(pool: ImagingPool, folder: Path, content: bytes, claimed: Format | None = None) -> Original:
    path = folder / "file"
    path.write_bytes(content)
    found = claimed or sniff(content[:HEAD_BYTES])
    assert found
    return (await pool.probe(Probe(path, found, USUAL_LIMITS))).original


@functools.cache
def _hostile() -> dict[str, bytes]:
    whole = {
        "jpeg": pictures.jpeg(400, 300),
        "png": pictures.png(400, 300),
        "gif": pictures.encode(pictures.photo(400, 300), "GIF"),
        "webp": pictures.encode(pictures.photo(400, 300), "WEBP"),
        "avif": pictures.encode(pictures.photo(400, 300), "AVIF"),
        "moving gif": pictures.animation("GIF", 6, 200, 200),
        "moving webp": pictures.animation("WEBP", 6, 200, 200),
    }
    truncated = {
        f"{name} cut at {part}": content[: int(len(content) * part)]
        for name, content in whole.items()
        for part in (0.3, 0.6, 0.9)
    }
    heads = {f"{name} head": content[:40] for name, content in whole.items()}
    return (
        truncated
        | heads
        | {"png header only": pictures.png_bomb(100, 100)[:33], "jpeg noise": b"\xff\xd8\xff" + os.urandom(5000)}
    )


@pytest.mark.parametrize("name", sorted(_hostile()))
async def test_a_damaged_file_is_refused(imaging: ImagingPool, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedMedia, match="damaged"):
        await _probe(imaging, tmp_path, _hostile()[name])


async def test_a_lying_format_is_refused(imaging: ImagingPool, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia):
        await _probe(imaging, tmp_path, pictures.png(), Format.JPEG)


@pytest.mark.parametrize("size", [(10_001, 10_000), (60_000, 60_000)])
async def test_too_many_pixels_are_refused_by_the_header(
    imaging: ImagingPool, tmp_path: Path, size: tuple[int, int]
) -> None:
    with pytest.raises(TooLarge, match="100000000 pixels"):
        await _probe(imaging, tmp_path, pictures.png_bomb(*size))


async def test_interlaced_pixels_count_twice(imaging: ImagingPool, tmp_path: Path) -> None:
    progressive = pictures.encode(Image.new("L", (7200, 7200)), "JPEG", progressive=True)

    with pytest.raises(TooLarge, match="50000000 pixels"):
        await _probe(imaging, tmp_path, progressive)


async def test_frames_count_as_pixels(imaging: ImagingPool, tmp_path: Path) -> None:
    path = tmp_path / "moving"
    path.write_bytes(pictures.animation("GIF", frames=10, width=100, height=100))

    with pytest.raises(TooLarge, match="99999 pixels"):
        await imaging.probe(Probe(path, Format.GIF, PictureLimits(max_pixels=99_999)))


async def test_only_our_loaders_are_there(imaging: ImagingPool, tmp_path: Path) -> None:
    for content in (b"%PDF-1.4", b"P6 1 1 255 abc", b"1,2,3\n", b"\x76\x2f\x31\x01"):
        for claimed in Format:
            with pytest.raises(UnsupportedMedia):
                await _probe(imaging, tmp_path, content, claimed)


async def test_a_name_full_of_options_is_only_a_name(imaging: ImagingPool, tmp_path: Path) -> None:
    folder = tmp_path / "a[n=-1]"
    folder.mkdir()
    path = folder / "x.jpg[shrink=8,fail_on=none]"
    path.write_bytes(pictures.jpeg(100, 80))

    original = (await imaging.probe(Probe(path, Format.JPEG, USUAL_LIMITS))).original
    target = folder / "out.png[compression=0]"
    small = await imaging.render(
        Render(path, original, Transform().in_format(Format.WEBP).settle(original), target, USUAL_LIMITS)
    )
    noise = folder / "noise.png[n=-1]"
    noise.write_bytes(pictures.encode(Image.effect_noise((800, 800), 90), "PNG"))
    large = Original(Format.PNG, 800, 800)
    piped = await imaging.render(Render(noise, large, Transform().settle(large), target, USUAL_LIMITS))

    assert (original.width, original.height) == (100, 80)
    assert small
    assert piped is None
    assert pictures.decode(target.read_bytes()).size == (800, 800)


def _slow_render(folder: Path) -> Render:
    """A render of many seconds: a GIF of 61 megapixels, which libvips cannot be asked to stop."""
    path = folder / "big.jpg"
    picture = pictures.photo(600, 400).resize((9600, 6400))
    path.write_bytes(pictures.encode(picture, "JPEG", quality=90))
    original = Original(Format.JPEG, 9600, 6400)
    return Render(path, original, Recipe(Format.GIF), folder / "big.gif", USUAL_LIMITS)


async def test_what_takes_too_long_is_killed(lonely: ImagingPool, tmp_path: Path) -> None:
    with pytest.raises(Overloaded, match="more than 1 seconds"):
        await lonely.render(_slow_render(tmp_path))

    assert (await _probe(lonely, tmp_path, pictures.png())).width == 120


async def test_a_worker_killed_at_work_costs_one_job(lonely: ImagingPool, tmp_path: Path) -> None:
    before = _worker_pids()
    await lonely.self_test(SelfTest(tmp_path))
    (worker,) = _worker_pids() - before
    job = asyncio.create_task(lonely.render(_slow_render(tmp_path)))
    await asyncio.sleep(0.5)

    os.kill(worker, signal.SIGKILL)

    with pytest.raises(UnsupportedMedia, match="could not be processed"):
        await job
    assert (await _probe(lonely, tmp_path, pictures.png())).width == 120


async def test_a_worker_killed_at_rest_costs_nothing(lonely: ImagingPool, tmp_path: Path) -> None:
    before = _worker_pids()
    await lonely.self_test(SelfTest(tmp_path))
    for _ in range(3):
        (worker,) = _worker_pids() - before
        os.kill(worker, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert (await _probe(lonely, tmp_path, pictures.png())).width == 120


async def test_a_full_queue_says_so_at_once(lonely: ImagingPool, tmp_path: Path) -> None:
    slow = _slow_render(tmp_path)
    jobs = [asyncio.create_task(lonely.render(slow)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded) as caught:
        await _probe(lonely, tmp_path, pictures.png())

    assert caught.value.retry_after
    for job in jobs:
        with pytest.raises(Overloaded):
            await job


async def test_a_worker_has_no_more_memory_than_it_may(tmp_path: Path) -> None:
    pool = ImagingPool(Bounds(workers=1, memory_bytes=GIB // 2, seconds=30.0, queue=1))
    path = tmp_path / "bomb.jpg"
    path.write_bytes(pictures.encode(Image.new("RGB", (9500, 9500)), "JPEG", progressive=True, subsampling=0))
    try:
        with pytest.raises(TooLarge, match="more memory"):  # its coefficients alone are 500 MB
            await pool.probe(Probe(path, Format.JPEG, PictureLimits(max_pixels=10**9)))
        original = Original(Format.JPEG, 9500, 9500)
        recipe = Transform((Stage(width=300),)).settle(original)
        with pytest.raises(TooLarge, match="more memory"):
            await pool.render(Render(path, original, recipe, tmp_path / "out", USUAL_LIMITS))
        path.write_bytes(pictures.encode(Image.new("RGB", (12000, 12000)), "JPEG"))
        original = Original(Format.JPEG, 12000, 12000)
        turned = Transform((Stage(rotate=90),)).settle(original)
        with pytest.raises(TooLarge, match="more memory"):  # what is turned is held in memory whole
            await pool.render(Render(path, original, turned, tmp_path / "out", PictureLimits(max_pixels=10**9)))
        assert (await _probe(pool, tmp_path, pictures.png())).width == 120
    finally:
        await pool.close()


async def test_no_word_of_libvips_leaves(imaging: ImagingPool, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        await _probe(imaging, tmp_path, pictures.jpeg()[:300])

    assert not any(word in str(caught.value).lower() for word in ("vips", "premature", str(tmp_path), "unable to"))


def test_the_web_process_never_loads_what_decodes_and_looks() -> None:
    names = ("pyvips", "PIL", "pi_heif", "simplejpeg", "imagecodecs", "numpy", "cv2", "onnxruntime")
    code = f"import sys, graphql_api.server, graphql_api.app; print([m for m in {names} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


def test_a_worker_loads_nothing_of_the_web() -> None:
    code = "import sys, graphql_api.imaging.worker as w, graphql_api.__main__; print([m for m in ('aiohttp', 'strawberry', 'tortoise', 'pydantic') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


async def test_workers_that_have_grown_are_replaced(tmp_path: Path) -> None:
    pool = ImagingPool(Bounds(workers=1, memory_bytes=GIB, seconds=30.0, queue=4, recycle_bytes=1))
    before = _worker_pids()
    try:
        seen = set()
        for _ in range(3):
            assert (await _probe(pool, tmp_path, pictures.png())).width == 120
            seen |= _worker_pids() - before
            await asyncio.sleep(0.2)
        assert len(seen) >= 3
        jobs = [_probe(pool, tmp_path, pictures.png()) for _ in range(4)]
        assert [found.width for found in await asyncio.gather(*jobs)] == [120] * 4
    finally:
        await pool.close()


async def test_a_drawing_on_top_may_take_no_longer_than_one_below(
    lonely: ImagingPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_DRAWING_SECONDS", 0.5)
    lonely._bounds = replace(lonely._bounds, seconds=60.0)
    base, top = tmp_path / "base", tmp_path / "top"
    base.write_bytes(pictures.png(200, 200))
    top.write_bytes(pictures.costly_svg())
    original, layer = Original(Format.PNG, 200, 200), Layer("0" * 64, Original(Format.SVG, 100, 80))
    stage = Stage(overlays=(Overlay("0" * 12),))
    recipe = Transform((stage,)).settle(original, layers={"0" * 12: layer})
    thumb = pictures.encode(pictures.photo(100, 100), "WEBP")

    with pytest.raises(TookTooLong, match=r"more than 0\.5 seconds"):
        await lonely.render(Render(base, original, recipe, tmp_path / "out", USUAL_LIMITS, {layer.sha256: top}))
    with pytest.raises(TookTooLong):
        await lonely.sketch([Sketch(thumb, original, recipe.stages[0], {layer.sha256: top})])
    # Without drawings the usual limit holds.
    plain = Transform((Stage(width=50),)).settle(original)
    assert await lonely.render(Render(base, original, plain, tmp_path / "out", USUAL_LIMITS))
