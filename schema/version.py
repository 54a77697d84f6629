"""Versions of media: what each file of it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import strawberry

from graphql_api.domain import media as domain
from graphql_api.domain.format import Format
from graphql_api.domain.rendition import address
from schema.scalars import BigInt


@strawberry.type(description="One of the files that a media has had.")
class MediaVersion:
    """The original of a Media at a time."""

    number: int = strawberry.field(description="Counts from 1; in addresses it is `v`.")
    format: Format = strawberry.field(description="Format of the original.")
    width: int = strawberry.field(description="Width of the original in pixels, upright.")
    height: int = strawberry.field(description="Height of the original in pixels, upright.")
    bytes: BigInt = strawberry.field(description="Size of the original in bytes.")
    sha256: str = strawberry.field(description="SHA-256 of the original, in hexadecimal.")
    created_at: dt.datetime = strawberry.field(description="When it came.")
    url: str = strawberry.field(description="Address of this very version, whatever comes after it.")


def present_versions(media: domain.Media, earlier: Sequence[domain.Version], source_url: str) -> list[MediaVersion]:
    """All versions in GraphQL's words, the newest first."""
    newest = [_present(media, media.replaced_at or media.created_at, source_url)]
    return newest + [_present(media.at(version), version.created_at, source_url) for version in earlier]


def _present(media: domain.Media, created_at: dt.datetime, source_url: str) -> MediaVersion:
    original = media.original
    return MediaVersion(
        number=media.version,
        format=original.format,
        width=original.width,
        height=original.height,
        bytes=BigInt(media.bytes),
        sha256=media.sha256,
        created_at=created_at,
        url=address(media, source_url),
    )
