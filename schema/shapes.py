"""The parts of a transform that have parts of their own: points, rectangles, edges, pairs of colours."""

from __future__ import annotations

import strawberry

from graphql_api.domain.geometry import Box, Edges
from graphql_api.domain.gravity import Anchor, Gravity, Smart, gravity_of
from graphql_api.domain.stage import Trim
from graphql_api.errors import InvalidInput
from schema.scalars import Color

strawberry.enum(
    Smart,
    name="SmartGravity",
    description="AUTO is what catches the eye, FACE all faces, FOCAL the media's own focal point; else the centre.",
)


@strawberry.input(description="A point, from 0, 0 (left top) to 1, 1 (right bottom).")
class PointInput:
    """Two coordinates."""

    x: float = strawberry.field(description="Across, 0 to 1.")
    y: float = strawberry.field(description="Down, 0 to 1.")


@strawberry.input(description="Which part stays when some is cut off.", one_of=True)
class GravityInput:
    """An anchor, a point, or what the pixels say."""

    anchor: Anchor | None = strawberry.field(default=strawberry.UNSET, description="An edge, a corner or the centre.")
    focal_point: PointInput | None = strawberry.field(
        default=strawberry.UNSET, description="A point that comes as near to the centre as the edges allow."
    )
    smart: Smart | None = strawberry.field(default=strawberry.UNSET, description="What the pixels say, or the media.")

    def parse(self) -> Gravity:
        """The gravity. InvalidInput."""
        if self.anchor:
            return gravity_of(self.anchor)
        if self.focal_point:
            return Gravity(self.focal_point.x, self.focal_point.y, focal=True)
        return Gravity(smart=self.smart or None)


@strawberry.input(description="A rectangle of the upright original, in its pixels.")
class BoxInput:
    """The fields of a domain Box."""

    left: int = strawberry.field(description="From the left edge.")
    top: int = strawberry.field(description="From the top edge.")
    width: int = strawberry.field(description="At least 1.")
    height: int = strawberry.field(description="At least 1.")

    def parse(self) -> Box:
        """The rectangle. InvalidInput."""
        return Box(self.left, self.top, self.width, self.height)


@strawberry.input(description="A width on each side, in pixels.")
class EdgesInput:
    """The fields of domain Edges."""

    top: int = strawberry.field(default=0, description="At the top.")
    right: int = strawberry.field(default=0, description="On the right.")
    bottom: int = strawberry.field(default=0, description="At the bottom.")
    left: int = strawberry.field(default=0, description="On the left.")

    def parse(self, *names: str) -> Edges:
        """The edges, which lie under these names. InvalidInput."""
        for side in ("top", "right", "bottom", "left"):
            if getattr(self, side) < 0:
                raise InvalidInput(".".join((*names, side)), "The width of an edge must be at least 0.")
        return Edges(self.top, self.right, self.bottom, self.left)


@strawberry.input(description="What is cut off all around before anything else.", one_of=True)
class TrimInput:
    """Edges, or a border that is looked for."""

    edges: EdgesInput | None = strawberry.field(default=strawberry.UNSET, description="So many pixels.")
    tolerance: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="A border like the left top pixel in colour and transparency, give or take this much of 255.",
    )

    def parse(self) -> Trim:
        """The trim. InvalidInput."""
        return Trim(self.edges.parse("trim", "edges")) if self.edges else Trim(auto=True, tolerance=self.tolerance or 0)


@strawberry.input(description="A border around everything.")
class BorderInput:
    """Widths and a colour."""

    width: EdgesInput = strawberry.field(description="Its width.")
    color: Color | None = strawberry.field(default=None, description="Its colour; black unless given.")


@strawberry.input(description="Two colours for all: one for black, one for white.")
class DuotoneInput:
    """Two colours."""

    dark: Color = strawberry.field(description="What black becomes.")
    light: Color = strawberry.field(description="What white becomes.")
