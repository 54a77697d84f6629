"""What mutations of media take, and what they answer."""

from __future__ import annotations

import strawberry

from graphql_api.domain import media as domain
from schema.batch import RESULTS
from schema.errors import UserError, not_null
from schema.media import Media
from schema.media_filter import KeyValueInput, parse_mapping
from schema.scalars import Duration, Upload
from schema.shapes import PointInput
from schema.transform import TransformInput

_TAGS = "At most 10 words of at most 50 characters; kept in lower case."
_LABELS = "At most 20 values of at most 128 characters, without commas; lists can be filtered by them."
_ATTRIBUTES = "At most 50 free texts of at most 1024 characters."
_EXTERNAL_ID = "What your own system calls it; once among your media that are there."
_FOCAL_POINT = "The point that `gravity: { smart: FOCAL }` keeps."
_PUBLIC = "Whether everybody who knows the address may see it."
_NEVER_NULL = "null is refused."


@strawberry.input
class DetailsInput:
    """Details: what all that makes a media takes (by inheritance; no type of the schema itself)."""

    name: str | None = strawberry.field(default=None, description="File name; the file's own unless given.")
    caption: str | None = strawberry.field(default=None, description="Caption.")
    alt_text: str | None = strawberry.field(default=None, description="What a screen reader says of it.")
    public: bool = strawberry.field(default=True, description=_PUBLIC)
    tags: list[str] = strawberry.field(default_factory=list, description=_TAGS)
    ttl: Duration | None = strawberry.field(default=None, description="How long it lives; for good unless given.")
    labels: list[KeyValueInput] = strawberry.field(default_factory=list, description=_LABELS)
    attributes: list[KeyValueInput] = strawberry.field(default_factory=list, description=_ATTRIBUTES)
    external_id: str | None = strawberry.field(default=None, description=_EXTERNAL_ID)
    focal_point: PointInput | None = strawberry.field(default=None, description=_FOCAL_POINT)

    def details(self) -> domain.Details:
        """What is said of the media. InvalidInput."""
        return domain.Details(
            name=self.name,
            caption=self.caption,
            alt_text=self.alt_text,
            public=self.public,
            tags=tuple(self.tags),
            ttl=self.ttl,
            labels=parse_mapping("labels", self.labels),
            attributes=parse_mapping("attributes", self.attributes),
            external_id=self.external_id,
            focal_point=_focal_point(self.focal_point),
        )


@strawberry.input(description="A file to keep.")
class UploadMediaInput(DetailsInput):
    """Upload and Details."""

    file: Upload = strawberry.field(description="The file, at most 70 MiB.")


@strawberry.input(description="A file to fetch and keep.")
class ImportMediaInput(DetailsInput):
    """A URL and Details."""

    url: str = strawberry.field(description="http or https; it must lead to a public address.")


@strawberry.input(description="A media, and what to make of it.")
class TransformMediaInput(DetailsInput):
    """An id, a transform, a preset and Details."""

    id: strawberry.ID = strawberry.field(description="Global id of the media that it is made of.")
    transform: TransformInput | None = strawberry.field(default=None, description="What to make of it.")
    preset: str | None = strawberry.field(
        default=None,
        description="A preset of the team; what `transform` says beside it wins, the box (`width`, `height`, `size`, "
        "`dpr`) as a whole.",
    )


@strawberry.input(description="What to change of a media; fields that are not given stay.")
class UpdateMediaInput:
    """An id and Changes."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")
    name: strawberry.Maybe[str | None] = strawberry.field(default=None, description=f"File name; {_NEVER_NULL}")
    caption: strawberry.Maybe[str | None] = strawberry.field(default=None, description="Caption; null clears it.")
    alt_text: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description="What a screen reader says of it; null clears it."
    )
    public: strawberry.Maybe[bool | None] = strawberry.field(default=None, description=f"{_PUBLIC[:-1]}; {_NEVER_NULL}")
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(
        default=None, description=f"All tags anew; null clears them. {_TAGS}"
    )
    ttl: strawberry.Maybe[Duration | None] = strawberry.field(
        default=None, description="How long it lives from now on; null lets it stay for good."
    )
    labels: strawberry.Maybe[list[KeyValueInput] | None] = strawberry.field(
        default=None, description=f"All labels anew; null clears them. {_LABELS}"
    )
    attributes: strawberry.Maybe[list[KeyValueInput] | None] = strawberry.field(
        default=None, description=f"All attributes anew; null clears them. {_ATTRIBUTES}"
    )
    external_id: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description=f"{_EXTERNAL_ID} Null clears it."
    )
    focal_point: strawberry.Maybe[PointInput | None] = strawberry.field(
        default=None, description=f"{_FOCAL_POINT} Null clears it."
    )


@strawberry.input(description="A media whose renditions are to be forgotten.")
class PurgeRenditionsInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")


@strawberry.input(description="A media to delete.")
class DeleteMediaInput:
    """An id, and whether it may come back."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")
    for_good: bool = strawberry.field(default=False, description="Whether it skips the trash, and never comes back.")


@strawberry.input(description="A media to take out of the trash.")
class RestoreMediaInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")


@strawberry.type(description="What an upload came to.")
class UploadMediaPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The new media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was kept.")


@strawberry.type(description="What an import came to.")
class ImportMediaPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The new media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was kept.")


@strawberry.type(description="What a transformation came to.")
class TransformMediaPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The new media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was kept.")


@strawberry.type(description="What an update came to.")
class UpdateMediaPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The changed media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="What a purge came to.")
class PurgeRenditionsPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was forgotten.")


@strawberry.type(description="What a deletion came to.")
class DeleteMediaPayload:
    """An id or errors."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="Id of what was deleted; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was deleted.")


@strawberry.type(description="What a restoration came to.")
class RestoreMediaPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was restored.")


@strawberry.type(description="What a batch of uploads came to.")
class UploadMediaBatchPayload:
    """One payload an item."""

    results: list[UploadMediaPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="What a batch of imports came to.")
class ImportMediaBatchPayload:
    """One payload an item."""

    results: list[ImportMediaPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="What a batch of updates came to.")
class UpdateMediaBatchPayload:
    """One payload an item."""

    results: list[UpdateMediaPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="What a batch of restorations came to.")
class RestoreMediaBatchPayload:
    """One payload an item."""

    results: list[RestoreMediaPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="What a batch of deletions came to.")
class DeleteMediaBatchPayload:
    """One payload an item."""

    results: list[DeleteMediaPayload] = strawberry.field(description=RESULTS)


def _focal_point(point: PointInput | None) -> domain.FocalPoint | None:
    return domain.FocalPoint(point.x, point.y) if point else None


def changes_of(asked: UpdateMediaInput) -> domain.Changes:
    """What an update changes. InvalidInput."""
    keep = domain.KEEP
    return domain.Changes(
        name=not_null("name", asked.name.value) if asked.name else keep,
        caption=asked.caption.value if asked.caption else keep,
        alt_text=asked.alt_text.value if asked.alt_text else keep,
        public=not_null("public", asked.public.value) if asked.public else keep,
        tags=tuple(asked.tags.value or ()) if asked.tags else keep,
        ttl=asked.ttl.value if asked.ttl else keep,
        labels=parse_mapping("labels", asked.labels.value or ()) if asked.labels else keep,
        attributes=parse_mapping("attributes", asked.attributes.value or ()) if asked.attributes else keep,
        external_id=asked.external_id.value if asked.external_id else keep,
        focal_point=_focal_point(asked.focal_point.value) if asked.focal_point else keep,
    )
