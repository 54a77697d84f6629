"""A slice of a list by keyset: where it starts (Cursor), how much of it (PageRequest), what came (Page)."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Generic, TypeVar

from graphql_api.errors import InvalidInput

MAX_PAGE = 100
DEFAULT_PAGE = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position between two rows of the order (created_at, id). It stays good when its row is deleted."""

    created_at: dt.datetime
    id: uuid.UUID

    def format(self) -> str:
        """The opaque text that callers keep."""
        text = json.dumps([self.created_at.isoformat(), self.id.hex], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(name: str, text: str) -> Cursor:
    """The position that `text` (argument `name`) stands for; InvalidInput when it is not one of ours."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        moment, media_id = json.loads(raw)
        cursor = Cursor(dt.datetime.fromisoformat(moment).astimezone(dt.UTC), uuid.UUID(media_id))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidInput(name, f"'{name}' is not a cursor of this list.") from error
    return cursor


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which slice is wanted: `first` rows from the start or `last` from the end of the window (after, before)."""

    first: int | None = None
    after: Cursor | None = None
    last: int | None = None
    before: Cursor | None = None

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
