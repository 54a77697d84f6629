"""What Tintype hosts: the Media record, and what may be said of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from graphql_api.domain.duration import check_ttl
from graphql_api.domain.format import Format
from graphql_api.domain.ids import format_global_id
from graphql_api.domain.labels import clean_attributes, clean_labels
from graphql_api.domain.text import as_line, is_line, is_storable
from graphql_api.errors import InvalidInput

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Original:
    """What must be known of an original to plan any rendition of it: size upright in pixels, frames, format."""

    format: Format
    width: int
    height: int
    frames: int = 1
    has_alpha: bool = False
    transformable: bool = True  # false for a drawing that cannot be turned into pixels in bounded time


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes that have arrived and wait in a spooled file; `sha256` is in hex, `head` the first HEAD_BYTES."""

    path: Path
    size: int
    sha256: str
    head: bytes
    filename: str | None = None


class Source(StrEnum):
    """Where a media came from."""

    UPLOAD = "upload"
    IMPORT = "import"
    TRANSFORM = "transform"


class Status(StrEnum):
    """What a media is; one whose time is over is nothing to anybody."""

    READY = "ready"
    TRASHED = "trashed"


@dataclass(frozen=True, slots=True)
class FocalPoint:
    """The point that matters most, from 0, 0 (left top) to 1, 1 (right bottom)."""

    x: float
    y: float

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise InvalidInput("focalPoint", "A focal point lies between 0, 0 and 1, 1.")
            object.__setattr__(self, name, round(value, _DECIMALS))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a media came from: the address it was fetched from; the media it was made of, and by which transform."""

    source: Source = Source.UPLOAD
    url: str | None = None
    parent_id: uuid.UUID | None = None
    operation: str | None = None


UPLOADED = Origin()


@dataclass(frozen=True, slots=True)
class Version:
    """What a media was before its file was replaced: version `number` of its original."""

    number: int
    original: Original
    bytes: int
    sha256: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Media:
    """One hosted image: a record and its original. Times are in UTC, sizes in bytes and upright pixels."""

    id: uuid.UUID
    uid: str
    team_id: int
    storage: str
    name: str
    caption: str | None
    alt_text: str | None
    public: bool
    original: Original
    bytes: int
    sha256: str
    attributes: Mapping[str, str]
    created_at: dt.datetime
    updated_at: dt.datetime
    expires_at: dt.datetime | None = None
    deleted_at: dt.datetime | None = None
    test: bool = False
    external_id: str | None = None
    focal_point: FocalPoint | None = None
    origin: Origin = UPLOADED
    version: int = 1  # that of the original above
    newest: int = 1
    shown_version: int | None = None  # what an address without a version shows; None for the newest
    replaced_at: dt.datetime | None = None  # when the newest version came; None while it is the first

    @property
    def global_id(self) -> str:
        """What it is called in GraphQL."""
        return format_global_id("Media", self.id)

    @property
    def status(self) -> Status:
        """Whether it is in the trash."""
        return Status.READY if self.deleted_at is None else Status.TRASHED

    def at(self, version: Version) -> Media:
        """The same media with the original of another version."""
        return replace(
            self, original=version.original, bytes=version.bytes, sha256=version.sha256, version=version.number
        )

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it is there at `now`: neither expired nor in the trash."""
        return self.deleted_at is None and not self.has_expired(now)

    def has_expired(self, now: dt.datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


# What a list may be told to leave out of its media. It is not set there: to read it raises AttributeError.
OPTIONAL = frozenset(
    {
        "name",
        "caption",
        "alt_text",
        "bytes",
        "sha256",
        "attributes",
        "created_at",
        "updated_at",
        "external_id",
        "origin",
    }
)

MAX_NAME = 255
MAX_EXTERNAL_ID = 255
MAX_TEXT = 2000
MAX_TAGS = 10
MAX_TAG = 50


class Keep:
    """The type of `KEEP`: leave a field of an update as it is (None would clear it)."""


KEEP = Keep()


@dataclass(frozen=True, slots=True)
class Details:
    """What a caller may say of a media when it is made; validated and normalised."""

    name: str | None = None
    caption: str | None = None
    alt_text: str | None = None
    public: bool = True
    tags: tuple[str, ...] = ()
    ttl: dt.timedelta | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    external_id: str | None = None
    focal_point: FocalPoint | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        object.__setattr__(self, "labels", clean_labels(self.labels))
        object.__setattr__(self, "attributes", clean_attributes(self.attributes))
        object.__setattr__(self, "external_id", clean_external_id(self.external_id))
        object.__setattr__(self, "caption", clean_text("caption", self.caption))
        object.__setattr__(self, "alt_text", clean_text("altText", self.alt_text))
        object.__setattr__(self, "tags", clean_tags(self.tags))
        if self.ttl is not None:
            check_ttl(self.ttl)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update changes; a field left at KEEP stays. A `ttl` counts from now, None lets it stay for good."""

    name: str | Keep = field(default=KEEP)
    caption: str | Keep | None = field(default=KEEP)
    alt_text: str | Keep | None = field(default=KEEP)
    public: bool | Keep = field(default=KEEP)
    tags: tuple[str, ...] | Keep = field(default=KEEP)
    ttl: dt.timedelta | Keep | None = field(default=KEEP)
    labels: Mapping[str, str] | Keep = field(default=KEEP)
    attributes: Mapping[str, str] | Keep = field(default=KEEP)
    external_id: str | Keep | None = field(default=KEEP)
    focal_point: FocalPoint | Keep | None = field(default=KEEP)
    merged_attributes: Mapping[str, str | None] = field(default_factory=dict)  # None removes
    merged_labels: Mapping[str, str | None] = field(default_factory=dict)
    added_tags: tuple[str, ...] = ()
    removed_tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, Keep):
            if not (name := clean_name(self.name)):
                raise InvalidInput("name", "A name must have at least one visible character.")
            object.__setattr__(self, "name", name)
        if not isinstance(self.caption, Keep):
            object.__setattr__(self, "caption", clean_text("caption", self.caption))
        if not isinstance(self.alt_text, Keep):
            object.__setattr__(self, "alt_text", clean_text("altText", self.alt_text))
        if not isinstance(self.tags, Keep):
            object.__setattr__(self, "tags", clean_tags(self.tags))
        if isinstance(self.ttl, dt.timedelta):
            check_ttl(self.ttl)
        if not isinstance(self.labels, Keep):
            object.__setattr__(self, "labels", clean_labels(self.labels))
        if not isinstance(self.attributes, Keep):
            object.__setattr__(self, "attributes", clean_attributes(self.attributes))
        clean_attributes({key: text or "" for key, text in self.merged_attributes.items()})
        clean_labels(_without_none(self.merged_labels))
        if isinstance(self.external_id, str):
            object.__setattr__(self, "external_id", clean_external_id(self.external_id))

    @property
    def builds_on(self) -> bool:
        """Whether it must be known what is there before it can be changed."""
        return bool(self.merged_attributes or self.merged_labels or self.added_tags or self.removed_tags)

    def on(self, attributes: Mapping[str, str], labels: Mapping[str, str], tags: tuple[str, ...]) -> Changes:
        """The same without building on these. InvalidInput where the result would be too much."""
        changed = replace(self, merged_attributes={}, merged_labels={}, added_tags=(), removed_tags=())
        if self.merged_attributes:
            changed = replace(changed, attributes=_without_none({**attributes, **self.merged_attributes}))
        if self.merged_labels:
            kept_labels = labels if isinstance(self.labels, Keep) else self.labels
            changed = replace(changed, labels=_without_none({**kept_labels, **self.merged_labels}))
        if self.added_tags or self.removed_tags:
            removed = set(clean_tags(self.removed_tags[:MAX_TAGS]))
            kept = tuple(tag for tag in tags if tag not in removed)
            changed = replace(changed, tags=kept + self.added_tags)
        return changed


def _without_none(texts: Mapping[str, str | None]) -> dict[str, str]:
    return {key: text for key, text in texts.items() if text is not None}


def clean_external_id(text: str | None) -> str | None:
    """The name that the caller's own system gives it, as it is; None for empty. InvalidInput."""
    if text and (len(text) > MAX_EXTERNAL_ID or not is_line(text)):
        raise InvalidInput("externalId", f"'externalId' has at most {MAX_EXTERNAL_ID} printable characters.")
    return text or None


def clean_name(name: str | None, field_name: str = "name") -> str | None:
    """The last path segment without control characters; None when nothing visible is left."""
    if name is None:
        return None
    last = PurePosixPath(name.replace("\\", "/")).name
    visible = as_line(last)
    if len(visible) > MAX_NAME:
        raise InvalidInput(field_name, f"A name has at most {MAX_NAME} characters.")
    return visible or None


def clean_text(name: str, text: str | None) -> str | None:
    """Trimmed text, None for empty; refuses NUL, which PostgreSQL cannot store, and lone surrogates."""
    if text is None or not (trimmed := text.strip()):
        return None
    if len(trimmed) > MAX_TEXT:
        raise InvalidInput(name, f"{name} has at most {MAX_TEXT} characters.")
    if not is_storable(trimmed):
        raise InvalidInput(name, f"{name} holds a character that cannot be stored.")
    return trimmed


def clean_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Lower-cased tags in their first order, each once."""
    cleaned = tuple(dict.fromkeys(word for tag in tags if (word := tag.strip().lower())))
    if len(cleaned) > MAX_TAGS:
        raise InvalidInput("tags", f"A media has at most {MAX_TAGS} tags.")
    if any(len(tag) > MAX_TAG for tag in cleaned):
        raise InvalidInput("tags", f"A tag has at most {MAX_TAG} characters.")
    if not all(is_line(tag) for tag in cleaned):
        raise InvalidInput("tags", "A tag holds a character that cannot be stored.")
    return cleaned
