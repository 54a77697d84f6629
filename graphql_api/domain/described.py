"""A media in plain values, under the names that GraphQL has for them: for archives and for messages to others."""

from __future__ import annotations

from dataclasses import asdict

from graphql_api.domain.media import Media


def describe(media: Media) -> dict[str, object]:
    """All that is in its row, but for its id and its team."""
    original = media.original
    return {
        "uid": media.uid,
        "name": media.name,
        "caption": media.caption,
        "altText": media.alt_text,
        "public": media.public,
        "format": original.format.value,
        "width": original.width,
        "height": original.height,
        "frames": original.frames,
        "bytes": media.bytes,
        "sha256": media.sha256,
        "version": media.version,
        "attributes": dict(media.attributes),
        "externalId": media.external_id,
        "focalPoint": asdict(media.focal_point) if media.focal_point else None,
        "source": media.origin.source.value,
        "sourceUrl": media.origin.url,
        "operation": media.origin.operation,
        "test": media.test,
        "createdAt": media.created_at,
        "updatedAt": media.updated_at,
        "expiresAt": media.expires_at,
        "deletedAt": media.deleted_at,
    }
