"""Between rows and values: SQLite gives text where PostgreSQL gives times, UUIDs and JSON."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pypika_tortoise.queries import QueryBuilder
from tortoise.query_api import execute_pypika

Row = Mapping[str, Any]


async def fetch(query: QueryBuilder) -> Sequence[Row]:
    """The rows of a query."""
    return (await execute_pypika(query)).rows


def moment(value: Any) -> dt.datetime:
    """A time in UTC."""
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


def optional_moment(value: Any) -> dt.datetime | None:
    """A time in UTC, or None for NULL."""
    return None if value is None else moment(value)


def identity(value: Any) -> uuid.UUID:
    """A UUID."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def json_object(value: Any) -> dict[str, str]:
    """A JSON object of texts."""
    loaded = orjson.loads(value) if isinstance(value, str) else value
    return dict(loaded)
