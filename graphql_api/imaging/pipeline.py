"""Probe and render: the two things a worker does with a file. Synchronous; raises pyvips.Error for bad data."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.gravity import Smart
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import Original
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import refuse_too_large
from graphql_api.errors import TooLarge
from graphql_api.imaging import bare, codecs, foreign, gif, metadata, shape, steps, tone
from graphql_api.imaging.jobs import Probe, Render
from graphql_api.imaging.plan import Plan, upright, valid_orientation

# An interlaced file is decoded whole before its first row comes out: it may have half the pixels of another.
_INTERLACED_WEIGHT = 2
_PROBE_SHRINK = 16  # JPEG and still WebP are read whole at any shrink, and a check needs no pixels
_DRAWING_SIDE = 512  # of the picture that tells whether a drawing can be rasterised


def probe(job: Probe) -> Original:
    """What the file is. Checks the header against the limits, then decodes all of it once; TooLarge, pyvips.Error."""
    if job.format in foreign.READERS:
        _refuse_size(foreign.measure(job.path, job.format), 1, job.limits)
    image = codecs.load(job.path, job.format, frames=True, strict=True)
    frames, page = _frames(image)
    _refuse_size(page, frames, job.limits, interlaced=bool(image.get_typeof("interlaced")))
    size = upright(page, valid_orientation(shape.orientation(image)))
    has_alpha = bool(image.hasalpha())
    if job.measures_only:
        return Original(job.format, size.width, size.height, has_alpha=has_alpha, transformable=False)
    shrink = max(1.0, max(page.width, page.height) / _DRAWING_SIDE) if job.format is Format.SVG else _PROBE_SHRINK
    codecs.load(job.path, job.format, frames=frames > 1, strict=True, shrink=shrink).avg()
    if job.format is Format.GIF and not gif.is_whole(job.path):
        raise pyvips.Error("the GIF has no end")
    return Original(job.format, size.width, size.height, frames, has_alpha)


def _refuse_size(page: Size, frames: int, limits: PictureLimits, *, interlaced: bool = False) -> None:
    weight = _INTERLACED_WEIGHT if interlaced else 1
    if page.pixels * frames * weight > limits.max_pixels:
        raise TooLarge("file", f"The image has more than {limits.max_pixels // weight} pixels, all frames counted.")
    if max(page.width, page.height) > limits.max_side:
        raise TooLarge("file", f"The image has more than {limits.max_side} pixels a side.")
    if frames > limits.max_frames:
        raise TooLarge("file", f"The image has more than {limits.max_frames} frames.")


def _frames(image: pyvips.Image) -> tuple[int, Size]:
    """How many frames the loaded image holds, and the size of one."""
    height = image.get_page_height()
    return image.height // height, Size(image.width, height)


def render(job: Render) -> None:
    """Make the rendition and write it to the job's target."""
    recipe = job.recipe
    if recipe.format is Format.SVG:
        shutil.copyfile(job.path, job.target)
        return
    image, plan = _open(job)
    blocks = metadata.read(image)
    plain = tone.is_plain(image)
    result = _render_frames(image, plan, job) if recipe.animated else _render_frame(image, plan, job)
    result, keep = metadata.attach(result, blocks, recipe.format, recipe.metadata)
    codecs.save(result, job.target, recipe.format, quality=recipe.encoder_quality, keep=keep)
    if plain and _serves_original(job) and job.path.stat().st_size <= job.target.stat().st_size:
        shutil.copyfile(job.path, job.target)


def _serves_original(job: Render) -> bool:
    """Whether nothing was asked that the bytes of the original do not answer, and they tell nothing but the picture."""
    recipe = job.recipe
    asked = recipe.stages or recipe.quality is not None or recipe.format is not job.original.format
    stilled = job.original.frames > 1 and not recipe.animated
    return not asked and not stilled and bare.is_bare(job.path, recipe.format)


def _open(job: Render) -> tuple[pyvips.Image, Plan]:
    """The file, as far as it is needed, and the plan of its first stage."""
    recipe, original = job.recipe, job.original
    stage = recipe.stages[0] if recipe.stages else Stage()
    source = Size(original.width, original.height)
    geometry = stage.geometry(source)
    scaled = geometry.fitting.scaled
    shrink = min(geometry.turned.width / scaled.width, geometry.turned.height / scaled.height)
    if stage.needs_pixels or stage.zoom:
        shrink = 1  # how much of the source will be left is not known yet
    elif stage.gravity.smart is Smart.FACE:
        shrink = min(shrink, 1 / shape.least_scale_for_faces(geometry.turned, 1 / shrink))
    image = codecs.load(job.path, original.format, frames=recipe.animated, shrink=shrink)
    orientation = valid_orientation(shape.orientation(image))
    _, page = _frames(image) if recipe.animated else (1, Size(image.width, image.height))
    loaded = upright(page, orientation)
    ratio = loaded.width / source.width, loaded.height / source.height
    return image, Plan(stage, geometry, orientation, ratio, layers=job.layers)


def _render_frame(image: pyvips.Image, plan: Plan, job: Render) -> pyvips.Image:
    if plan.looks_first:
        image = image.copy_memory()
        plan = _looked(image, plan, job, once=False)
    image = steps.run(image, plan)
    for stage in job.recipe.stages[1:]:
        image = image.copy_memory()
        following = Plan(stage, stage.geometry(Size(image.width, image.height)), layers=job.layers)
        image = steps.run(image, _looked(image, following, job, once=False))
    return image


def _looked(image: pyvips.Image, plan: Plan, job: Render, *, once: bool) -> Plan:
    """The plan with what only the pixels can tell. TooLarge when that makes the result so."""
    found = shape.look(image, plan, once=once)
    refuse_too_large(job.recipe, job.original, found.geometry.size, job.limits)
    return found


def _render_frames(image: pyvips.Image, plan: Plan, job: Render) -> pyvips.Image:
    """Frame by frame, so that cropping and padding know no neighbours and memory holds only results.

    What the pixels decide, those of the first frame decide for all.
    """
    count, page = _frames(image)
    if plan.looks_first or plan.stage.gravity.smart is not None:
        image = image.copy_memory()
        first = image.crop(0, 0, page.width, page.height)
        plan = _looked(first, plan, job, once=True)
        plan = replace(plan, stage=replace(plan.stage, trim=None))
    rendered = [
        _render_frame(image.crop(0, index * page.height, page.width, page.height), plan, job).copy_memory()
        for index in range(count)
    ]
    joined = pyvips.Image.arrayjoin(rendered, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", rendered[0].height)
    return joined
