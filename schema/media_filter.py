"""Which media are wanted, and in which order."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence

import strawberry

from graphql_api.domain import media_filter as domain
from graphql_api.domain.format import Format
from graphql_api.domain.media import Source, Status
from graphql_api.domain.page import Order, OrderField
from graphql_api.errors import InvalidInput, NotFound
from schema.node import find_collection_id, media_id_of
from schema.scalars import BigInt

strawberry.enum(Source, name="MediaSource", description="Where a media came from.")
strawberry.enum(Status, name="MediaStatus", description="What a media is.")
strawberry.enum(OrderField, name="MediaOrderField", description="What media are ordered by; ids settle ties.")


@strawberry.type(description="A text under a key.")
class KeyValue:
    """An item of a mapping."""

    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="What stands under it.")


@strawberry.input(description="A text under a key.")
class KeyValueInput:
    """An item of a mapping."""

    key: str = strawberry.field(description="The key, once in its list.")
    value: str = strawberry.field(description="What stands, or shall stand, under it.")


def present_mapping(mapping: Mapping[str, str]) -> list[KeyValue]:
    """A mapping in GraphQL's words."""
    return [KeyValue(key=key, value=value) for key, value in mapping.items()]


def parse_mapping(field: str, items: Sequence[KeyValueInput]) -> dict[str, str]:
    """A mapping. InvalidInput for a key that is there twice."""
    mapping = {item.key: item.value for item in items}
    if len(mapping) < len(items):
        raise InvalidInput(field, f"A key of '{field}' is there twice.")
    return mapping


@strawberry.input(description="What one media is asked for by.", one_of=True)
class MediaBy:
    """One of several names."""

    id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="Global id, as `id` gives it.")
    uid: strawberry.Maybe[str] = strawberry.field(description="Short public id, as in image addresses.")
    external_id: strawberry.Maybe[str] = strawberry.field(description="What your own system calls it.")
    url: strawberry.Maybe[str] = strawberry.field(description="An address of it that we gave out.")


@strawberry.input(description="Whole numbers from `least` to `most`, both included.")
class IntRange:
    """Bounds."""

    least: int | None = strawberry.field(default=None, description="The least.")
    most: int | None = strawberry.field(default=None, description="The most.")


@strawberry.input(description="Sizes from `least` to `most`, both included.")
class BigIntRange:
    """Bounds."""

    least: BigInt | None = strawberry.field(default=None, description="The least.")
    most: BigInt | None = strawberry.field(default=None, description="The most.")


@strawberry.input(description="Times from `least` to `most`, both included.")
class DateTimeRange:
    """Bounds."""

    least: dt.datetime | None = strawberry.field(default=None, description="The first.")
    most: dt.datetime | None = strawberry.field(default=None, description="The last.")


@strawberry.input(description="Tags; where both are given both must hold.")
class TagFilter:
    """Any or all."""

    any: list[str] | None = strawberry.field(
        default=None, description="At least one of these; of an empty list nothing has one."
    )
    all: list[str] = strawberry.field(default_factory=list, description="Every one of these.")


@strawberry.input(description="Media that look like one, by their perceptual hashes; itself among them, at most 100.")
class SimilarTo:
    """A media and a distance."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")
    distance: int = strawberry.field(default=8, description="How many of 64 bits may differ: 0 to 16.")


@strawberry.input(description="What wanted media have in common; all that is given must hold.")
class MediaFilterInput:
    """The fields of a domain MediaFilter."""

    status: Status = strawberry.field(default=Status.READY, description="Those that are there, or those in the trash.")
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="At most 100 global ids.")
    uids: list[str] | None = strawberry.field(default=None, description="At most 100 uids.")
    tags: TagFilter | None = strawberry.field(default=None, description="Tags.")
    search: str | None = strawberry.field(
        default=None, description="Words that all are somewhere in name, caption or alternative text."
    )
    formats: list[Format] | None = strawberry.field(default=None, description="Formats of the original.")
    sources: list[Source] | None = strawberry.field(default=None, description="Where it came from.")
    bytes: BigIntRange | None = strawberry.field(default=None, description="Size of the original in bytes.")
    width: IntRange | None = strawberry.field(default=None, description="Width of the original in pixels.")
    height: IntRange | None = strawberry.field(default=None, description="Height of the original in pixels.")
    created_at: DateTimeRange | None = strawberry.field(default=None, description="When it came.")
    updated_at: DateTimeRange | None = strawberry.field(default=None, description="When something was last said of it.")
    public: bool | None = strawberry.field(default=None, description="Whether everybody may see it.")
    animated: bool | None = strawberry.field(default=None, description="Whether it moves.")
    expires_before: dt.datetime | None = strawberry.field(default=None, description="Gone before this moment.")
    labels: list[KeyValueInput] = strawberry.field(default_factory=list, description="Labels that it has.")
    attributes: list[KeyValueInput] = strawberry.field(default_factory=list, description="Attributes that it has.")
    similar_to: SimilarTo | None = strawberry.field(default=None, description="What it looks like.")
    source_media: strawberry.ID | None = strawberry.field(
        default=None, description="Global id of the media that it was made of."
    )
    collection: strawberry.ID | None = strawberry.field(
        default=None, description="Global id of a collection that it is in."
    )

    def parse(self) -> domain.MediaFilter:
        """The filter. InvalidInput."""
        tags = self.tags or TagFilter()
        return domain.MediaFilter(
            status=self.status,
            ids=None if self.ids is None else tuple(_media_id("ids", text) for text in self.ids),
            uids=None if self.uids is None else tuple(self.uids),
            tags_any=None if tags.any is None else tuple(tags.any),
            tags_all=tuple(tags.all),
            search=self.search,
            formats=None if self.formats is None else tuple(self.formats),
            sources=None if self.sources is None else tuple(self.sources),
            bytes=domain.Range(self.bytes.least, self.bytes.most) if self.bytes else domain.Range(),
            width=domain.Range(self.width.least, self.width.most) if self.width else domain.Range(),
            height=domain.Range(self.height.least, self.height.most) if self.height else domain.Range(),
            created=_times(self.created_at),
            updated=_times(self.updated_at),
            public=self.public,
            animated=self.animated,
            expires_before=self.expires_before,
            labels=parse_mapping("labels", self.labels),
            attributes=parse_mapping("attributes", self.attributes),
            similar_to=None
            if self.similar_to is None
            else domain.Likeness(_media_id("similarTo", self.similar_to.id), self.similar_to.distance),
            source_media_id=None if self.source_media is None else _media_id("sourceMedia", self.source_media),
            collection_id=None if self.collection is None else _collection_id(self.collection),
        )


def media_ids_of(field: str, texts: Sequence[str]) -> list[uuid.UUID]:
    """The UUIDs in global ids of media. InvalidInput naming `field`."""
    return [_media_id(field, text) for text in texts]


def _media_id(field: str, text: str) -> uuid.UUID:
    try:
        return media_id_of(text)
    except NotFound as error:
        raise InvalidInput(field, f"'{field}' must have global ids of media.") from error


def _collection_id(text: str) -> uuid.UUID:
    if (collection_id := find_collection_id(text)) is None:
        raise InvalidInput("collection", "'collection' must be the global id of a collection.")
    return collection_id


def _times(bounds: DateTimeRange | None) -> domain.Range[dt.datetime]:
    return domain.Range(bounds.least, bounds.most) if bounds else domain.Range()


@strawberry.input(description="An order of media.")
class MediaOrder:
    """A field and a direction."""

    field: OrderField = strawberry.field(default=OrderField.CREATED_AT, description="What decides.")
    ascending: bool = strawberry.field(
        default=False, description="Whether the oldest, smallest or first name comes first."
    )

    def parse(self) -> Order:
        """The order."""
        return Order(self.field, self.ascending)
