"""Lists of media: which (MediaFilter), in which order, and which slice of them (PageRequest), by keyset."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Iterator, Mapping
from typing import Any

from pypika_tortoise.enums import Order as Direction
from pypika_tortoise.functions import Count, Lower
from pypika_tortoise.queries import Query, QueryBuilder, Table
from pypika_tortoise.terms import Criterion, Field, Function, Tuple

from graphql_api.db.database import connection
from graphql_api.db.media_row import fetch_media, select, to_media
from graphql_api.db.rows import fetch, fetch_text
from graphql_api.domain.media import OPTIONAL, Media
from graphql_api.domain.media_filter import EVERYTHING, MediaFilter, Range
from graphql_api.domain.page import Cursor, Order, Page, PageRequest

_media, _tag, _media_tag, _label = Table("media"), Table("tag"), Table("media_tag"), Table("label")
_blob, _member = Table("blob"), Table("collection_media")

Among = Criterion  # which media: made by `live` and `in_trash`
Fields = frozenset[str]

_MAX_TEXTS = 512  # each combination of fields has its own


async def page(among: Among, request: PageRequest, fields: Fields = OPTIONAL) -> Page[Media]:
    """A slice of the media that `among` holds for. By keyset: a page costs the same however deep it lies.

    Of the OPTIONAL fields, its media have those in `fields` and the one that they are ordered by.
    """
    fields |= {request.order.field}
    return _cut(await fetch_media(page_query(among, request, fields), fields), request)


async def page_of_all(
    team_id: int, now: dt.datetime, request: PageRequest, fields: Fields = OPTIONAL, *, test: bool
) -> Page[Media]:
    """As `page` of all that is `live`, for less: the text of each kind of page is built once."""
    fields |= {request.order.field}
    database = connection()
    shape = (
        *(database.capabilities.dialect, request.order, request.backward, fields),
        *(request.after is None, request.before is None),
    )
    if (text := _texts.get(shape)) is None:
        query = page_query(live(team_id, now, test=test), request, fields)
        text, _ = query.get_parameterized_sql(database.query_class.SQL_CONTEXT)
        if len(_texts) >= _MAX_TEXTS:
            _texts.clear()
        _texts[shape] = text
    cursors = [cursor for cursor in (request.after, request.before) if cursor is not None]
    between = [value for cursor in cursors for value in (cursor.value, str(cursor.id))]
    rows = await fetch_text(text, [team_id, test, now, *between, request.size + 1])
    return _cut(to_media(rows, fields), request)


_texts: dict[tuple[object, ...], str] = {}


def _cut(found: list[Media], request: PageRequest) -> Page[Media]:
    more = len(found) > request.size
    items = found[: request.size]
    preceded, followed = request.after is not None, request.before is not None  # by the rows of these cursors
    if request.backward:
        return Page(tuple(reversed(items)), has_previous=more or preceded, has_next=followed)
    return Page(tuple(items), has_previous=preceded, has_next=more or followed)


def page_query(among: Among, request: PageRequest, fields: Fields = OPTIONAL) -> QueryBuilder:
    """The rows of a page and one more, from the end that the slice is counted from."""
    query, order = select(fields).where(among), request.order
    position = _position(order)
    for cursor, later in ((request.after, True), (request.before, False)):
        if cursor is not None:
            upwards = later == order.ascending
            query = query.where(position > _value(cursor) if upwards else position < _value(cursor))
    direction = Direction.asc if order.ascending != request.backward else Direction.desc
    query = query.orderby(_column(order), _media.id, order=direction).limit(request.size + 1)
    return query.offset(request.skip) if request.skip else query


async def count(among: Among) -> int:
    """How many media `among` holds for."""
    rows = await fetch(Query.from_(_media).select(Count("*").as_("total")).where(among))
    return int(rows[0]["total"])


def _position(order: Order) -> Tuple:
    """The row value that the list is ordered by: compared as a whole, it walks the index of that order."""
    return Tuple(_column(order), _media.id)


def _column(order: Order) -> Field:
    return _media[order.field.value]


def _value(cursor: Cursor) -> Tuple:
    return Tuple(cursor.value, str(cursor.id))


# --- which


def live(team_id: int, now: dt.datetime, *, test: bool, wanted: MediaFilter = EVERYTHING) -> Among:
    """Those of the team's media that are there, and wanted."""
    there = _of_team(team_id, now, test=test) & _media.deleted_at.isnull()
    return functools.reduce(operator.and_, _criteria(team_id, wanted), there)


def in_trash(
    team_id: int, now: dt.datetime, since: dt.datetime, *, test: bool, wanted: MediaFilter = EVERYTHING
) -> Among:
    """Those that were put into the trash after `since`, and are wanted."""
    there = _of_team(team_id, now, test=test) & (_media.deleted_at > since)
    return functools.reduce(operator.and_, _criteria(team_id, wanted), there)


def _of_team(team_id: int, now: dt.datetime, *, test: bool) -> Criterion:
    stage = (_media.team_id == team_id) & (_media.test == test)
    return stage & (_media.expires_at.isnull() | (_media.expires_at > now))


def _criteria(team_id: int, wanted: MediaFilter) -> Iterator[Criterion]:
    ids = None if wanted.ids is None else [str(media_id) for media_id in wanted.ids]
    for column, values in (("id", ids), ("uid", wanted.uids), ("format", wanted.formats), ("source", wanted.sources)):
        if values is not None:
            # (PostgreSQL knows no empty IN.)
            yield _media[column].isin([str(value) for value in values]) if values else _media.id.isnull()
    for column, bounds in _ranges(wanted).items():
        if bounds.least is not None:
            yield _media[column] >= bounds.least
        if bounds.most is not None:
            yield _media[column] <= bounds.most
    if wanted.public is not None:
        yield _media.public == wanted.public
    if wanted.animated is not None:
        yield _media.frames > 1 if wanted.animated else _media.frames == 1
    if wanted.expires_before is not None:
        yield _media.expires_at < wanted.expires_before
    yield from _relations(wanted)
    yield from _words(team_id, wanted)


def _relations(wanted: MediaFilter) -> Iterator[Criterion]:
    if wanted.source_media_id is not None:
        yield _media.parent_id == str(wanted.source_media_id)
    if wanted.collection_id is not None:
        members = Query.from_(_member).select(_member.media_id)
        yield _media.id.isin(members.where(_member.collection_id == str(wanted.collection_id)))


def _ranges(wanted: MediaFilter) -> Mapping[str, Range[Any]]:
    return {
        "bytes": wanted.bytes,
        "width": wanted.width,
        "height": wanted.height,
        "created_at": wanted.created,
        "updated_at": wanted.updated,
    }


def _says(word: str) -> Criterion:
    """Whether the word is anywhere in what people wrote."""
    find = "instr" if _is_sqlite() else "strpos"
    texts = (Lower(_media[column]) for column in ("name", "caption", "alt_text"))
    return functools.reduce(operator.or_, (Function(find, text, word.lower()) > 0 for text in texts))


def _words(team_id: int, wanted: MediaFilter) -> Iterator[Criterion]:
    yield from (_says(word) for word in (wanted.search or "").split())
    if wanted.tags_any is not None:
        yield _tagged(team_id, wanted.tags_any) if wanted.tags_any else _media.id.isnull()
    yield from (_tagged(team_id, (tag,)) for tag in wanted.tags_all)
    for key, value in wanted.labels.items():
        named = (_label.team_id == team_id) & (_label.key == key) & (_label.value == value)
        yield _media.id.isin(Query.from_(_label).select(_label.media_id).where(named))
    for key, value in wanted.attributes.items():
        yield _attribute(key) == value


def _tagged(team_id: int, tags: tuple[str, ...]) -> Criterion:
    query = Query.from_(_media_tag).join(_tag).on(_tag.id == _media_tag.tag_id).select(_media_tag.media_id)
    return _media.id.isin(query.where((_tag.team_id == team_id) & _tag.name.isin(list(tags))))


def _attribute(key: str) -> Function:
    """The text under a key of the JSON column."""
    if _is_sqlite():
        return Function("json_extract", _media.attributes, f'$."{key}"')
    return Function("jsonb_extract_path_text", _media.attributes, key)


def _is_sqlite() -> bool:
    return connection().capabilities.dialect == "sqlite"


# --- alike


async def fingerprints(among: Among) -> list[tuple[str, str]]:
    """Id and perceptual hash of the media that `among` holds for, as far as they have one."""
    query = (
        Query.from_(_media)
        .join(_blob)
        .on(_blob.sha256 == _media.blob_id)
        .select(_media.id, _blob.phash)
        .where(among & _blob.phash.notnull())
    )
    return [(str(row["id"]), row["phash"]) for row in await fetch(query)]
