"""STEPS, the order in which a stage works whatever the order of parameters."""

from __future__ import annotations

from collections.abc import Callable

import pyvips

from graphql_api.imaging import detail, frame, layers, segment, shape, tone
from graphql_api.imaging.plan import Plan

Step = Callable[[pyvips.Image, Plan], pyvips.Image]


def to_srgb(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Eight bits, sRGB or grey."""
    del plan
    return tone.to_srgb(image)


def cut_out(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """The foreground alone."""
    return segment.cut_out(image) if plan.stage.segment else image


def adjust(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Colours."""
    return tone.adjust(image, plan.stage)


def change_detail(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Blur, sharpness, blocks."""
    return detail.change(image, plan.stage)


STEPS: tuple[Step, ...] = (
    shape.reshape,  # region, flip, rotation, scale, crop
    to_srgb,
    cut_out,
    adjust,
    change_detail,
    frame.fill,  # canvas and background
    layers.put_on,
    frame.decorate,  # padding, border, rounded corners
)


def run(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """One stage on one frame."""
    for step in STEPS:
        image = step(image, plan)
    return image
