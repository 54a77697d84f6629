"""Overlays as GraphQL says them: another media, or a text."""

from __future__ import annotations

import strawberry

from graphql_api.domain import overlay as domain
from graphql_api.domain.color import BLACK
from graphql_api.domain.gravity import Anchor
from graphql_api.domain.overlay import Font, Repeat
from schema.errors import within
from schema.scalars import Color

strawberry.enum(Anchor, name="Anchor", description="Nine places in a box.")
strawberry.enum(Repeat, name="Repeat", description="Whether an overlay is laid out as tiles.")
strawberry.enum(Font, name="Font", description="A kind of typeface.")


@strawberry.input(description="Another media on top; without a size its own, shrunk to fit in.")
class MediaOverlayInput:
    """The fields of a domain Overlay."""

    uid: str = strawberry.field(description="The media, by its uid; public, or of your team.")
    width: int | None = strawberry.field(default=None, description="Width of the box that it fits in, in pixels.")
    height: int | None = strawberry.field(default=None, description="Height of the box that it fits in, in pixels.")
    scale: float | None = strawberry.field(
        default=None, description="Its width as a part of the image's, above 0 to 1; beats width and height."
    )
    anchor: Anchor = strawberry.field(default=Anchor.CENTER, description="From where it is placed.")
    x: int = strawberry.field(default=0, description="Pixels from the anchor inwards, across.")
    y: int = strawberry.field(default=0, description="Pixels from the anchor inwards, down.")
    opacity: float = strawberry.field(default=1.0, description="0 to 1.")
    repeat: Repeat = strawberry.field(default=Repeat.NONE, description="Whether it is laid out as tiles.")

    def parse(self) -> domain.Overlay:
        """The overlay. InvalidInput."""
        return domain.Overlay(
            self.uid,
            width=self.width,
            height=self.height,
            scale=self.scale,
            anchor=self.anchor,
            x=self.x,
            y=self.y,
            opacity=self.opacity,
            repeat=self.repeat,
        )


@strawberry.input(description="A text on top, no wider than the image; it is never read as markup.")
class TextOverlayInput:
    """The fields of a domain Text."""

    text: str = strawberry.field(description="1 to 200 printable characters; a line break starts a new line.")
    size: int = strawberry.field(default=32, description="Height of the letters, 1 to 512 pixels.")
    color: Color | None = strawberry.field(default=None, description="Colour of the letters; black unless given.")
    font: Font = strawberry.field(default=Font.SANS, description="The kind of typeface.")
    bold: bool = strawberry.field(default=False, description="Whether it is bold.")
    width: int | None = strawberry.field(default=None, description="Where lines break, in pixels.")
    background: Color | None = strawberry.field(default=None, description="Colour of a box behind it.")
    anchor: Anchor = strawberry.field(default=Anchor.CENTER, description="From where it is placed.")
    x: int = strawberry.field(default=0, description="Pixels from the anchor inwards, across.")
    y: int = strawberry.field(default=0, description="Pixels from the anchor inwards, down.")
    opacity: float = strawberry.field(default=1.0, description="0 to 1.")

    def parse(self) -> domain.Text:
        """The text. InvalidInput."""
        return domain.Text(
            self.text,
            size=self.size,
            color=self.color or BLACK,
            font=self.font,
            bold=self.bold,
            width=self.width,
            background=self.background,
            anchor=self.anchor,
            x=self.x,
            y=self.y,
            opacity=self.opacity,
        )


@strawberry.input(description="One thing on top of the image.", one_of=True)
class OverlayInput:
    """A picture or a text."""

    media: MediaOverlayInput | None = strawberry.field(default=strawberry.UNSET, description="Another media.")
    text: TextOverlayInput | None = strawberry.field(default=strawberry.UNSET, description="A text.")

    def parse(self, place: int) -> domain.Overlay | domain.Text:
        """The one that was given, as the overlay at this place. InvalidInput."""
        if self.media:
            with within("overlays", place, "media"):
                return self.media.parse()
        if self.text:
            with within("overlays", place, "text"):
                return self.text.parse()
        raise ValueError("oneOf lets nothing through without a value")
