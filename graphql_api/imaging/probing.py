"""Probing: what a worker finds out about a file that was uploaded. Synchronous; raises pyvips.Error for bad data."""

from __future__ import annotations

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import Original
from graphql_api.domain.stage import Stage
from graphql_api.domain.traits import Probed, Traits
from graphql_api.errors import TooLarge
from graphql_api.imaging import codecs, foreign, gif, shape, steps, traits
from graphql_api.imaging.jobs import Probe
from graphql_api.imaging.overview import read_whole
from graphql_api.imaging.plan import Plan, upright, valid_orientation

# An interlaced file is decoded whole before its first row comes out: it may have half the pixels of another.
_INTERLACED_WEIGHT = 2


def probe(job: Probe) -> Probed:
    """What the file is and shows. Checks the header against the limits, then decodes all; TooLarge, pyvips.Error."""
    if job.format in foreign.READERS:
        _refuse_size(foreign.measure(job.path, job.format), 1, job.limits)
    image = codecs.load(job.path, job.format, frames=True, strict=True)
    frames, page = codecs.frames_of(image)
    _refuse_size(page, frames, job.limits, interlaced=bool(image.get_typeof("interlaced")))
    turned = valid_orientation(shape.orientation(image))
    size = upright(page, turned)
    original = Original(job.format, size.width, size.height, frames, bool(image.hasalpha()), not job.measures_only)
    if job.measures_only:
        return Probed(original, Traits(), b"")
    whole = read_whole(image if job.format in foreign.READERS else _open(job, original), traits.SIDE)
    geometry = Stage(width=traits.SIDE, height=traits.SIDE).geometry(size)
    small = steps.run(whole, Plan(Stage(), geometry, turned, (whole.width / page.width, whole.height / page.height)))
    if job.format is Format.GIF and not gif.is_whole(job.path):
        raise pyvips.Error("the GIF has no end")
    return Probed(original, *traits.describe(small, image))


def _open(job: Probe, original: Original) -> pyvips.Image:
    """The file to be decoded whole; of an animation the first frame, once all have been decoded."""
    if original.frames > 1:
        codecs.load(job.path, job.format, frames=True, strict=True).avg()
    # JPEG and still WebP are read whole at any shrink; a drawing is made no larger than it will be looked at.
    shrink = max(original.width, original.height) / traits.SIDE
    bounded = codecs.bounded(max(1.0, shrink), Size(original.width, original.height))
    return codecs.load(job.path, job.format, strict=True, shrink=bounded)


def _refuse_size(page: Size, frames: int, limits: PictureLimits, *, interlaced: bool = False) -> None:
    weight = _INTERLACED_WEIGHT if interlaced else 1
    if page.pixels * frames * weight > limits.max_pixels:
        raise TooLarge("file", f"The image has more than {limits.max_pixels // weight} pixels, all frames counted.")
    if max(page.width, page.height) > limits.max_side:
        raise TooLarge("file", f"The image has more than {limits.max_side} pixels a side.")
    if frames > limits.max_frames:
        raise TooLarge("file", f"The image has more than {limits.max_frames} frames.")
