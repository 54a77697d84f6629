"""From rows of media straight to values, without models: this is the hot path.

Of what a Media may do without, only the columns are read that somebody asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from pypika_tortoise.queries import Query, QueryBuilder, Table

from graphql_api.db.original import ORIGINAL_COLUMNS, to_original
from graphql_api.db.rows import Row, fetch, identity, json_object, moment, optional_moment
from graphql_api.domain.media import OPTIONAL, UPLOADED, FocalPoint, Media, Origin, Source

_media, _team = Table("media"), Table("team")

Read = tuple[tuple[str, ...], Callable[[Row], Any]]


def _as_it_is(column: str) -> Read:
    return (column,), itemgetter(column)


def _with(convert: Callable[[Any], Any], column: str) -> Read:
    return (column,), lambda row: convert(row[column])


def _to_focal_point(row: Row) -> FocalPoint | None:
    return None if row["focal_x"] is None else FocalPoint(row["focal_x"], row["focal_y"])


def _to_origin(row: Row) -> Origin:
    if row["source"] == Source.UPLOAD:
        return UPLOADED
    parent = row["parent_id"]
    return Origin(Source(row["source"]), row["source_url"], identity(parent) if parent else None, row["operation"])


# The columns of each field of a Media, and what they say.
_FIELDS: Mapping[str, Read] = {
    "id": _with(identity, "id"),
    "uid": _as_it_is("uid"),
    "team_id": _as_it_is("team_id"),
    "storage": ((), itemgetter("storage")),  # the team's
    "name": _as_it_is("name"),
    "caption": _as_it_is("caption"),
    "alt_text": _as_it_is("alt_text"),
    "public": _with(bool, "public"),
    "original": (ORIGINAL_COLUMNS, to_original),
    "bytes": _as_it_is("bytes"),
    "sha256": _as_it_is("blob_id"),
    "attributes": _with(json_object, "attributes"),
    "created_at": _with(moment, "created_at"),
    "updated_at": _with(moment, "updated_at"),
    "expires_at": _with(optional_moment, "expires_at"),
    "deleted_at": _with(optional_moment, "deleted_at"),
    "test": _with(bool, "test"),
    "external_id": _as_it_is("external_id"),
    "focal_point": (("focal_x", "focal_y"), _to_focal_point),
    "origin": (("source", "source_url", "parent_id", "operation"), _to_origin),
    "version": _as_it_is("version"),
    "newest": _as_it_is("version"),
    "shown_version": _as_it_is("shown_version"),
    "replaced_at": _with(optional_moment, "replaced_at"),
}
# The slots of a Media themselves: its constructor would ask for all fields, and takes longer.
_SET = {name: vars(Media)[name].__set__ for name in _FIELDS}


def select(fields: Collection[str] = OPTIONAL) -> QueryBuilder:
    """All media of teams that are there, to be read with the same `fields`."""
    return select_of_all_teams(fields).where(_team.deleted_at.isnull())


def select_of_all_teams(fields: Collection[str] = OPTIONAL) -> QueryBuilder:
    """As `select`, those of teams that are being erased among them."""
    names = dict.fromkeys(column for name in _read_with(fields) for column in _FIELDS[name][0])
    query = Query.from_(_media).join(_team).on(_team.id == _media.team_id)
    return query.select(*(_media[name] for name in names), _team.storage)


async def fetch_media(query: QueryBuilder, fields: Collection[str] = OPTIONAL) -> list[Media]:
    """The media of a query that was begun by `select`."""
    return to_media(await fetch(query), fields)


def to_media(rows: Sequence[Row], fields: Collection[str] = OPTIONAL) -> list[Media]:
    """The media of such rows, without those of the OPTIONAL fields that are not among `fields`."""
    steps = [(_SET[name], _FIELDS[name][1]) for name in _read_with(fields)]
    made = [object.__new__(Media) for _ in rows]
    for media, row in zip(made, rows, strict=True):
        for put, read in steps:
            put(media, read(row))
    return made


def _read_with(fields: Collection[str]) -> list[str]:
    return [name for name in _FIELDS if name not in OPTIONAL or name in fields]
