"""Which media of a team's list are wanted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from graphql_api.domain.format import Format
from graphql_api.domain.ids import is_uid
from graphql_api.domain.labels import MAX_LABELS
from graphql_api.domain.media import Source, Status, clean_tags
from graphql_api.domain.text import is_line, is_storable
from graphql_api.errors import InvalidInput

MAX_IDS = 100
MAX_SEARCH = 200
MAX_DISTANCE = 16  # of 64 bits: beyond that pictures have nothing in common

ValueT = TypeVar("ValueT", int, dt.datetime)


@dataclass(frozen=True, slots=True)
class Range(Generic[ValueT]):
    """From `least` to `most`, both included; either may be open."""

    least: ValueT | None = None
    most: ValueT | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Pictures whose perceptual hash differs from that of this media in at most `distance` of 64 bits."""

    media_id: uuid.UUID
    distance: int = 8

    def __post_init__(self) -> None:
        if not 0 <= self.distance <= MAX_DISTANCE:
            raise InvalidInput("distance", f"'distance' must be between 0 and {MAX_DISTANCE}.")


@dataclass(frozen=True, slots=True)
class MediaFilter:
    """What all wanted media have in common; what is left out does not matter."""

    status: Status = Status.READY
    ids: tuple[uuid.UUID, ...] | None = None
    uids: tuple[str, ...] | None = None
    tags_any: tuple[str, ...] | None = None
    tags_all: tuple[str, ...] = ()
    search: str | None = None  # in names, captions and alternative texts, whatever the case
    formats: tuple[Format, ...] | None = None
    sources: tuple[Source, ...] | None = None
    bytes: Range[int] = field(default_factory=Range)
    width: Range[int] = field(default_factory=Range)
    height: Range[int] = field(default_factory=Range)
    created: Range[dt.datetime] = field(default_factory=Range)
    updated: Range[dt.datetime] = field(default_factory=Range)
    public: bool | None = None
    animated: bool | None = None
    expires_before: dt.datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    similar_to: Likeness | None = None
    source_media_id: uuid.UUID | None = None  # made of this one
    collection_id: uuid.UUID | None = None

    def __post_init__(self) -> None:
        for name in ("ids", "uids"):
            if len(getattr(self, name) or ()) > MAX_IDS:
                raise InvalidInput(name, f"'{name}' has at most {MAX_IDS} items.")
        if self.uids is not None:
            object.__setattr__(self, "uids", tuple(uid for uid in self.uids if is_uid(uid)))
        for name in ("tags_any", "tags_all"):
            tags = getattr(self, name)
            if not all(tag.strip() for tag in tags or ()):
                raise InvalidInput("tags", "A tag that is empty cannot be filtered by.")
            object.__setattr__(self, name, tags and clean_tags(tags))
        if self.search is not None:
            search = " ".join(self.search.split())
            if len(search) > MAX_SEARCH or not is_line(search):
                raise InvalidInput("search", f"'search' has at most {MAX_SEARCH} printable characters.")
            object.__setattr__(self, "search", search or None)
        if any(letter in key for key in self.attributes for letter in '"\\'):
            raise InvalidInput("attributes", "Keys with quotation marks or backslashes cannot be filtered by.")
        for name in ("labels", "attributes"):
            _check_pairs(name, getattr(self, name))


def _check_pairs(name: str, pairs: Mapping[str, str]) -> None:
    if len(pairs) > MAX_LABELS:
        raise InvalidInput(name, f"'{name}' has at most {MAX_LABELS} items.")
    if not all(is_storable(text) for pair in pairs.items() for text in pair):
        raise InvalidInput(name, f"'{name}' holds a character that cannot be stored.")


EVERYTHING = MediaFilter()
