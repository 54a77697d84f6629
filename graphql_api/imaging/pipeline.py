"""Rendering: what a worker does with a recipe. Synchronous; raises pyvips.Error for bad data."""

from __future__ import annotations

from dataclasses import replace

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.gravity import Smart
from graphql_api.domain.proof import proof_size
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import refuse_too_large
from graphql_api.imaging import bare, codecs, metadata, proofs, shape, steps, tone, watermark
from graphql_api.imaging.jobs import Render
from graphql_api.imaging.plan import Plan, upright, valid_orientation


def render(job: Render) -> bytes:
    """The rendition."""
    recipe = job.recipe
    # A GIF has lost colours once already: encoded anew it would lose more, and most often grow.
    if recipe.format is Format.SVG or (recipe.format is Format.GIF and _serves_original(job)):
        return job.path.read_bytes()
    image, plan = _open(job)
    blocks = metadata.read(image)
    plain = tone.is_plain(image)
    result = _render_frames(image, plan, job) if recipe.animated else _render_frame(image, plan, job)
    result, carried = metadata.attach(result, blocks, recipe.format, recipe.metadata)
    content = codecs.encode(result, recipe.format, quality=recipe.encoder_quality, carried=carried)
    if plain and _serves_original(job) and job.path.stat().st_size <= len(content):
        return job.path.read_bytes()
    return content


def _serves_original(job: Render) -> bool:
    """Whether nothing was asked that the bytes of the original do not answer, and they tell nothing but the picture."""
    recipe = job.recipe
    asked = recipe.stages or recipe.marked or recipe.quality is not None or recipe.format is not job.original.format
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
    image = _load(job, source, shrink)
    orientation = valid_orientation(shape.orientation(image))
    _, page = codecs.frames_of(image) if recipe.animated else (1, Size(image.width, image.height))
    loaded = upright(page, orientation)
    if job.from_proof:
        proof = proof_size(original)
        across, down = codecs.exact_ratio(loaded, proof, Format.JPEG)
        ratio = across * proof.width / source.width, down * proof.height / source.height
    else:
        ratio = codecs.exact_ratio(loaded, source, original.format)
    return image, Plan(stage, geometry, orientation, ratio, layers=job.layers, proved=job.proved)


def _load(job: Render, source: Size, shrink: float) -> pyvips.Image:
    if not job.from_proof:
        bounded = codecs.bounded(shrink, source)
        return codecs.load(job.path, job.original.format, frames=job.recipe.animated, shrink=bounded)
    size = proof_size(job.original)
    return proofs.open_proof(job.path, size, shrink * size.width / source.width)


def _render_frame(image: pyvips.Image, plan: Plan, job: Render) -> pyvips.Image:
    if plan.looks_first:
        image = image.copy_memory()
        plan = _looked(image, plan, job, once=False)
    image = steps.run(image, plan)
    for stage in job.recipe.stages[1:]:
        image = image.copy_memory()
        geometry = stage.geometry(Size(image.width, image.height))
        following = Plan(stage, geometry, layers=job.layers, proved=job.proved)
        image = steps.run(image, _looked(image, following, job, once=False))
    return watermark.burn(image.copy_memory()) if job.recipe.marked else image


def _looked(image: pyvips.Image, plan: Plan, job: Render, *, once: bool) -> Plan:
    """The plan with what only the pixels can tell. TooLarge when that makes the result so."""
    found = shape.look(image, plan, once=once)
    refuse_too_large(job.recipe, job.original, found.geometry.size, job.limits)
    return found


def _render_frames(image: pyvips.Image, plan: Plan, job: Render) -> pyvips.Image:
    """Frame by frame, so that cropping and padding know no neighbours and memory holds only results.

    What the pixels decide, those of the first frame decide for all.
    """
    count, page = codecs.frames_of(image)
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
