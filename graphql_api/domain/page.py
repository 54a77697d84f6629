"""A slice of a list by keyset: where it starts (Cursor), how much of it (PageRequest), what came (Page)."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from graphql_api.domain.media import Media
from graphql_api.errors import InvalidInput

MAX_PAGE = 100
DEFAULT_PAGE = 50
_MOST_BYTES = 2**63

T = TypeVar("T")


class OrderField(StrEnum):
    """What a list of media can be ordered by; the id settles ties."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    BYTES = "bytes"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of media: the latest, largest or last name first, unless `ascending`."""

    field: OrderField = OrderField.CREATED_AT
    ascending: bool = False


NEWEST_FIRST = Order()


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position between two rows of an order (value, id). It stays good when its row is deleted."""

    value: dt.datetime | int | str
    id: uuid.UUID
    field: OrderField = OrderField.CREATED_AT

    def format(self) -> str:
        """The opaque text that callers keep."""
        value = self.value.isoformat() if isinstance(self.value, dt.datetime) else self.value
        text = json.dumps([self.field, value, self.id.hex], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_of(media: Media, order: Order) -> Cursor:
    """Where a media stands in an order."""
    return Cursor(getattr(media, order.field), media.id, order.field)


def parse_cursor(name: str, text: str, order: Order = NEWEST_FIRST) -> Cursor:
    """The position that `text` (argument `name`) stands for; InvalidInput when it is not one of this order."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        field, value, media_id = json.loads(raw)
        cursor = Cursor(_VALUES[OrderField(field)](value), uuid.UUID(media_id), OrderField(field))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidInput(name, f"'{name}' is not a cursor of this list.") from error
    if cursor.field is not order.field:
        raise InvalidInput(name, f"'{name}' is a cursor of another order.")
    return cursor


def _moment(value: object) -> dt.datetime:
    if not isinstance(value, str):
        raise TypeError
    return dt.datetime.fromisoformat(value).astimezone(dt.UTC)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST_BYTES:
        raise TypeError
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError
    value.encode()  # (a lone surrogate, which no database takes)
    return value


_VALUES: Mapping[OrderField, Callable[[object], dt.datetime | int | str]] = {
    OrderField.CREATED_AT: _moment,
    OrderField.UPDATED_AT: _moment,
    OrderField.BYTES: _number,
    OrderField.NAME: _name,
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which slice is wanted: `first` rows from the start or `last` from the end of the window (after, before).

    `skip` leaves out so many rows before it: each costs as much as one that is read.
    """

    first: int | None = None
    after: Cursor | None = None
    last: int | None = None
    before: Cursor | None = None
    order: Order = NEWEST_FIRST
    skip: int = 0

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None:
            raise InvalidInput("last", "Give 'first' or 'last', not both.")
        for name, count in (("first", self.first), ("last", self.last)):
            if count is not None and not 0 <= count <= MAX_PAGE:
                raise InvalidInput(name, f"'{name}' must be between 0 and {MAX_PAGE}.")

    @property
    def backward(self) -> bool:
        """Whether the slice is counted from the end of the window."""
        return self.last is not None

    @property
    def size(self) -> int:
        """How many rows at the most."""
        if self.last is not None:
            return self.last
        return DEFAULT_PAGE if self.first is None else self.first


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in list order, and whether there is more on either side."""

    items: tuple[T, ...]
    has_previous: bool
    has_next: bool
