"""A rendition: one recipe on one media. Known in full (size, type, address, ETag) before a pixel is touched."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Media, Original
from graphql_api.domain.output import Output
from graphql_api.domain.transform import IDENTITY, Recipe, Transform
from graphql_api.domain.transform_query import PRESET, VERSION, address_query, image_url_tail


@dataclass(frozen=True, slots=True)
class Rendition:
    """What a request for an image comes to; `asked` is the request itself, beside the `preset` it named.

    `overlays` are the other media that are in it.
    """

    media: Media
    recipe: Recipe
    asked: Transform = IDENTITY
    preset: str | None = None
    public: bool = True  # whether everybody who asks for this gets the same
    overlays: tuple[Media, ...] = ()
    until: dt.datetime | None = None  # when the signed address that it was asked by is over

    @property
    def expires_at(self) -> dt.datetime | None:
        """When the first of the media in it, or its address, expires; None when none does."""
        ends = (self.until, *(media.expires_at for media in (self.media, *self.overlays)))
        return min((end for end in ends if end), default=None)

    @property
    def source(self) -> Size:
        """Width and height of the original."""
        return Size(self.media.original.width, self.media.original.height)

    @property
    def size(self) -> Size | None:
        """Width and height of the result; None when only the pixels can tell (a border that is to be trimmed)."""
        return self.recipe.size(self.source)

    @property
    def etag(self) -> str:
        """Strong validator without quotes: the original's content and the recipe decide every byte."""
        return f"{self.media.sha256[:20]}-{self.recipe.key[:20]}"

    @property
    def content_type(self) -> str:
        """The media type of the result."""
        return self.recipe.format.content_type

    def url(self, source_url: str) -> str:
        """The shortest address that settles into this very recipe; that of a preset follows what it means later."""
        return place(self.media, source_url) + self.tail

    @property
    def tail(self) -> str:
        """The address from the uid on: the same for all media that are alike."""
        recipe, media = self.recipe, self.media
        auto, still = self.asked.output.auto, self.asked.output.still
        if self.preset is None and not auto:
            query = _shortest(recipe, still=still and media.original.frames > 1 and recipe.format.can_move)
        else:
            query = address_query(self.asked)
        said = _version(media) | ({PRESET: self.preset} if self.preset is not None else {})
        return image_url_tail(query, None if auto else recipe.format, said)


@functools.lru_cache(maxsize=4096)  # all media of a list that are asked for alike
def _shortest(recipe: Recipe, *, still: bool) -> str:
    output = Output(quality=recipe.quality, still=still, metadata=recipe.metadata)
    return address_query(Transform(recipe.stages, output))


@dataclass(frozen=True, slots=True)
class StoredRendition:
    """A rendition that is there to be read: its key in the store, its size in bytes, and those if they are at hand."""

    key: str
    size: int
    content: bytes | None = None


def uid_in(url: str, source_url: str) -> str:
    """The uid in an image address of ours, whole or from its path on; the empty text, which nothing has, for others."""
    places = f"{re.escape(source_url)}|{re.escape(urlsplit(source_url).path)}"
    found = re.fullmatch(rf"(?:{places})/[^/?#]+/([^/.?#]+)(?:[.?#].*)?", url)
    return found[1] if found else ""


def shown_format(original: Original) -> Format:
    """The format in which an original is shown as it is."""
    return Format.SVG if original.format is Format.SVG else original.format.served_as(has_alpha=original.has_alpha)


def address(media: Media, source_url: str) -> str:
    """Where the image is as it is, without its metadata."""
    target = shown_format(media.original)
    return place(media, source_url) + image_url_tail("", target, _version(media))


def place(media: Media, source_url: str) -> str:
    """Where all addresses of a media begin."""
    return f"{source_url}/{media.storage}/{media.uid}"


def original_address(media: Media, public_url: str) -> str:
    """Where the file is as it came."""
    query = f"?{VERSION}={media.version}" if media.newest > 1 else ""
    return f"{public_url}/original/{media.storage}/{media.uid}.{media.original.format}{query}"


def _version(media: Media) -> dict[str, str]:
    """What an address says of the version: nothing, as long as there is one."""
    return {VERSION: str(media.version)} if media.newest > 1 else {}


def plan(media: Media, transform: Transform) -> Rendition:
    """Settle a transform without overlays for this media; TooLarge when the result would be."""
    return Rendition(media, transform.settle(media.original), transform, public=media.public)
