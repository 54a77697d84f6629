"""Between rows and values: SQLite gives text where PostgreSQL gives times, UUIDs and JSON."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from pypika_tortoise.queries import QueryBuilder

from graphql_api.db.database import connection

Row = Mapping[str, Any]


async def fetch(query: QueryBuilder) -> Sequence[Row]:
    """The rows of a query."""
    database = connection()
    return await fetch_text(*query.get_parameterized_sql(database.query_class.SQL_CONTEXT))


async def fetch_text(text: str, values: Sequence[object]) -> Sequence[Row]:
    """The rows of a query's text with these values.

    Named here: `dict` of one of SQLite's rows looks each column up by its name, which takes longer than the query.
    """
    _, found = await connection().execute_query(text, list(values))
    return [dict(zip(found[0].keys(), row, strict=True)) for row in found]


class Statement:
    """A query with one value left open. Its text is built once per dialect: building costs more than running it."""

    def __init__(self, build: Callable[[str], QueryBuilder]) -> None:
        self._build = build
        self._texts: dict[str, str] = {}

    async def fetch(self, value: str) -> Sequence[Row]:
        """The rows for this value."""
        database = connection()
        dialect = database.capabilities.dialect
        if dialect not in self._texts:
            context = database.query_class.SQL_CONTEXT
            self._texts[dialect], _ = self._build(value).get_parameterized_sql(context)
        return await fetch_text(self._texts[dialect], [value])


def moment(value: Any) -> dt.datetime:
    """A time in UTC."""
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


def optional_moment(value: Any) -> dt.datetime | None:
    """A time in UTC, or None for NULL."""
    return None if value is None else moment(value)


def identity(value: Any) -> uuid.UUID:
    """A UUID."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def json_object(value: Any) -> dict[str, Any]:
    """A JSON object."""
    loaded = orjson.loads(value) if isinstance(value, str) else value
    return dict(loaded)
