"""A media as img.pro's Image object (contracts/imgpro.md 1.3, generation 4)."""

from __future__ import annotations

import datetime as dt

from graphql_api.domain.media import Media
from graphql_api.domain.rendition import plan
from graphql_api.domain.transform import IDENTITY, Transform, named_size

_SIZES = (("small", "s"), ("medium", "m"), ("large", "l"))


def present_image(media: Media, *, public_url: str, source_url: str) -> dict[str, object]:
    """The Image object. Every media we keep is ready and transformable."""
    url = plan(media, IDENTITY).url(source_url)
    return {
        "id": media.uid,
        "object": "image",
        "url": url,
        "page_url": f"{public_url}/{media.uid}",
        "sizes": {name: _size(media, url, word) for name, word in _SIZES},
        "filename": media.name,
        "format": media.original.format.value,
        "width": media.original.width,
        "height": media.original.height,
        "bytes": media.bytes,
        "transformable": True,
        "status": "ready",
        "public": media.public,
        "published_at": _moment(media.created_at) if media.public else None,
        "expires_at": _moment(media.expires_at),
        "created_at": _moment(media.created_at),
        "caption": media.caption,
        "metadata": dict(media.attributes),
    }


def _size(media: Media, url: str, word: str) -> dict[str, object]:
    size = plan(media, Transform((named_size(word),))).size
    return {"url": f"{url}?size={word}", "width": size.width, "height": size.height}


def _moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
