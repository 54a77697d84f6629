"""Around the picture: canvas, background, padding, border, rounded corners."""

from __future__ import annotations

import pyvips

from graphql_api.domain.color import TRANSPARENT, WHITE, Color
from graphql_api.domain.geometry import Edges, Fit, Size
from graphql_api.imaging import tone
from graphql_api.imaging.plan import Plan


def fill(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """The canvas of `pad`, and the background behind what is transparent; white unless another is asked for."""
    stage, canvas = plan.stage, plan.geometry.fitting.size
    if stage.fit is Fit.PAD:
        color = stage.background or WHITE
        left, top = stage.gravity.place(canvas, Size(image.width, image.height))
        return _put_on(_behind(image, color), left, top, canvas, color)
    return image if stage.background is None else _behind(image, stage.background)


def decorate(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Padding, then border, then rounded corners; a border follows the corners."""
    stage = plan.stage
    if stage.padding is not None:
        color = stage.background or WHITE
        image = _surround(_behind(image, color), stage.padding, color)
    if stage.border is not None:
        color = stage.border_color.over(stage.background or TRANSPARENT)
        if stage.radius is not None:
            image = _fill_corners(image, stage.radius - _widest(stage.border), color)
        image = _surround(image, stage.border, color)
    if stage.radius is None:
        return image
    rounded = _round(image, stage.radius)
    return rounded if stage.background is None else _behind(rounded, stage.background)


def _widest(edges: Edges) -> int:
    return max(edges.top, edges.right, edges.bottom, edges.left)


def _behind(image: pyvips.Image, color: Color) -> pyvips.Image:
    """The picture on this colour."""
    if not image.hasalpha() or color == TRANSPARENT:
        return image
    image = tone.in_color(image)
    if color.is_opaque:
        return image.flatten(background=color.rgb)
    backdrop = image.new_from_image(color.rgba).copy(interpretation="srgb").cast("uchar")
    return backdrop.composite2(image, "over").cast("uchar")


def _surround(image: pyvips.Image, edges: Edges, color: Color) -> pyvips.Image:
    canvas = edges.around(Size(image.width, image.height))
    return _put_on(image, edges.left, edges.top, canvas, color)


def _put_on(image: pyvips.Image, left: int, top: int, canvas: Size, color: Color) -> pyvips.Image:
    """The picture at a place of a canvas of this colour."""
    if (image.width, image.height) == (canvas.width, canvas.height):
        return image
    image = tone.in_color(image)
    if not color.is_opaque and not image.hasalpha():
        image = image.addalpha()
    background = color.rgba if image.hasalpha() else color.rgb
    return image.embed(left, top, canvas.width, canvas.height, extend="background", background=background)


def _fill_corners(image: pyvips.Image, radius: int, color: Color) -> pyvips.Image:
    """The picture with this colour in its corners; what is transparent elsewhere stays so."""
    if (inside := _inside_corners(image, radius)) is None:
        return image
    image = tone.in_color(image)
    if color.is_opaque and not image.hasalpha():
        return inside.ifthenelse(image, color.rgb, blend=True).copy(interpretation="srgb")
    clear = (image if image.hasalpha() else image.addalpha()).premultiply()
    filled = inside.ifthenelse(clear, clear.new_from_image(color.rgba).premultiply(), blend=True)
    return filled.unpremultiply().cast("uchar").copy(interpretation="srgb")


def _round(image: pyvips.Image, radius: int) -> pyvips.Image:
    """Corners cut off by a quarter of a circle each, their edges smooth."""
    if (mask := _inside_corners(image, radius)) is None:
        return image
    image = tone.in_color(image)
    alpha = mask if not image.hasalpha() else (image.extract_band(image.bands - 1) * mask / 255).cast("uchar")
    plain = image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image
    return plain.bandjoin(alpha).copy(interpretation="srgb")


def _inside_corners(image: pyvips.Image, radius: int) -> pyvips.Image | None:
    """How much of each pixel lies inside of corners of this radius; None where there are none."""
    corner = min(float(radius), min(image.width, image.height) / 2)
    if corner <= 0:
        return None
    distance = pyvips.Image.sdf(
        image.width,
        image.height,
        "rounded-box",
        # A pixel is looked at in its middle.
        a=[-0.5, -0.5],
        b=[image.width - 0.5, image.height - 0.5],
        corners=[corner] * 4,
    )
    # The distance is negative inside; one pixel of it is the smooth edge.
    return (0.5 - distance).linear(255, 0).cast("uchar")
