"""Collections, and the media that are in them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from pypika_tortoise.functions import Count
from pypika_tortoise.queries import Query, Table
from pypika_tortoise.terms import Criterion
from tortoise.exceptions import IntegrityError

from graphql_api.db.models import Collection as CollectionRow
from graphql_api.db.models import CollectionMedia as MemberRow
from graphql_api.db.rows import fetch, identity, moment
from graphql_api.domain.collection import Collection
from graphql_api.errors import Conflict, NotFound

_collection, _member, _media = Table("collection"), Table("collection_media"), Table("media")
_TAKEN = "The team has another collection of this name."


def _to_collection(row: CollectionRow) -> Collection:
    team_id: int = row.team_id  # type: ignore[attr-defined]
    return Collection(uuid.UUID(str(row.id)), team_id, row.name, row.description, row.created_at, row.updated_at)


async def insert(made: Collection) -> None:
    """Keep a new collection. Conflict."""
    try:
        await CollectionRow.create(
            id=made.id,
            team_id=made.team_id,
            name=made.name,
            description=made.description,
            created_at=made.created_at,
            updated_at=made.updated_at,
        )
    except IntegrityError as error:
        raise Conflict(_TAKEN) from error


async def update(changed: Collection) -> None:
    """Write name and description. Conflict."""
    try:
        await CollectionRow.filter(id=changed.id).update(
            name=changed.name, description=changed.description, updated_at=changed.updated_at
        )
    except IntegrityError as error:
        raise Conflict(_TAKEN) from error


async def delete(collection_id: uuid.UUID) -> bool:
    """Remove it, but none of its media; False when there is none."""
    return bool(await CollectionRow.filter(id=collection_id).delete())


async def find_many(team_id: int, collection_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Collection]:
    """The team's collections with these ids."""
    rows = await CollectionRow.filter(team_id=team_id, id__in=list(collection_ids))
    return {found.id: found for found in map(_to_collection, rows)}


async def list_all(team_id: int) -> list[Collection]:
    """All collections of the team, by name."""
    return [_to_collection(row) for row in await CollectionRow.filter(team_id=team_id).order_by("name")]


async def count(team_id: int) -> int:
    """How many collections the team has."""
    return await CollectionRow.filter(team_id=team_id).count()


async def add(collection_id: uuid.UUID, media_ids: Sequence[uuid.UUID]) -> None:
    """Put media in; those that are in already stay. NotFound for what was removed a moment ago."""
    members = [MemberRow(collection_id=collection_id, media_id=media_id) for media_id in media_ids]
    try:
        await MemberRow.bulk_create(members, ignore_conflicts=True)
    except IntegrityError as error:  # a key that leads nowhere, as all else is ignored
        raise NotFound("The collection, or one of the media, is not there any more.") from error


async def remove(collection_id: uuid.UUID, media_ids: Sequence[uuid.UUID]) -> None:
    """Take media out, as far as they are in."""
    await MemberRow.filter(collection_id=collection_id, media_id__in=list(media_ids)).delete()


async def of_media(media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, list[Collection]]:
    """The collections that these media are in, by name."""
    query = Query.from_(_member).join(_collection).on(_collection.id == _member.collection_id)
    query = query.select(_member.media_id, *(_collection[name] for name in _COLUMNS)).orderby(_collection.name)
    found: dict[uuid.UUID, list[Collection]] = {}
    for row in await fetch(query.where(_member.media_id.isin([str(media_id) for media_id in media_ids]))):
        made = Collection(
            identity(row["id"]),
            row["team_id"],
            row["name"],
            row["description"],
            moment(row["created_at"]),
            moment(row["updated_at"]),
        )
        found.setdefault(identity(row["media_id"]), []).append(made)
    return found


async def count_media(among: Criterion, collection_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many of the media that `among` holds for are in each of these collections; nothing for none."""
    query = Query.from_(_member).join(_media).on(_media.id == _member.media_id)
    query = query.select(_member.collection_id, Count("*").as_("total")).groupby(_member.collection_id)
    wanted = _member.collection_id.isin([str(collection_id) for collection_id in collection_ids])
    return {identity(row["collection_id"]): int(row["total"]) for row in await fetch(query.where(among & wanted))}


_COLUMNS = ("id", "team_id", "name", "description", "created_at", "updated_at")
