"""A media as img.pro's Image object (contracts/imgpro.md 1.3, generation 4)."""

from __future__ import annotations

import datetime as dt

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Media
from graphql_api.domain.rendition import plan
from graphql_api.domain.transform import IDENTITY, Transform, named_size
from graphql_api.domain.usage import Quota, left

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


def _size(media: Media, url: str, word: str) -> dict[str, object]:
    size = plan(media, Transform((named_size(word),))).size or Size(media.original.width, media.original.height)
    return {"url": f"{url}?size={word}", "width": size.width, "height": size.height}


def _moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
