"""What was asked of a picture (Transform) and, settled for one original, what will be done (Recipe).

Constructors validate and normalise, so that equal requests are equal values. Only a Recipe has a key and can be
rendered: to negotiate after the key is made would be a type error.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.gravity import CENTER, Gravity, Smart
from graphql_api.domain.limits import USUAL_LIMITS, PictureLimits
from graphql_api.domain.media import FocalPoint, Original
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.overlay import Layer, Overlay
from graphql_api.domain.stage import RANGES, Stage
from graphql_api.errors import InvalidInput, TooLarge

# Part of every key. Raise it when the pipeline's pixels change, and every rendition is made anew.
REVISION = 5

# What the formats themselves, or their encoders, can hold.
_MAX_SIDES = {Format.JPEG: 65_500, Format.GIF: 65_535, Format.WEBP: 16_383, Format.AVIF: 16_384}

# Near-equal looks, measured: 80 for JPEG and WebP is what the well-known servers use, AVIF reaches it at 63.
_DEFAULT_QUALITY = {Format.JPEG: 80, Format.WEBP: 80, Format.AVIF: 63}
_QUALITY_FORMATS = (*_DEFAULT_QUALITY, Format.PNG)
_LOSSLESS = 100

# `format=auto` gives AVIF up where it would take longer than it saves.
_MAX_AUTO_AVIF_PIXELS = 3_000_000

_NOTHING = Stage()  # compared with several times a request

# How many times the largest result a picture may be before it is cut to one.
_DETOUR = 2

# `size=` words that name a length of the short side (seed 002: 4000x3000 becomes 426x320, 853x640, 1440x1080).
SHORT_SIDES = {"s": 320, "m": 640, "l": 1080}
# Those that name a longest side, from img.pro's first generation; `lqip` is a placeholder to show meanwhile.
LONGEST_SIDES = {"xl": 2560, "xxl": 3840, "lqip": 32}
SOCIAL_CARD = Size(1200, 630)
SOCIAL = "social"  # a still unless animation is asked for: that is what they show who fetch cards
ORIGINAL_SIZE = "o"
SIZE_WORDS = (*SHORT_SIDES, *LONGEST_SIDES, SOCIAL, ORIGINAL_SIZE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A settled transform: nothing left to decide. `quality` is None where the format's usual one is meant.

    `marked` ones show that they were made of test media.
    """

    format: Format
    quality: int | None = None
    stages: tuple[Stage, ...] = ()
    animated: bool = False
    metadata: Metadata = Metadata.COPYRIGHT
    marked: bool = False

    @property
    def key(self) -> str:
        """64 hex digits; the same for every way to ask for the same pixels."""
        return _key(self)

    @property
    def encoder_quality(self) -> int | None:
        """The quality to write with; None where the format has none, or a PNG keeps all its colours."""
        return self.quality or _DEFAULT_QUALITY.get(self.format)

    @property
    def changes_pixels(self) -> bool:
        """Whether anything but the encoding differs from the original."""
        return bool(self.stages)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The content of all overlays."""
        overlays = (overlay for stage in self.stages for overlay in stage.overlays)
        return tuple(overlay.layer for overlay in overlays if isinstance(overlay, Overlay) and overlay.layer)

    def size(self, source: Size) -> Size | None:
        """The size of the rendition of a picture of size `source`; None when only its pixels can tell."""
        return _size(self.stages, source)


@functools.lru_cache(maxsize=4096)  # asked for several times a request
def _size(stages: tuple[Stage, ...], source: Size) -> Size | None:
    for stage in stages:
        if stage.needs_pixels:
            return None
        source = stage.geometry(source).size
    return source


@functools.lru_cache(maxsize=4096)  # asked for several times a request
def _key(recipe: Recipe) -> str:
    text = json.dumps([REVISION, _canonical(recipe)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """JSON of what a value says beyond its defaults."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        named = {item.name: getattr(value, item.name) for item in dataclasses.fields(value) if _counts(item, value)}
        return [type(value).__name__, {name: _canonical(part) for name, part in named.items()}]
    if isinstance(value, tuple):
        return [_canonical(part) for part in value]
    # 90 and 90.0 are equal, and so must be what is hashed of them.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _counts(item: dataclasses.Field[Any], value: Any) -> bool:
    return bool(item.metadata.get("key", True)) and getattr(value, item.name) != item.default


@dataclass(frozen=True, slots=True)
class Transform:
    """What was asked, in any language."""

    stages: tuple[Stage, ...] = ()
    output: Output = Output()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(stage for stage in self.stages if stage != _NOTHING))

    @property
    def overlay_uids(self) -> tuple[str, ...]:
        """The media that are put on top, each once."""
        overlays = (overlay for stage in self.stages for overlay in stage.overlays)
        return tuple(dict.fromkeys(overlay.uid for overlay in overlays if isinstance(overlay, Overlay)))

    def focused(self, point: FocalPoint | None) -> Transform:
        """The same with the media's own focal point where it is asked for; the centre where it has none."""
        if not any(stage.gravity.smart is Smart.FOCAL for stage in self.stages):
            return self
        gravity = Gravity(point.x, point.y, focal=True) if point else CENTER
        stages = (replace(s, gravity=gravity) if s.gravity.smart is Smart.FOCAL else s for s in self.stages)
        return replace(self, stages=tuple(stages))

    def settle(
        self,
        original: Original,
        *,
        accepted: Sequence[Format] = (),
        layers: Mapping[str, Layer] | None = None,
        limits: PictureLimits = USUAL_LIMITS,
        shrinks: bool = False,
    ) -> Recipe:
        """Decide everything that was left open; TooLarge when the result would be.

        `accepted` are the formats that the client says it takes, best first. `layers` has the content of overlays by
        uid; those it does not have are left out. What `shrinks` becomes as large as it may be, where no size was asked.
        """
        stages = self._effective_stages(original, layers or {}, limits.max_overlays)
        if original.format is Format.SVG and self._keeps_drawing(original, stages):
            return Recipe(Format.SVG)
        target = self._target(original, stages, accepted)
        recipe = Recipe(
            format=target,
            quality=self._quality(target),
            stages=stages,
            animated=self._moves(original, target, stages),
            metadata=self.output.metadata,
        )
        if shrinks and not any(stage.has_box or stage.short_side for stage in self.stages):
            recipe = _shrunk(recipe, original, limits)
        refuse_too_large(recipe, original, recipe.size(Size(original.width, original.height)), limits)
        _refuse_detour(recipe, original, limits)
        return recipe

    def _keeps_drawing(self, original: Original, stages: Sequence[Stage]) -> bool:
        """Whether a drawing is served as it is, cleaned: when nothing asks for pixels of it, or it has none to give."""
        wants_pixels = stages or self.output.auto or self.output.fast
        unnamed = self.output.format in (None, Format.SVG)
        return (unnamed and not wants_pixels) or not original.transformable

    def _quality(self, target: Format) -> int | None:
        """The quality, unless it is the format's usual one or the format has none."""
        quality = self.output.quality
        usual = _DEFAULT_QUALITY.get(target, _LOSSLESS)
        return None if target not in _QUALITY_FORMATS or quality == usual else quality

    def _moves(self, original: Original, target: Format, stages: Sequence[Stage]) -> bool:
        """Whether the result is an animation; what is cut out of each frame on its own would flicker."""
        cut_out = any(stage.segment for stage in stages)
        return original.frames > 1 and target.can_move and not self.output.still and not cut_out

    def _effective_stages(self, original: Original, layers: Mapping[str, Layer], most: int) -> tuple[Stage, ...]:
        """The stages that change this original: asking for more than it has is asking for it as it is."""
        kept: list[Stage] = []
        size, has_alpha, known = Size(original.width, original.height), original.has_alpha, True
        for asked in self.stages:
            stage: Stage | None = _with_layers(asked, layers, most)
            if known and stage is not None:
                stage = stage.settled(size, has_alpha=has_alpha)
            if stage is None or stage == _NOTHING:
                continue
            kept.append(stage)
            known = known and not stage.needs_pixels
            size = stage.geometry(size).size
            has_alpha = stage.keeps_alpha(has_alpha=has_alpha)
        return tuple(kept)

    def _target(self, original: Original, stages: Sequence[Stage], accepted: Sequence[Format]) -> Format:
        has_alpha = original.has_alpha
        for stage in stages:
            has_alpha = stage.keeps_alpha(has_alpha=has_alpha)
        own = original.format.served_as(has_alpha=has_alpha)
        moves = self._moves(original, Format.WEBP, stages)
        if self.output.fast:
            return Format.WEBP if moves or has_alpha else Format.JPEG
        if self.output.auto:
            return _negotiate(own, accepted, moves=moves, pixels=_pixels(original, stages))
        return own if self.output.format in (None, Format.SVG) else self.output.format

    def in_format(self, target: Format) -> Transform:
        """The same with the format named."""
        return replace(self, output=replace(self.output, format=target, auto=False))


def _with_layers(stage: Stage, layers: Mapping[str, Layer], most: int) -> Stage:
    """The stage with the content of its overlays; those that are not there, or are too many, are left out."""
    if not stage.overlays:
        return stage
    overlays = (
        replace(overlay, layer=layers.get(overlay.uid)) if isinstance(overlay, Overlay) else overlay
        for overlay in stage.overlays
    )
    there = tuple(item for item in overlays if not isinstance(item, Overlay) or item.layer)
    return replace(stage, overlays=there[:most])


def _pixels(original: Original, stages: Sequence[Stage]) -> int:
    size = Size(original.width, original.height)
    for stage in stages:
        size = stage.geometry(size).size
    return size.pixels


def _negotiate(own: Format, accepted: Sequence[Format], *, moves: bool, pixels: int) -> Format:
    """The best format that the client takes: the first of `accepted` that can hold the result well."""
    for target in accepted:
        too_slow = target is Format.AVIF and pixels > _MAX_AUTO_AVIF_PIXELS
        if target.is_written and not too_slow and (target.can_move or not moves):
            return target
    return own


def refuse_too_large(recipe: Recipe, original: Original, result: Size | None, limits: PictureLimits) -> None:
    """TooLarge when a result of this size passes a limit; one that is not known yet is checked by who renders it."""
    if result is None:
        return
    limit = _most_pixels(recipe.format, original, limits)
    if result.pixels * (original.frames if recipe.animated else 1) > limit:
        raise TooLarge("transform", f"The result would have more than {limit} pixels.")
    side = max(limits.max_output_side, original.width, original.height)
    side = min(side, _MAX_SIDES.get(recipe.format, side))
    if max(result.width, result.height) > side:
        raise TooLarge("format", f"A picture in {recipe.format} has at most {side} pixels a side.")


def _refuse_detour(recipe: Recipe, original: Original, limits: PictureLimits) -> None:
    """TooLarge when the picture would have to become huge before most of it is cut off."""
    size = Size(original.width, original.height)
    most = max(_DETOUR * limits.max_output_pixels, size.pixels)
    for stage in recipe.stages:
        geometry = stage.geometry(size)
        if geometry.fitting.scaled.pixels > most:
            raise TooLarge("transform", f"The picture would have more than {most} pixels before it is cut.")
        size = geometry.size


def _shrunk(recipe: Recipe, original: Original, limits: PictureLimits) -> Recipe:
    """The recipe, its result scaled down to as many pixels as it may have; as it is where that is enough."""
    size = recipe.size(Size(original.width, original.height))
    if size is None:
        return recipe
    share = _most_pixels(recipe.format, original, limits) / (original.frames if recipe.animated else 1)
    if size.pixels <= share:
        return recipe
    factor = min(math.sqrt(share / size.pixels), RANGES["width"][1] / max(size.width, size.height))
    box = Stage(width=max(1, int(size.width * factor)), height=max(1, int(size.height * factor)))
    return replace(recipe, stages=(*recipe.stages, box))


def _most_pixels(target: Format, original: Original, limits: PictureLimits) -> int:
    """A result may have as many pixels as its original, unless its format is slow to write and not the original's."""
    source = Size(original.width, original.height).pixels * original.frames
    if target is Format.GIF:
        return max(limits.max_gif_pixels, source) if target is original.format else limits.max_gif_pixels
    return max(limits.max_output_pixels, source)


IDENTITY = Transform()


def named_size(word: str) -> Stage:
    """The stage that `size=` with this word means."""
    if word == SOCIAL:
        return Stage(width=SOCIAL_CARD.width, height=SOCIAL_CARD.height, fit=Fit.PAD)
    if word == ORIGINAL_SIZE:
        return Stage()
    if word in LONGEST_SIDES:
        return Stage(width=LONGEST_SIDES[word], height=LONGEST_SIDES[word])
    if word not in SHORT_SIDES:
        raise InvalidInput("size", f"'size' is one of {', '.join(SIZE_WORDS)}.")
    return Stage(short_side=SHORT_SIDES[word])


def format_size(stage: Stage) -> str | int | None:
    """The word of `size=` that means this stage's short side, the side itself where there is none, or None."""
    return next((word for word, side in SHORT_SIDES.items() if side == stage.short_side), stage.short_side)
