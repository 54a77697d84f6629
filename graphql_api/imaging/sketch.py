"""Placeholders of renditions: the recipe carried out in miniature, on the thumbnail that was kept of the original."""

from __future__ import annotations

from dataclasses import replace

from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.overlay import Overlay, Text
from graphql_api.domain.stage import Stage
from graphql_api.domain.traits import Placeholder
from graphql_api.imaging import codecs, shape, steps, traits
from graphql_api.imaging.jobs import Sketch
from graphql_api.imaging.plan import Plan

_SIDE = 64  # pixels of the longer side: hashes look at half of that


def sketch(job: Sketch) -> Placeholder:
    """The placeholder of what the job's stage makes."""
    thumb = codecs.load_thumb(job.thumb)
    source = Size(job.original.width, job.original.height)
    stage = _in_miniature(job.stage, source)
    ratio = thumb.width / source.width, thumb.height / source.height
    plan = shape.look(thumb, Plan(stage, stage.geometry(source), ratio=ratio, layers=job.layers), once=False)
    return traits.placeholder(steps.run(thumb, plan).copy_memory())


def _in_miniature(stage: Stage, source: Size) -> Stage:
    """The stage with a result of some pixels, all its lengths in proportion. A border to trim is left where it is."""
    stage = replace(stage, trim=None) if stage.trim is not None and stage.trim.auto else stage
    geometry = stage.geometry(source)
    factor = min(1.0, _SIDE / max(geometry.size.width, geometry.size.height))
    box: dict[str, int | Fit | None] = {}
    if not stage.has_box:
        scaled = geometry.fitting.scaled
        box = {"width": _times(scaled.width, factor), "height": _times(scaled.height, factor), "fit": Fit.SQUEEZE}
    small = stage.times(factor)
    return replace(
        small,
        trim=stage.trim,
        short_side=None,
        blur=stage.blur and stage.blur * factor,
        pixelate=stage.pixelate and max(1, round(stage.pixelate * factor)),
        overlays=tuple(_overlay_in_miniature(overlay, factor) for overlay in stage.overlays),
        **box,  # type: ignore[arg-type]
    )


def _overlay_in_miniature(overlay: Overlay | Text, factor: float) -> Overlay | Text:
    x, y = round(overlay.x * factor), round(overlay.y * factor)
    width = overlay.width and _times(overlay.width, factor)
    if isinstance(overlay, Text):
        return replace(overlay, x=x, y=y, width=width, size=_times(overlay.size, factor))
    height = overlay.height and _times(overlay.height, factor)
    if overlay.layer and not (overlay.width or overlay.height or overlay.scale):
        width, height = (_times(side, factor) for side in (overlay.layer.original.width, overlay.layer.original.height))
    return replace(overlay, x=x, y=y, width=width, height=height)


def _times(length: int, factor: float) -> int:
    return max(1, round(length * factor))
