"""Versions of media: what each file of it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import strawberry

from graphql_api.domain import media as domain
from graphql_api.domain.format import Format
from graphql_api.domain.rendition import address
from schema.context import Info
from schema.links import EXPIRES_IN, signed
from schema.scalars import BigInt, Duration


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
    media: strawberry.Private[domain.Media]

    @strawberry.field(description="Address of this very version, whatever comes after it.")
    def url(self, info: Info, expires_in: Annotated[Duration | None, EXPIRES_IN] = None) -> str:
        return signed(info, self.media, address(self.media, info.context.services.source_url), expires_in)


def present_versions(media: domain.Media, earlier: Sequence[domain.Version]) -> list[MediaVersion]:
    """All versions in GraphQL's words, the newest first."""
    newest = [_present(media, media.replaced_at or media.created_at)]
    return newest + [_present(media.at(version), version.created_at) for version in earlier]


def _present(media: domain.Media, created_at: dt.datetime) -> MediaVersion:
    original = media.original
    return MediaVersion(
        number=media.version,
        format=original.format,
        width=original.width,
        height=original.height,
        bytes=BigInt(media.bytes),
        sha256=media.sha256,
        created_at=created_at,
        media=media,
    )
