"""The transform as GraphQL says it. Strict: what cannot be is refused with the name of the field."""

from __future__ import annotations

from enum import Enum

import strawberry

from graphql_api.domain import transform as domain
from graphql_api.domain.geometry import Fit
from graphql_api.domain.media import Format
from graphql_api.domain.rendition import Rendition as PlannedRendition
from graphql_api.errors import InvalidInput

strawberry.enum(Format, name="ImageFormat", description="An image format.")
strawberry.enum(Fit, name="Fit", description="How an image meets the box of width x height.")


@strawberry.enum(description="A size by name: a short side of 320, 640 or 1080 pixels, or a card of 1200 x 630.")
class SizeName(Enum):
    """The words of `size=`."""

    S = "s"
    M = "m"
    L = "l"
    SOCIAL = "social"


@strawberry.input(description="What to make of an image. Nothing given leaves it as it is, without metadata.")
class TransformInput:
    """The fields of a Stage and an Output."""

    width: int | None = strawberry.field(default=None, description="Width of the box, 1 to 8192 pixels.")
    height: int | None = strawberry.field(default=None, description="Height of the box, 1 to 8192 pixels.")
    fit: Fit | None = strawberry.field(
        default=None, description="How the image meets the box; SCALE_DOWN unless given. Not with `size`."
    )
    size: SizeName | None = strawberry.field(default=None, description="A size by name, instead of width and height.")
    format: Format | None = strawberry.field(default=None, description="Output format; the original's unless given.")
    quality: int | None = strawberry.field(default=None, description="1 to 100, for JPEG, WebP and AVIF.")

    def parse(self) -> domain.Transform:
        """The transform. InvalidInput naming the field."""
        output = domain.Output(self.format, self.quality)
        return domain.Transform((self._stage(),), output)

    def _stage(self) -> domain.Stage:
        fit = self.fit or Fit.SCALE_DOWN
        if self.size is None:
            return domain.Stage(self.width, self.height, fit)
        domain.refuse_box_with_size(self.width, self.height)
        if self.fit is not None:
            raise InvalidInput("fit", "'fit' cannot be combined with 'size'.")
        return domain.named_size(self.size.value)


@strawberry.type(
    description="An image that a transform makes: the address and what is behind it. Asking renders nothing."
)
class Rendition:
    """A planned rendition."""

    url: str = strawberry.field(
        description="Where it is. Public images need no key; private ones an Authorization header."
    )
    width: int = strawberry.field(description="Width in pixels.")
    height: int = strawberry.field(description="Height in pixels.")
    format: Format = strawberry.field(description="Its format.")
    content_type: str = strawberry.field(description="Its media type.")


def present(rendition: PlannedRendition, source_url: str) -> Rendition:
    """A planned rendition in GraphQL's words."""
    size = rendition.size
    return Rendition(
        url=rendition.url(source_url),
        width=size.width,
        height=size.height,
        format=rendition.recipe.format,
        content_type=rendition.content_type,
    )
