"""Which part of a picture stays when some is cut off: an anchor, a point, what catches the eye, or the faces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphql_api.domain.geometry import Size
from graphql_api.errors import InvalidInput


class Anchor(StrEnum):
    """Nine places in a box."""

    CENTER = "center"
    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"

    @property
    def point(self) -> tuple[float, float]:
        """Where it is, from 0, 0 (left top) to 1, 1 (right bottom)."""
        return _along(self, "left", "right"), _along(self, "top", "bottom")


def _along(anchor: str, first: str, last: str) -> float:
    words = anchor.split("-")
    return 0.0 if first in words else 1.0 if last in words else 0.5


class Smart(StrEnum):
    """What decides when the pixels do, or whoever knows the picture."""

    AUTO = "auto"  # saliency
    FACE = "face"  # all faces; the centre where there is none
    FOCAL = "focal"  # the point that was set for the media; the centre where there is none


@dataclass(frozen=True, slots=True)
class Gravity:
    """A point, each coordinate 0 to 1; or `smart`.

    The rest is cut off on both sides in the proportion of the point (0 keeps the left or top edge, 1 the right or
    bottom), as Cloudflare does it; with `focal` the point comes as near to the centre as the edges allow.
    """

    x: float = 0.5
    y: float = 0.5
    focal: bool = False
    smart: Smart | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise InvalidInput("gravity", "The coordinates of 'gravity' must be between 0 and 1.")
        object.__setattr__(self, "x", round(self.x, 4) + 0.0)
        object.__setattr__(self, "y", round(self.y, 4) + 0.0)
        if self.smart is not None or self.x == self.y == _MIDDLE:
            object.__setattr__(self, "x", _MIDDLE)
            object.__setattr__(self, "y", _MIDDLE)
            object.__setattr__(self, "focal", False)

    @property
    def anchor(self) -> Anchor | None:
        """The anchor that is this point."""
        if self.focal or self.smart is not None:
            return None
        return next((anchor for anchor in Anchor if anchor.point == (self.x, self.y)), None)

    def place(self, whole: Size, part: Size) -> tuple[int, int]:
        """Left and top of a part in the whole; `smart` counts as the centre here."""
        return self._offset(self.x, whole.width, part.width), self._offset(self.y, whole.height, part.height)

    def _offset(self, at: float, whole: int, part: int) -> int:
        room = whole - part
        if self.focal:
            return min(max(0, round(at * whole - part / 2)), max(0, room))
        return int(room * at)


_MIDDLE = 0.5
CENTER = Gravity()


def gravity_of(anchor: Anchor) -> Gravity:
    """The gravity towards an anchor."""
    return Gravity(*anchor.point)
