"""What one stage has to do to one frame, with everything that had to be found out before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql_api.domain.geometry import Box, Size
from graphql_api.domain.gravity import Smart
from graphql_api.domain.overlay import Overlay, Text
from graphql_api.domain.stage import Geometry, Stage

UPRIGHT = 1
_LAST = 8
_FIRST_SIDEWAYS = 5  # EXIF orientations 5 to 8 swap width and height


@dataclass(frozen=True, slots=True)
class Plan:
    """`ratio` is loaded pixels over pixels of the upright original, across and down: below 1 when it was shrunk.

    `window` and `spot` are where a smart gravity has looked: a part of the turned picture in loaded pixels, and left
    and top of the part that stays of the scaled picture. `layers` has the files of overlays by content, those in
    `proved` are proofs.
    """

    stage: Stage
    geometry: Geometry
    orientation: int = UPRIGHT
    ratio: tuple[float, float] = (1.0, 1.0)
    window: Box | None = None
    spot: tuple[int, int] | None = None
    layers: Mapping[str, Path] = field(default_factory=dict)
    proved: frozenset[str] = frozenset()
    tops: dict[tuple[Overlay | Text, Size], Any] = field(default_factory=dict)  # overlays as they were made, by size

    @property
    def looks_first(self) -> bool:
        """Whether the pixels must be looked at before anything is done to them."""
        trims = self.stage.trim is not None and self.stage.trim.auto
        return trims or (self.cuts and self.stage.gravity.smart is Smart.FACE and self.window is None)

    @property
    def cuts(self) -> bool:
        """Whether some of the picture is cut off by its fit, so that somebody must say which part."""
        return self.geometry.fitting.cropped != self.geometry.fitting.scaled or self.stage.zoom > 0

    @property
    def is_tilted(self) -> bool:
        """Whether the angle is other than a right one."""
        return self.stage.rotate % 90 != 0


def valid_orientation(value: int) -> int:
    """An EXIF orientation, 1 to 8; anything else counts as upright."""
    return value if UPRIGHT <= value <= _LAST else UPRIGHT


def is_sideways(orientation: int) -> bool:
    """Whether turning by this EXIF orientation swaps width and height."""
    return orientation >= _FIRST_SIDEWAYS


def upright(size: Size, orientation: int) -> Size:
    """The size after turning by this EXIF orientation (or, its own inverse, before)."""
    return Size(size.height, size.width) if is_sideways(orientation) else size


def stored_box(box: Box, whole: Size, orientation: int) -> Box:
    """Where a rectangle of the upright picture (of size `whole`) is in the picture as stored."""
    left, top, width, height = box.left, box.top, box.width, box.height
    from_right, from_bottom = whole.width - left - width, whole.height - top - height
    return {
        1: Box(left, top, width, height),
        2: Box(from_right, top, width, height),
        3: Box(from_right, from_bottom, width, height),
        4: Box(left, from_bottom, width, height),
        5: Box(top, left, height, width),
        6: Box(top, from_right, height, width),
        7: Box(from_bottom, from_right, height, width),
        8: Box(from_bottom, left, height, width),
    }[orientation]
