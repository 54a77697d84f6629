"""Earlier versions of media: what they were before their files were replaced."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from pypika_tortoise.enums import Order
from pypika_tortoise.queries import Query, Table

from graphql_api.db.models import MediaVersion
from graphql_api.db.original import original_columns, to_original
from graphql_api.db.rows import Row, fetch, identity, moment
from graphql_api.domain.media import Media, Version

_version = Table("media_version")


async def insert(media: Media) -> None:
    """Keep what the media is now as one of its earlier versions."""
    await MediaVersion.create(
        media_id=media.id,
        number=media.version,
        blob_id=media.sha256,
        **original_columns(media.original),
        bytes=media.bytes,
        created_at=media.replaced_at or media.created_at,
    )


async def find(media_id: uuid.UUID, number: int) -> Version | None:
    """The version of this number."""
    query = Query.from_(_version).select("*").where(_version.media_id == str(media_id))
    return next(map(_to_version, await fetch(query.where(_version.number == number))), None)


async def of(media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, list[Version]]:
    """All earlier versions of these media, the latest first."""
    if not media_ids:  # (PostgreSQL knows no empty IN.)
        return {}
    query = Query.from_(_version).select("*").where(_version.media_id.isin([str(media_id) for media_id in media_ids]))
    found: dict[uuid.UUID, list[Version]] = {media_id: [] for media_id in media_ids}
    for row in await fetch(query.orderby(_version.number, order=Order.desc)):
        found[identity(row["media_id"])].append(_to_version(row))
    return found


async def delete(media_id: uuid.UUID, number: int) -> bool:
    """Remove a version; False when there is none of this number."""
    return bool(await MediaVersion.filter(media_id=media_id, number=number).delete())


def _to_version(row: Row) -> Version:
    return Version(
        number=row["number"],
        original=to_original(row),
        bytes=row["bytes"],
        sha256=row["blob_id"],
        created_at=moment(row["created_at"]),
    )
