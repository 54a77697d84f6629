"""What was asked of a picture (Transform) and, settled for one original, what will be done (Recipe).

Constructors validate and normalise, so that equal requests are equal values. Only a Recipe has a key and can be
rendered: to negotiate after the key is made would be a type error.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, replace

from graphql_api.domain.geometry import Fit, Geometry, Size, fit_box, fit_short_side
from graphql_api.domain.media import Format, Original
from graphql_api.errors import InvalidInput, TooLarge

# Part of every key. Raise it when the pipeline's pixels change, and every rendition is made anew.
REVISION = 1

MAX_SIDE = 8192
MAX_ENLARGED_PIXELS = 25_000_000  # all frames together; a result may also have as many as its original
MAX_QUALITY = 100

# What the formats themselves, or their encoders, can hold.
_MAX_SIDES = {Format.JPEG: 65_500, Format.GIF: 65_535, Format.WEBP: 16_383, Format.AVIF: 16_384}
# Formats that are slow to write: a GIF takes a third of a second a megapixel, and nothing stops libvips meanwhile.
_MAX_PIXELS = {Format.GIF: 4_000_000}

# Near-equal looks, measured: 80 for JPEG and WebP is what the well-known servers use, AVIF reaches it at 63.
_DEFAULT_QUALITY = {Format.JPEG: 80, Format.WEBP: 80, Format.AVIF: 63}

# `size=` words that name a length of the short side (seed 002: 4000x3000 becomes 426x320, 853x640, 1440x1080).
SHORT_SIDES = {"s": 320, "m": 640, "l": 1080}
SOCIAL_CARD = Size(1200, 630)


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass over the picture; inside it the order of operations is `imaging.steps.STEPS`, never the caller's."""

    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.SCALE_DOWN
    short_side: int | None = None

    def __post_init__(self) -> None:
        for name in ("width", "height", "short_side"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= MAX_SIDE:
                raise InvalidInput(name, f"'{name}' must be between 1 and {MAX_SIDE} pixels.")
        if self.short_side is not None:
            refuse_box_with_size(self.width, self.height)
        object.__setattr__(self, "fit", self._settled_fit())

    def _settled_fit(self) -> Fit:
        """The simplest fit that means the same here, so that equal results share one key."""
        if not self.has_box:
            return Fit.SCALE_DOWN
        if self.width is None or self.height is None:
            return Fit.SCALE_DOWN if self.fit in (Fit.SCALE_DOWN, Fit.CROP) else Fit.CONTAIN
        return self.fit

    @property
    def has_box(self) -> bool:
        """Whether a width or a height was given."""
        return self.width is not None or self.height is not None

    def geometry(self, source: Size) -> Geometry:
        """What this stage does to an upright picture of this size."""
        if self.short_side is not None:
            return fit_short_side(source, self.short_side)
        return fit_box(source, self.width, self.height, self.fit)


@dataclass(frozen=True, slots=True)
class Output:
    """How the result is written; None leaves it to the original's format and the format's usual quality."""

    format: Format | None = None
    quality: int | None = None

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= MAX_QUALITY:
            raise InvalidInput("quality", f"'quality' must be between 1 and {MAX_QUALITY}.")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A settled transform: nothing left to decide. `quality` is None where the format has none."""

    format: Format
    quality: int | None = None
    stages: tuple[Stage, ...] = ()
    animated: bool = False

    @property
    def key(self) -> str:
        """64 hex digits; the same for every way to ask for the same pixels."""
        return _key(self)

    @property
    def chosen_quality(self) -> int | None:
        """The quality where it is not the format's usual one."""
        return None if self.quality == _DEFAULT_QUALITY.get(self.format) else self.quality

    def size(self, source: Size) -> Size:
        """The size of the rendition of a picture of size `source`."""
        for stage in self.stages:
            source = stage.geometry(source).size
        return source


@functools.lru_cache(maxsize=4096)  # asked for several times a request
def _key(recipe: Recipe) -> str:
    asked = {name: value for name, value in asdict(recipe).items() if value}
    asked["stages"] = [{k: v for k, v in asdict(stage).items() if v is not None} for stage in recipe.stages]
    text = json.dumps([REVISION, asked], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Transform:
    """What was asked, in any language."""

    stages: tuple[Stage, ...] = ()
    output: Output = Output()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(stage for stage in self.stages if stage != Stage()))

    def settle(self, original: Original) -> Recipe:
        """Decide everything that was left open; TooLarge when the result would pass MAX_OUTPUT_PIXELS."""
        target = self.output.format or original.format
        animated = original.frames > 1 and target.can_move
        recipe = Recipe(
            format=target,
            quality=self._quality(target),
            stages=self._effective_stages(original),
            animated=animated,
        )
        _refuse_too_large(recipe, original)
        return recipe

    def _quality(self, target: Format) -> int | None:
        usual = _DEFAULT_QUALITY.get(target)
        return usual if usual is None or self.output.quality is None else self.output.quality

    def _effective_stages(self, original: Original) -> tuple[Stage, ...]:
        """The stages that change this original: asking for more than it has is asking for it as it is."""
        kept = []
        size = Size(original.width, original.height)
        for stage in self.stages:
            geometry = stage.geometry(size)
            if geometry.scaled != size or geometry.size != size or stage.fit is Fit.PAD:
                kept.append(stage)
            size = geometry.size
        return tuple(kept)

    def in_format(self, target: Format) -> Transform:
        """The same with the format named."""
        return replace(self, output=replace(self.output, format=target))


def _refuse_too_large(recipe: Recipe, original: Original) -> None:
    source = Size(original.width, original.height)
    result = recipe.size(source)
    limit = _MAX_PIXELS.get(recipe.format, MAX_ENLARGED_PIXELS)
    if recipe.format is original.format or recipe.format not in _MAX_PIXELS:
        limit = max(limit, source.pixels * original.frames)
    if result.pixels * (original.frames if recipe.animated else 1) > limit:
        raise TooLarge("transform", f"The result would have more than {limit} pixels.")
    side = _MAX_SIDES.get(recipe.format)
    if side is not None and max(result.width, result.height) > side:
        raise TooLarge("format", f"A picture in {recipe.format} has at most {side} pixels a side.")


IDENTITY = Transform()


def refuse_box_with_size(width: int | None, height: int | None) -> None:
    """A size by name and a box contradict each other."""
    if width is not None or height is not None:
        raise InvalidInput("size", "'size' cannot be combined with 'width' or 'height'.")


def named_size(word: str) -> Stage:
    """The stage that `size=` with this word means."""
    if word == "social":
        return Stage(SOCIAL_CARD.width, SOCIAL_CARD.height, Fit.PAD)
    if word not in SHORT_SIDES:
        raise InvalidInput("size", f"'size' is one of {', '.join(SHORT_SIDES)}, social.")
    return Stage(short_side=SHORT_SIDES[word])


def format_size(stage: Stage) -> str | None:
    """The word of `size=` that means this stage's short side, or None."""
    return next((word for word, side in SHORT_SIDES.items() if side == stage.short_side), None)
