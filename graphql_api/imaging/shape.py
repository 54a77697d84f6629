"""Geometry of pixels: cut, turn, scale, crop. Sources are read in one pass; what needs pixels out of order copies them.

Scaling comes before turning wherever it can, because the source is then read from top to bottom and memory holds the
small picture only.
"""

from __future__ import annotations

from dataclasses import replace

import pyvips

from graphql_api.domain.geometry import Box, Fit, Size
from graphql_api.domain.gravity import CENTER, Smart
from graphql_api.imaging import faces, tone
from graphql_api.imaging.plan import UPRIGHT, Plan, is_sideways, stored_box, upright

_RIGHT_ANGLES = {90: "d90", 180: "d180", 270: "d270"}
_CLEAR = [0, 0, 0, 0]
_WHITE, _BLACK = 255, 0
_LEAST_BY_KERNEL = 0.01
_LEAST_TRIMMED = 3  # pixels a side: libvips looks at each with its neighbours


def orientation(image: pyvips.Image) -> int:
    """The EXIF orientation of an opened file, as it is."""
    return int(image.get("orientation")) if image.get_typeof("orientation") else UPRIGHT


def look(image: pyvips.Image, plan: Plan, *, once: bool) -> Plan:
    """Find out what only the pixels can tell: a border to trim, faces. `image` must be in memory.

    `once` is for animations: it decides for all frames also what is else decided while a frame is cropped.
    """
    if plan.stage.trim is not None and plan.stage.trim.auto:
        plan = _trimmed(image, plan)
    if not plan.cuts or plan.stage.gravity.smart is None:
        return plan
    if plan.stage.gravity.smart is Smart.FACE:
        window = _look_for_faces(image, plan)
        return replace(plan, window=window) if window else _centered(plan)
    return replace(plan, spot=_look_for_interest(_scaled(image, plan).copy_memory(), plan)) if once else plan


def _centered(plan: Plan) -> Plan:
    """The plan for a picture without faces; it need not be looked at again."""
    return replace(plan, stage=replace(plan.stage, gravity=CENTER))


def _trimmed(image: pyvips.Image, plan: Plan) -> Plan:
    """The plan for what is inside a border of the colour of the left top pixel."""
    tolerance = plan.stage.trim.tolerance if plan.stage.trim else 0
    region = tone.to_srgb(oriented(_cut_region(image, plan), plan.orientation))
    if min(region.width, region.height) < _LEAST_TRIMMED:
        return plan
    if (inner := _inside_border(region, tolerance)) is None:
        return plan
    across, down = plan.ratio
    whole = plan.geometry.region
    found = Box(
        whole.left + round(inner.left / across),
        whole.top + round(inner.top / down),
        max(1, round(inner.width / across)),
        max(1, round(inner.height / down)),
    )
    return replace(plan, geometry=plan.stage.geometry(whole.size, found.inside(_end(whole))))


def _inside_border(image: pyvips.Image, tolerance: int) -> Box | None:
    """What is not of the colour of the left top pixel; None when all is.

    Pixels of one colour and one transparency look alike on white and on black, and no others do.
    """
    grounds = [image.flatten(background=ground) for ground in (_WHITE, _BLACK)] if image.hasalpha() else [image]
    found = [flat.find_trim(threshold=tolerance, background=flat(0, 0)) for flat in grounds]
    boxes = [Box(*box) for box in found if box[2] and box[3]]
    if not boxes:
        return None
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(_end(box).width for box in boxes), max(_end(box).height for box in boxes)
    return Box(left, top, right - left, bottom - top)


def _end(box: Box) -> Size:
    """The size of a picture that ends where the box ends."""
    return Size(box.left + box.width, box.top + box.height)


def reshape(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """The region, turned, scaled and cropped, as the plan's geometry says."""
    fitting = plan.geometry.fitting
    if plan.window is not None:
        return resample(_cut(_turned(image, plan), plan.window), fitting.cropped)
    scaled = _scaled(image, plan)
    if fitting.cropped == fitting.scaled:
        return scaled
    if plan.stage.gravity.smart is Smart.AUTO and plan.spot is None:
        scaled = scaled.copy_memory()  # it is looked at, and then cut
    left, top = _place(scaled, plan)
    return scaled.crop(left, top, fitting.cropped.width, fitting.cropped.height)


def resample(image: pyvips.Image, target: Size, extent: tuple[float, float] | None = None) -> pyvips.Image:
    """Exactly this size; transparent pixels must not bleed their hidden colour, hence premultiply.

    `extent` is how much of the image is picture: a decoder that halves rounds up, and its last row or column is only
    half there. Taken for whole, it would shift everything by a part of a pixel.
    """
    if (image.width, image.height) == (target.width, target.height):
        return image
    width, height = extent or (image.width, image.height)
    across, down = target.width / width, target.height / height
    if not image.hasalpha():
        return _fitted(_resize(image, across, down), target)
    stored = image.format
    return _fitted(_resize(image.premultiply(), across, down).unpremultiply().cast(stored), target)


def _resize(image: pyvips.Image, across: float, down: float) -> pyvips.Image:
    """By one Lanczos kernel: averaging boxes before it, as libvips would, costs quality and saves nothing.

    But for extreme factors, which no kernel is wide enough for.
    """
    return image.resize(across, vscale=down, gap=0 if min(across, down) > _LEAST_BY_KERNEL else 2)


def _fitted(image: pyvips.Image, target: Size) -> pyvips.Image:
    """Without what the rounding of the extent has left over at the right and the bottom."""
    if (image.width, image.height) == (target.width, target.height):
        return image
    if image.width < target.width or image.height < target.height:
        return image.embed(0, 0, target.width, target.height, extend="copy")
    return image.crop(0, 0, target.width, target.height)


def _scaled(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    target = plan.geometry.fitting.scaled
    if plan.is_tilted:
        return resample(_tilted(image, plan), target)
    sideways = plan.stage.rotate in (90, 270)
    before_turn = Size(target.height, target.width) if sideways else target
    cut = _cut_region(image, plan)
    extent = plan.geometry.region.width * plan.ratio[0], plan.geometry.region.height * plan.ratio[1]
    extent = extent[::-1] if is_sideways(plan.orientation) else extent
    return _turn(resample(cut, upright(before_turn, plan.orientation), extent), plan)


def _turned(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """The region turned, at the size it was loaded in; one that is tilted no larger than it has to be."""
    return _tilted(image, plan) if plan.is_tilted else _turn(_cut_region(image, plan), plan)


def _tilted(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """The region at any angle: what appears at the corners is transparent. Scaled down first, for that costs less."""
    region, turned, scaled = plan.geometry.region, plan.geometry.turned, plan.geometry.fitting.scaled
    factor = min(1.0, max(scaled.width / turned.width, scaled.height / turned.height))
    if plan.stage.gravity.smart is Smart.FACE:
        factor = 1.0 if plan.stage.zoom else least_scale_for_faces(turned, factor)
    small = Size(max(1, round(region.width * factor)), max(1, round(region.height * factor)))
    upright_small = _turn(resample(_cut_region(image, plan), upright(small, plan.orientation)), plan)
    picture = tone.to_srgb(upright_small)
    picture = picture if picture.hasalpha() else picture.addalpha()
    clear = _CLEAR[: picture.bands]
    tilted = picture.premultiply().rotate(plan.stage.rotate, background=clear).unpremultiply().cast("uchar")
    width, height = max(1, round(turned.width * factor)), max(1, round(turned.height * factor))
    return tilted.gravity("centre", width, height, extend="background", background=clear)


def _cut_region(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """The region of the original, found in the picture as it was stored and loaded."""
    loaded = upright(Size(image.width, image.height), plan.orientation)
    across, down = plan.ratio
    region = plan.geometry.region
    left, top = min(round(region.left * across), loaded.width - 1), min(round(region.top * down), loaded.height - 1)
    width, height = max(1, round(region.width * across)), max(1, round(region.height * down))
    box = Box(left, top, min(width, loaded.width - left), min(height, loaded.height - top))
    return _cut(image, stored_box(box, loaded, plan.orientation))


def _cut(image: pyvips.Image, box: Box) -> pyvips.Image:
    if (box.width, box.height) == (image.width, image.height):
        return image
    return image.crop(box.left, box.top, box.width, box.height)


def _turn(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Upright as its EXIF orientation says, then mirrored, then rotated by right angles."""
    stage = plan.stage
    if plan.orientation == UPRIGHT and not stage.mirror and not stage.rotate:
        return image
    image = oriented(image.copy_memory(), plan.orientation)
    if stage.mirror:
        image = image.fliphor()
    return image.rot(_RIGHT_ANGLES[int(stage.rotate)]) if stage.rotate in _RIGHT_ANGLES else image


def oriented(image: pyvips.Image, orientation: int) -> pyvips.Image:
    """Upright; the cut may have lost what the file says of it, so it is said again."""
    if orientation == UPRIGHT:
        return image
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image.autorot()


def _place(scaled: pyvips.Image, plan: Plan) -> tuple[int, int]:
    if plan.spot is not None:
        return plan.spot
    if plan.stage.gravity.smart is Smart.AUTO:
        return _look_for_interest(scaled, plan)
    fitting = plan.geometry.fitting
    return plan.stage.gravity.place(fitting.scaled, fitting.cropped)


def _look_for_interest(scaled: pyvips.Image, plan: Plan) -> tuple[int, int]:
    """Left and top of the part with the most saliency (libvips: edges, skin, saturated colours)."""
    cropped = plan.geometry.fitting.cropped
    found = tone.to_srgb(scaled).smartcrop(cropped.width, cropped.height, interesting="attention")
    return -found.xoffset, -found.yoffset


def least_scale_for_faces(whole: Size, scale: float) -> float:
    """The scale, or as much more as a picture needs so that its faces are found whatever the size of the result."""
    return min(1.0, max(scale, faces.LONGEST / max(whole.width, whole.height)))


def _look_for_faces(image: pyvips.Image, plan: Plan) -> Box | None:
    """The part of the turned picture that shows the faces; None where there are none."""
    turned = tone.to_srgb(_turned(image, plan).copy_memory())
    whole, cropped = Size(turned.width, turned.height), plan.geometry.fitting.cropped
    least = Size(1, 1) if plan.stage.fit is Fit.COVER else cropped  # the other two never enlarge
    found = faces.find(turned)
    return faces.window(whole, cropped, found, zoom=plan.stage.zoom, least=least) if found else None
