"""A media as img.pro's Image object (contracts/imgpro.md 1.3, generation 4)."""

from __future__ import annotations

import datetime as dt

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Media
from graphql_api.domain.rendition import plan
from graphql_api.domain.transform import IDENTITY, Transform, named_size

_SIZES = (("small", "s"), ("medium", "m"), ("large", "l"))
# img.pro documents these as not transformable (seed 002). Tintype transforms them all the same for who asks.
_NOT_TRANSFORMABLE = (Format.SVG, Format.BMP, Format.ICO)


def present_image(media: Media, *, public_url: str, source_url: str) -> dict[str, object]:
    """The Image object. Every media we keep is ready."""
    planned = plan(media, IDENTITY)
    url = planned.url(source_url)
    transformable = media.original.transformable and media.original.format not in _NOT_TRANSFORMABLE
    return {
        "id": media.uid,
        "object": "image",
        "url": url,
        "page_url": f"{public_url}/{media.uid}",
        "sizes": {name: _size(media, url, word) for name, word in _SIZES} if transformable else {},
        "filename": media.name,
        "format": planned.recipe.format.value,
        "width": media.original.width,
        "height": media.original.height,
        "bytes": media.bytes,
        "transformable": transformable,
        "status": "ready",
        "public": media.public,
        "published_at": _moment(media.created_at) if media.public else None,
        "expires_at": _moment(media.expires_at),
        "created_at": _moment(media.created_at),
        "caption": media.caption,
        "metadata": dict(media.attributes),
    }


def _size(media: Media, url: str, word: str) -> dict[str, object]:
    size = plan(media, Transform((named_size(word),))).size or Size(media.original.width, media.original.height)
    return {"url": f"{url}?size={word}", "width": size.width, "height": size.height}


def _moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
