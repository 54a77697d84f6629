"""Probe and render: the two things a worker does with a file. Synchronous; raises pyvips.Error for bad data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyvips

from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.media import Format, Original
from graphql_api.domain.traits import Probed
from graphql_api.domain.transform import Recipe, Stage
from graphql_api.errors import TooLarge
from graphql_api.imaging import codecs, gif, steps, traits
from graphql_api.imaging.jobs import Probe, Render, SelfTest
from graphql_api.imaging.overview import read_whole

# An interlaced file is decoded whole before its first row comes out: it may have half the pixels of another.
_INTERLACED_WEIGHT = 2
_NEARLY_BLACK = 8


def probe(job: Probe) -> Probed:
    """What the file is and shows. Checks the header against the limit, then decodes all; TooLarge, pyvips.Error."""
    image = codecs.load(job.path, job.format, frames=True, strict=True)
    frames, page = _frames(image)
    weight = _INTERLACED_WEIGHT if image.get_typeof("interlaced") else 1
    if page.pixels * frames * weight > job.max_pixels:
        raise TooLarge("file", f"The image has more than {job.max_pixels // weight} pixels, all frames counted.")
    turned = steps.orientation(image)
    size = steps.upright(page, turned)
    original = Original(job.format, size.width, size.height, frames, bool(image.hasalpha()))
    small = steps.run(_read(job, original), steps.Plan(Stage(traits.SIDE, traits.SIDE).geometry(size), turned))
    if job.format is Format.GIF and not gif.is_whole(job.path):
        raise pyvips.Error("the GIF has no end")
    return Probed(original, *traits.describe(small, image))


def _read(job: Probe, original: Original) -> pyvips.Image:
    """The file decoded whole, small and in memory; of an animation the first frame, once all have been decoded."""
    if original.frames > 1:
        codecs.load(job.path, job.format, frames=True, strict=True).avg()
    # JPEG and still WebP are read whole at any shrink.
    shrink = max(original.width, original.height) / traits.SIDE
    return read_whole(codecs.load(job.path, job.format, strict=True, shrink=shrink), traits.SIDE)


def _frames(image: pyvips.Image) -> tuple[int, Size]:
    """How many frames the loaded image holds, and the size of one."""
    height = image.get_page_height()
    return image.height // height, Size(image.width, height)


def render(job: Render) -> None:
    """Make the rendition and write it to the job's target."""
    recipe = job.recipe
    source = Size(job.original.width, job.original.height)
    plans = _plans(recipe, source)
    shrink = min(source.width / plans[0].geometry.scaled.width, source.height / plans[0].geometry.scaled.height)
    image = codecs.load(job.path, job.original.format, frames=recipe.animated, shrink=shrink)
    result = _render_frames(image, plans) if recipe.animated else _render_frame(image, plans)
    codecs.save(result, job.target, recipe.format, recipe.quality)


def _plans(recipe: Recipe, source: Size) -> list[steps.Plan]:
    """One plan a stage; without any, one that only turns the picture upright and converts its colours."""
    plans = []
    for stage in recipe.stages or (Stage(),):
        geometry = stage.geometry(source)
        plans.append(steps.Plan(geometry, fill=stage.fit is Fit.PAD))
        source = geometry.size
    return plans


def _render_frame(image: pyvips.Image, plans: list[steps.Plan]) -> pyvips.Image:
    first = steps.Plan(plans[0].geometry, steps.orientation(image), plans[0].fill)
    image = steps.run(image, first)
    for plan in plans[1:]:
        image = steps.run(image.copy_memory(), plan)
    return image


def _render_frames(image: pyvips.Image, plans: list[steps.Plan]) -> pyvips.Image:
    """Frame by frame, so that cropping and padding know no neighbours and memory holds only results."""
    count, page = _frames(image)
    rendered = [
        _render_frame(image.crop(0, index * page.height, page.width, page.height), plans).copy_memory()
        for index in range(count)
    ]
    joined = pyvips.Image.arrayjoin(rendered, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", rendered[0].height)
    return joined


def self_test(job: SelfTest) -> dict[str, bool]:
    """Encode and decode a tiny image in every format."""
    with tempfile.TemporaryDirectory(dir=job.folder, prefix="self-test-") as folder:
        return {target.value: _round_trip(Path(folder) / target, target) for target in Format}


def _round_trip(path: Path, target: Format) -> bool:
    try:
        codecs.save(pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb"), path, target, None)
        decoded = codecs.load(path, target, strict=True)
        return (decoded.width, decoded.height) == (16, 16) and decoded.extract_band(0).avg() < _NEARLY_BLACK
    except pyvips.Error:
        return False
