"""A stage: one pass over the picture, everything that can be done to its pixels.

The order of operations is `imaging.steps.STEPS`, never the caller's. Meanings are those of Cloudflare Images where it
has the operation; a field left at its default does nothing and stays out of the recipe's key.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace
from enum import StrEnum

from graphql_api.domain.color import BLACK, Color
from graphql_api.domain.geometry import Box, Edges, Fit, Fitting, Size, fit_box, fit_short_side, turn
from graphql_api.domain.gravity import CENTER, Gravity, Smart
from graphql_api.domain.overlay import MAX_OVERLAYS, Overlay, Text
from graphql_api.errors import InvalidInput

MAX_SIDE = 8192
MAX_RADIUS = MAX_SIDE  # any radius above half the shorter side means that half: a circle of a square
_CIRCLE = 360

# Lowest and highest value a field takes. Factors end at 10 so that the variety of renditions does (seed 001).
RANGES: dict[str, tuple[float, float]] = {
    "width": (1, MAX_SIDE),
    "height": (1, MAX_SIDE),
    "short_side": (1, MAX_SIDE),
    "zoom": (0, 1),
    "brightness": (0, 10),
    "contrast": (0, 10),
    "gamma": (0, 10),
    "saturation": (0, 10),
    "lightness": (-100, 100),
    "hue": (-_CIRCLE, _CIRCLE),
    "exposure": (-10, 10),
    "blur": (0, 1000),
    "sharpen": (0, 10),
    "pixelate": (1, 1000),
    "radius": (0, MAX_RADIUS),
}
_MAX_EDGE = 2048

# Values that change nothing, beside None.
_NEUTRAL: dict[str, tuple[float, ...]] = {
    "brightness": (1,),
    "contrast": (1,),
    "gamma": (0, 1),
    "saturation": (1,),
    "lightness": (0,),
    "hue": (0,),
    "exposure": (0,),
    "blur": (0,),
    "sharpen": (0,),
    "pixelate": (1,),
    "radius": (0,),
}
_DECIMALS = 3

# Where a part of the picture is cut off, or put into a canvas, its place can be chosen.
_CUTTING = (Fit.COVER, Fit.CROP, Fit.ASPECT_CROP)


class Filter(StrEnum):
    """A look with a name; Slink's are among them."""

    GREYSCALE = "greyscale"
    SEPIA = "sepia"
    NEGATE = "negate"
    DRAMATIC = "dramatic"
    NOIR = "noir"
    VIVID = "vivid"
    WARM = "warm"
    COOL = "cool"
    FADE = "fade"


@dataclass(frozen=True, slots=True)
class Trim:
    """What is cut off all around: so many pixels, or, when `auto`, a border that has the colour of the left top pixel.

    `tolerance` is how far a colour may be from that one, 0 to 255.
    """

    edges: Edges = Edges()
    auto: bool = False
    tolerance: int = 10

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance <= 255:  # noqa: PLR2004 - the range of a channel
            raise InvalidInput("trim", "The tolerance of 'trim' must be between 0 and 255.")
        if self.auto:
            object.__setattr__(self, "edges", Edges())


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a stage does to sizes, in this order: cut `region` out, turn that, scale, crop, fill a canvas, frame it."""

    region: Box
    turned: Size
    fitting: Fitting
    size: Size


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass. Lengths in pixels, angles in degrees clockwise, factors 1 for "unchanged"."""

    crop: Box | None = None
    trim: Trim | None = None
    mirror: bool = False  # left to right, before it is rotated
    rotate: float = 0.0

    width: int | None = None
    height: int | None = None
    short_side: int | None = None
    fit: Fit = Fit.SCALE_DOWN
    gravity: Gravity = CENTER
    zoom: float = 0.0  # with gravity towards faces: 0 keeps as much as possible around them, 1 as little

    segment: bool = False  # cut the foreground out
    brightness: float | None = None
    contrast: float | None = None
    gamma: float | None = None  # the exponent: below 1 lightens
    saturation: float | None = None
    lightness: float | None = None  # per cent of white that are added
    hue: int | None = None
    exposure: float | None = None  # in stops of light
    filter: Filter | None = None
    duotone: tuple[Color, Color] | None = None  # for black and for white
    blur: float | None = None  # standard deviation
    sharpen: float | None = None
    pixelate: int | None = None  # side of a block

    background: Color | None = None
    overlays: tuple[Overlay | Text, ...] = ()
    padding: Edges | None = None
    border: Edges | None = None
    border_color: Color = BLACK
    radius: int | None = None

    def __post_init__(self) -> None:
        for name, (lowest, highest) in RANGES.items():
            check_range(name, getattr(self, name), lowest, highest)
        for name in ("padding", "border"):
            _check_edges(name, getattr(self, name))
        if len(self.overlays) > MAX_OVERLAYS:
            raise InvalidInput("overlays", f"An image takes at most {MAX_OVERLAYS} overlays.")
        if self.short_side is not None:
            refuse_box_with_size(self.width, self.height)
        if not math.isfinite(self.rotate):
            raise InvalidInput("rotate", "'rotate' must be an angle in degrees.")
        for name, value in self._normalised().items():
            object.__setattr__(self, name, value)

    def _normalised(self) -> dict[str, object]:
        """The simplest values that mean the same, so that equal results share one key."""
        values: dict[str, object] = {"rotate": round(self.rotate % _CIRCLE, 2) % _CIRCLE}
        for name, neutral in _NEUTRAL.items():
            value = getattr(self, name)
            if value is not None:
                rounded = round(value, _DECIMALS) + 0
                values[name] = None if rounded in neutral else rounded
        if self.hue is not None:
            values["hue"] = self.hue % _CIRCLE or None
        if self.filter is Filter.GREYSCALE:
            values |= {"filter": None, "saturation": 0}
        values |= {name: None for name in ("padding", "border") if getattr(self, name) == Edges()}
        if values.get("border", self.border) is None:
            values["border_color"] = BLACK
        fit = self._settled_fit()
        values["fit"] = fit
        gravity = self.gravity if fit in _CUTTING or fit is Fit.PAD else CENTER
        if fit is Fit.PAD and gravity.smart is not None:
            gravity = CENTER
        values["gravity"] = gravity
        values["zoom"] = round(self.zoom, _DECIMALS) if gravity.smart is Smart.FACE else 0.0
        if self.trim is not None and not self.trim.auto and self.trim.edges == Edges():
            values["trim"] = None
        return values

    def _settled_fit(self) -> Fit:
        if not self.has_box:
            return Fit.SCALE_DOWN
        if self.width is None or self.height is None:
            return Fit.SCALE_DOWN if self.fit in (Fit.SCALE_DOWN, Fit.CROP, Fit.ASPECT_CROP) else Fit.CONTAIN
        return self.fit

    @property
    def has_box(self) -> bool:
        """Whether a width or a height was given."""
        return self.width is not None or self.height is not None

    @property
    def needs_pixels(self) -> bool:
        """Whether the size of the result is known only when the picture is looked at."""
        exact = self.width is not None and self.height is not None and self.fit in (Fit.COVER, Fit.PAD, Fit.SQUEEZE)
        return self.trim is not None and self.trim.auto and not exact

    def region(self, source: Size) -> Box:
        """The part of an upright picture that is kept; what would leave nothing is ignored."""
        whole = Box(0, 0, source.width, source.height)
        region = (self.crop.inside(source) if self.crop else None) or whole
        trimmed = self.trim.edges.within(region) if self.trim else None
        return trimmed or region

    def geometry(self, source: Size, region: Box | None = None) -> Geometry:
        """The sizes for an upright picture of this size; `region` is what is used of it, by `region()` unless given."""
        region = region or self.region(source)
        turned = turn(region.size, self.rotate)
        if self.short_side is not None:
            fitting = fit_short_side(turned, self.short_side)
        else:
            fitting = fit_box(turned, self.width, self.height, self.fit)
        return Geometry(region, turned, fitting, self.framed(fitting.size))

    def framed(self, size: Size) -> Size:
        """A size with padding and border around it."""
        for edges in (self.padding, self.border):
            size = edges.around(size) if edges else size
        return size

    def settled(self, source: Size, *, has_alpha: bool) -> Stage | None:
        """What of this changes an upright picture of this size; None when nothing does."""
        geometry = self.geometry(source)
        stage = self
        whole = Fitting(geometry.turned, geometry.turned, geometry.turned)
        fills = self.fit is Fit.PAD and (has_alpha or self.segment or self.rotate % 90 != 0)
        if geometry.fitting == whole and not self.needs_pixels and not fills:
            stage = replace(stage, width=None, height=None, short_side=None)
        if stage.trim is None or not stage.trim.auto:
            crop = None if geometry.region.size == source else geometry.region
            stage = replace(stage, crop=crop, trim=None)
        if not stage.shows_background(has_alpha=has_alpha):
            stage = replace(stage, background=None)
        return None if stage == Stage() else stage

    def shows_background(self, *, has_alpha: bool) -> bool:
        """Whether there is anything behind which a background could be seen."""
        opens = self.segment or self.padding or self.radius or self.fit is Fit.PAD or self.rotate % 90
        return has_alpha or bool(opens) or not self.border_color.is_opaque

    def keeps_alpha(self, *, has_alpha: bool) -> bool:
        """Whether the result is transparent somewhere, before it is written in a format that cannot be."""
        if self.background is not None:
            return not self.background.is_opaque
        filled = self.fit is Fit.PAD or self.padding is not None
        opens = has_alpha or self.segment or self.rotate % 90 != 0
        return (opens and not filled) or self.radius is not None or not self.border_color.is_opaque

    def times(self, factor: float) -> Stage:
        """All lengths of the result multiplied, for screens with more pixels than that; those of its trim too."""
        if factor == 1:
            return self
        edges = {name: value.times(factor) for name in ("padding", "border") if (value := getattr(self, name))}
        lengths = {
            name: max(1, round(value * factor))
            for name in ("width", "height", "short_side", "radius")
            if (value := getattr(self, name))
        }
        # Above their highest these change nothing more: a density must not be refused for that.
        lengths |= {name: min(lengths[name], MAX_SIDE) for name in ("short_side", "radius") if name in lengths}
        trim = self.trim and replace(self.trim, edges=self.trim.edges.times(factor))
        return replace(self, trim=trim, **edges, **lengths)


def flip_and_turn(*, across: bool, upside_down: bool, degrees: float) -> tuple[bool, float]:
    """The `mirror` and `rotate` that mean a flip left to right, one top to bottom, and then this rotation."""
    return across is not upside_down, degrees + 180 * upside_down


def check_range(name: str, value: float | None, lowest: float, highest: float) -> None:
    """InvalidInput unless the value is None or in the range, both ends included; NaN is not."""
    if value is not None and not lowest <= value <= highest:
        raise InvalidInput(name, f"'{name}' must be between {lowest} and {highest}.")


def _check_edges(name: str, edges: Edges | None) -> None:
    if edges is not None and max(dataclasses.astuple(edges)) > _MAX_EDGE:
        raise InvalidInput(name, f"'{name}' is at most {_MAX_EDGE} pixels wide.")


def refuse_box_with_size(width: int | None, height: int | None) -> None:
    """A size by name and a box contradict each other."""
    if width is not None or height is not None:
        raise InvalidInput("size", "'size' cannot be combined with 'width' or 'height'.")
