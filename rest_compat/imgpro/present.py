"""A media in img.pro's words: the Image object of generation 4, and the object of all generations before it at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Media, Source
from graphql_api.domain.rendition import address, shown_format
from graphql_api.domain.transform import named_size
from graphql_api.domain.usage import Quota, left

_SIZES = (("small", "s"), ("medium", "m"), ("large", "l"))
_STAGES = {word: named_size(word) for _, word in _SIZES}  # made once: a list has hundreds of sizes
# img.pro documents these as not transformable (seed 002). Tintype transforms them all the same for who asks.
_NOT_TRANSFORMABLE = (Format.SVG, Format.BMP, Format.ICO)

# Names that mean something to one generation or another. Nothing else may stand under them at the top of an object;
# what a caller stores there all the same is in `metadata`.
RESERVED = frozenset(
    {
        *("id", "object", "name", "filename", "url", "link", "page_url", "src", "extension", "format", "mime"),
        *("width", "height", "filesize", "bytes", "description", "caption", "tags", "tag_mode", "namespace", "public"),
        *("status", "source", "hash", "sizes", "created_at", "expires_at", "published_at", "metadata", "success"),
        *("data", "upgrade", "error", "message", "file", "ttl", "external_id", "labels", "nsfw", "tool", "defaults"),
        *("ids", "transformable", "deleted", "updated", "media"),
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A media and what is said of it beside its record, as far as the caller may know."""

    media: Media
    tags: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    own: bool = True  # whether it is the caller's: others are not told what its team says of it


def present_image(shown: Shown, *, public_url: str, source_url: str) -> dict[str, object]:
    """The Image object. Every media we keep is ready."""
    media = shown.media
    url = address(media, source_url)
    return {
        "id": media.uid,
        "object": "image",
        "url": url,
        "page_url": f"{public_url}/{media.uid}",
        "sizes": {name: {"url": _sized(url, word)} | _size(media, word) for name, word in _SIZES}
        if _transformable(media)
        else {},
        "filename": media.name,
        "format": shown_format(media.original).value,
        "width": media.original.width,
        "height": media.original.height,
        "bytes": media.bytes,
        "transformable": _transformable(media),
        "status": "ready",
        "public": media.public,
        "published_at": _moment(media.created_at) if media.public else None,
        "expires_at": _moment(media.expires_at),
        "created_at": _moment(media.created_at),
        "caption": media.caption,
        "metadata": dict(media.attributes) if shown.own else {},
        "nsfw": False,
        "labels": dict(shown.labels),
    }


def present_media(shown: Shown, *, public_url: str, source_url: str) -> dict[str, object]:
    """The object of generations 1 to 3, all their fields at once; metadata at the top and inside."""
    media = shown.media
    src, link, target = address(media, source_url), f"{public_url}/{media.uid}", shown_format(media.original)
    attributes = dict(media.attributes)  # of a public image to everybody (seed 001, "GET /v1/media/:id")
    body: dict[str, object] = {
        "id": media.uid,
        "name": media.name,
        "filename": media.name,
        "url": link,
        "link": link,
        "page_url": link,
        "src": src,
        "caption": media.caption,
        "description": media.caption,
        "extension": "jpeg" if target is Format.JPEG else target.value,
        "format": target.value,
        "mime": target.content_type,
        "width": media.original.width,
        "height": media.original.height,
        "filesize": media.bytes,
        "bytes": media.bytes,
        "tags": list(shown.tags),
        "namespace": shown.labels.get("namespace"),
        "labels": dict(shown.labels),
        "public": media.public,
        "status": "ready",
        "source": "url" if media.origin.source is Source.IMPORT else "upload",
        "hash": media.sha256,
        "external_id": media.external_id if shown.own else None,
        "sizes": {word: _legacy_size(media, src, word) for _, word in _SIZES} if _transformable(media) else {},
        "created_at": int(media.created_at.timestamp()),
    }
    if media.expires_at is not None:
        body["expires_at"] = int(media.expires_at.timestamp())
    body["metadata"] = attributes
    return body | {name: text for name, text in attributes.items() if name not in RESERVED}


def single(body: dict[str, object]) -> dict[str, object]:
    """One object as generation 1 wraps it and generation 3 does not: both."""
    return body | {"success": True, "data": body}


def page_of(items: Sequence[dict[str, object]], next_cursor: str | None) -> dict[str, object]:
    """A page of a list in the envelopes of all generations at once."""
    more = {"next_cursor": next_cursor, "has_more": next_cursor is not None}
    return {"object": "list", "success": True, "data": list(items), **more, "pagination": more}


def tombstone(uid: str) -> dict[str, object]:
    """What is left of an image."""
    return {"id": uid, "object": "image", "deleted": True}


def present_usage(quota: Quota) -> dict[str, object]:
    """What is used of a plan, for generations 3 and 5 at once (contracts/imgpro.md 1.8)."""
    plan, usage = quota.plan, quota.usage
    return {
        "monthly": {
            "uploads": usage.uploads,
            "uploads_limit": plan.uploads_per_month,
            "uploads_remaining": left(plan.uploads_per_month, usage.uploads),
            "resets_at": int(quota.resets_at.timestamp()),
        },
        "totals": {
            "media_stored": usage.images,
            "images_stored": usage.images,
            "storage_used_bytes": usage.bytes,
            "storage_limit_bytes": plan.storage_bytes,
            "storage_remaining_bytes": left(plan.storage_bytes, usage.bytes),
        },
        "plan": plan.name,
        "limits": {"images": {"used": usage.images, "limit": plan.images}},
        "limits_enforced": plan.images is not None,
    }


def quota_headers(quota: Quota) -> dict[str, str]:
    """The same beside an upload; a limit that there is not has no header."""
    plan, usage = quota.plan, quota.usage
    headers = {"X-Monthly-Uploads-Used": usage.uploads, "X-Storage-Used": usage.bytes}
    if plan.uploads_per_month is not None:
        headers["X-Monthly-Uploads-Limit"] = plan.uploads_per_month
        headers["X-Monthly-Uploads-Remaining"] = max(0, plan.uploads_per_month - usage.uploads)
    if plan.storage_bytes is not None:
        headers["X-Storage-Limit"] = plan.storage_bytes
        headers["X-Storage-Remaining"] = max(0, plan.storage_bytes - usage.bytes)
    return {name: str(value) for name, value in headers.items()}


def _transformable(media: Media) -> bool:
    return media.original.transformable and media.original.format not in _NOT_TRANSFORMABLE


def _size(media: Media, word: str) -> dict[str, object]:
    size = _STAGES[word].geometry(Size(media.original.width, media.original.height)).size
    return {"width": size.width, "height": size.height}


def _legacy_size(media: Media, src: str, word: str) -> dict[str, object]:
    return {"src": _sized(src, word), "url": _sized(src, word)} | _size(media, word)


def _sized(url: str, word: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}size={word}"


def _moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
