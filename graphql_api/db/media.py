"""Media and their tags. Reads go from rows straight to values, without models: this is the hot path."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence

from pypika_tortoise.enums import Order
from pypika_tortoise.functions import Count
from pypika_tortoise.queries import Query, QueryBuilder, Table
from pypika_tortoise.terms import Criterion, Tuple

from graphql_api.db.models import Media as MediaRow
from graphql_api.db.models import MediaTag as MediaTagRow
from graphql_api.db.models import Tag as TagRow
from graphql_api.db.rows import Row, Statement, fetch, identity, json_object, moment, optional_moment
from graphql_api.domain.format import Format
from graphql_api.domain.media import Changes, Keep, Media, Original
from graphql_api.domain.page import Cursor, Page, PageRequest

_media, _team, _tag, _media_tag = Table("media"), Table("team"), Table("tag"), Table("media_tag")

_OWN_COLUMNS = (
    *("id", "uid", "team_id", "name", "caption", "alt_text", "public", "format", "width", "height", "frames"),
    *("has_alpha", "transformable", "bytes", "blob_id", "attributes", "created_at", "updated_at", "expires_at"),
    *("deleted_at", "test"),
)


def _select() -> QueryBuilder:
    columns = [_media[name] for name in _OWN_COLUMNS]
    of_team = (_team.id == _media.team_id) & _team.deleted_at.isnull()
    return Query.from_(_media).join(_team).on(of_team).select(*columns, _team.storage)


_BY_ID = Statement(lambda value: _select().where(_media.id == value))
_BY_UID = Statement(lambda value: _select().where(_media.uid == value))


def _to_media(row: Row) -> Media:
    return Media(
        id=identity(row["id"]),
        uid=row["uid"],
        team_id=row["team_id"],
        storage=row["storage"],
        name=row["name"],
        caption=row["caption"],
        alt_text=row["alt_text"],
        public=bool(row["public"]),
        original=Original(
            Format(row["format"]),
            row["width"],
            row["height"],
            row["frames"],
            bool(row["has_alpha"]),
            bool(row["transformable"]),
        ),
        bytes=row["bytes"],
        sha256=row["blob_id"],
        attributes=json_object(row["attributes"]),
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        expires_at=optional_moment(row["expires_at"]),
        deleted_at=optional_moment(row["deleted_at"]),
        test=bool(row["test"]),
    )


async def find(media_id: uuid.UUID) -> Media | None:
    """The media with this id."""
    return next(map(_to_media, await _BY_ID.fetch(str(media_id))), None)


async def find_many(media_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Media]:
    """The media with these ids, as far as there are any."""
    found = await _fetch(_select().where(_media.id.isin([str(media_id) for media_id in media_ids])))
    return {media.id: media for media in found}


async def find_by_uid(uid: str) -> Media | None:
    """The media with this slug."""
    return next(map(_to_media, await _BY_UID.fetch(uid)), None)


async def _fetch(query: QueryBuilder) -> list[Media]:
    return [_to_media(row) for row in await fetch(query)]


async def page(team_id: int, request: PageRequest, now: dt.datetime, *, test: bool = False) -> Page[Media]:
    """A slice of a team's media, newest first. By keyset: a page costs the same however deep it lies."""
    return await _page(page_query(listed(team_id, now, test=test), request), request)


async def trash_page(
    team_id: int, request: PageRequest, now: dt.datetime, since: dt.datetime, *, test: bool
) -> Page[Media]:
    """A slice of what was put into the trash after `since`."""
    return await _page(page_query(_in_trash(team_id, now, since, test=test), request), request)


async def _page(query: QueryBuilder, request: PageRequest) -> Page[Media]:
    found = await _fetch(query)
    more = len(found) > request.size
    items = found[: request.size]
    if request.backward:
        return Page(tuple(reversed(items)), has_previous=more, has_next=request.before is not None)
    return Page(tuple(items), has_previous=request.after is not None, has_next=more)


def page_query(among: Criterion, request: PageRequest) -> QueryBuilder:
    """The rows of a page and one more, from the end that the slice is counted from."""
    query = _select().where(among)
    if request.after:
        query = query.where(_position() < _value(request.after))
    if request.before:
        query = query.where(_position() > _value(request.before))
    order = Order.asc if request.backward else Order.desc
    return query.orderby(_media.created_at, _media.id, order=order).limit(request.size + 1)


async def count(team_id: int, now: dt.datetime, *, test: bool = False) -> int:
    """How many media the whole list has."""
    return await _count(listed(team_id, now, test=test))


async def count_trash(team_id: int, now: dt.datetime, since: dt.datetime, *, test: bool) -> int:
    """How many were put into the trash after `since`."""
    return await _count(_in_trash(team_id, now, since, test=test))


async def _count(among: Criterion) -> int:
    rows = await fetch(Query.from_(_media).select(Count("*").as_("total")).where(among))
    return int(rows[0]["total"])


def _of_team(team_id: int, now: dt.datetime, *, test: bool) -> Criterion:
    stage = (_media.team_id == team_id) & (_media.test == test)
    return stage & (_media.expires_at.isnull() | (_media.expires_at > now))


def listed(team_id: int, now: dt.datetime, *, test: bool = False) -> Criterion:
    """What the team's list has."""
    return _of_team(team_id, now, test=test) & _media.deleted_at.isnull()


def _in_trash(team_id: int, now: dt.datetime, since: dt.datetime, *, test: bool) -> Criterion:
    return _of_team(team_id, now, test=test) & (_media.deleted_at > since)


def _position() -> Tuple:
    """The row value that the list is ordered by: compared as a whole, it walks the index `media_list`."""
    return Tuple(_media.created_at, _media.id)


def _value(cursor: Cursor) -> Tuple:
    return Tuple(cursor.created_at, str(cursor.id))


async def insert(media: Media) -> None:
    """Keep a new media."""
    original = media.original
    await MediaRow.create(
        id=media.id,
        uid=media.uid,
        team_id=media.team_id,
        blob_id=media.sha256,
        name=media.name,
        caption=media.caption,
        alt_text=media.alt_text,
        public=media.public,
        format=original.format,
        width=original.width,
        height=original.height,
        frames=original.frames,
        has_alpha=original.has_alpha,
        transformable=original.transformable,
        bytes=media.bytes,
        attributes=dict(media.attributes),
        created_at=media.created_at,
        updated_at=media.updated_at,
        expires_at=media.expires_at,
        test=media.test,
    )


async def update(media_id: uuid.UUID, changes: Changes, expires_at: dt.datetime | None, now: dt.datetime) -> None:
    """Write what an update changes, its tags apart; `expires_at` counts when it changes the time to live."""
    named = {
        "name": changes.name,
        "caption": changes.caption,
        "alt_text": changes.alt_text,
        "public": changes.public,
    }
    kept: dict[str, object] = {name: value for name, value in named.items() if not isinstance(value, Keep)}
    if not isinstance(changes.ttl, Keep):
        kept["expires_at"] = expires_at
    await MediaRow.filter(id=media_id).update(**kept, updated_at=now)


async def delete(media: Media, *, unchanged: bool = False) -> bool:
    """Remove the row; False when another caller was faster, or (`unchanged`) it was given another end meanwhile."""
    found = MediaRow.filter(id=media.id)
    if unchanged:
        found = found.filter(expires_at=media.expires_at, deleted_at=media.deleted_at)
    return bool(await found.delete())


async def set_deleted(media_id: uuid.UUID, now: dt.datetime) -> bool:
    """Put it into the trash; False when it is there already, or gone."""
    return bool(await MediaRow.filter(id=media_id, deleted_at=None).update(deleted_at=now))


async def clear_deleted(media_id: uuid.UUID, now: dt.datetime) -> bool:
    """Take it out of the trash; False when it is not in there."""
    return bool(await MediaRow.filter(id=media_id).exclude(deleted_at=None).update(deleted_at=None, updated_at=now))


async def over(now: dt.datetime, deleted: dt.datetime, limit: int, *, team_id: int | None = None) -> list[Media]:
    """Media whose time is over, and such as were put into the trash before `deleted`."""
    found: list[Media] = []
    # Two statements: each walks its own index, which an OR of both would not.
    for condition in (_media.expires_at <= now, _media.deleted_at <= deleted):
        query = _select().where(condition).limit(limit)
        found += await _fetch(query if team_id is None else query.where(_media.team_id == team_id))
    return list({media.id: media for media in found}.values())


async def batch_of(team_id: int, after: str, limit: int) -> list[Media]:
    """All media of a team, even of one that is being erased, in the order of their ids."""
    columns = [_media[name] for name in _OWN_COLUMNS]
    query = Query.from_(_media).join(_team).on(_team.id == _media.team_id).select(*columns, _team.storage)
    query = query.where(_media.team_id == team_id)
    if after:
        query = query.where(_media.id > after)
    return await _fetch(query.orderby(_media.id).limit(limit))


async def tags_of(media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, tuple[str, ...]]:
    """The tags of these media, in the order in which they were given."""
    query = (
        Query.from_(_media_tag)
        .join(_tag)
        .on(_tag.id == _media_tag.tag_id)
        .select(_media_tag.media_id, _tag.name)
        .where(_media_tag.media_id.isin([str(media_id) for media_id in media_ids]))
        .orderby(_media_tag.position)
    )
    tags: dict[uuid.UUID, tuple[str, ...]] = {}
    for row in await fetch(query):
        media_id = identity(row["media_id"])
        tags[media_id] = (*tags.get(media_id, ()), row["name"])
    return tags


async def set_tags(team_id: int, media_id: uuid.UUID, tags: Sequence[str]) -> None:
    """Give the media exactly these tags."""
    await MediaTagRow.filter(media_id=media_id).delete()
    if not tags:
        return
    await TagRow.bulk_create([TagRow(team_id=team_id, name=name) for name in tags], ignore_conflicts=True)
    ids = {row.name: row.id for row in await TagRow.filter(team_id=team_id, name__in=list(tags))}
    await MediaTagRow.bulk_create(
        [MediaTagRow(media_id=media_id, tag_id=ids[name], position=position) for position, name in enumerate(tags)]
    )
