"""Collections: media that a team has put together, under a name."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from graphql_api.domain.text import is_line
from graphql_api.errors import InvalidInput

MAX_COLLECTIONS = 500  # of a team
MAX_MOVED = 100  # media that are put in, or taken out, at once
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Collection:
    """A name for media of a team."""

    id: uuid.UUID
    team_id: int
    name: str
    description: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


def clean_collection_name(text: str) -> str:
    """The name, trimmed. InvalidInput."""
    name = text.strip()
    if not name or len(name) > _MAX_NAME or not is_line(name):
        raise InvalidInput("name", f"A collection's name has 1 to {_MAX_NAME} visible characters.")
    return name
