"""A rendition: one recipe on one media. Known in full (size, type, address, ETag) before a pixel is touched."""

from __future__ import annotations

from dataclasses import dataclass

from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Media
from graphql_api.domain.transform import Output, Recipe, Transform
from graphql_api.domain.transform_query import format_image_url


@dataclass(frozen=True, slots=True)
class Rendition:
    """What a request for an image comes to."""

    media: Media
    recipe: Recipe

    @property
    def size(self) -> Size:
        """Width and height of the result."""
        original = self.media.original
        return self.recipe.size(Size(original.width, original.height))

    @property
    def etag(self) -> str:
        """Strong validator without quotes: the original's content and the recipe decide every byte."""
        return f"{self.media.sha256[:20]}-{self.recipe.key[:20]}"

    @property
    def content_type(self) -> str:
        """The media type of the result."""
        return self.recipe.format.content_type

    def url(self, source_url: str) -> str:
        """The shortest address that settles into this very recipe."""
        asked = Transform(self.recipe.stages, Output(quality=self.recipe.chosen_quality))
        return format_image_url(source_url, self.media.storage, self.media.uid, asked, self.recipe.format)


@dataclass(frozen=True, slots=True)
class StoredRendition:
    """A rendition that is there to be read: its key in the store, its size in bytes."""

    key: str
    bytes: int


def plan(media: Media, transform: Transform) -> Rendition:
    """Settle the transform for this media; TooLarge when the result would be."""
    return Rendition(media, transform.settle(media.original))
