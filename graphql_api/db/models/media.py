"""Media: their bytes, their versions, and all that is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from graphql_api.db.models.accounts import Team


class Blob(Model):
    """The bytes of an original in the store, and how many media point at them. With none they wait to be removed.

    `traits`, `phash` and `thumb` tell what the bytes show: null in rows that are older than these columns.
    """

    sha256 = fields.CharField(max_length=64, primary_key=True)
    size = fields.BigIntField()
    refs = fields.BigIntField(default=0)
    traits: fields.Field[Any] = fields.JSONField(null=True)
    phash = fields.CharField(max_length=16, null=True)
    thumb = fields.BinaryField(null=True)

    class Meta:
        table = "blob"
        indexes = [Index(fields=("refs",), name="blob_refs")]


class TrashIndex(Index):
    """An index of what is in the trash alone: as small as that, however many media there are."""

    def __init__(self, *, fields: Sequence[str], name: str) -> None:
        super().__init__(fields=list(fields), name=name)
        self.extra = " WHERE deleted_at IS NOT NULL"


class Media(Model):
    """One hosted image. One with `deleted_at` is in the trash. `test` ones were made with a test key.

    One with a `parent` was made of it by `operation`, a transform as a native query says it. Its bytes are those of
    `version`, earlier ones are in `media_version`. `shown_version` is what an address without a version shows: null
    for the newest.
    """

    id = fields.UUIDField(primary_key=True)
    uid = fields.CharField(max_length=16, unique=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="media")
    blob: fields.ForeignKeyRelation[Blob] = fields.ForeignKeyField(
        "models.Blob", related_name="media", on_delete=fields.RESTRICT, db_index=True
    )
    name = fields.CharField(max_length=255)
    caption = fields.TextField(null=True)
    alt_text = fields.TextField(null=True)
    public = fields.BooleanField()
    format = fields.CharField(max_length=8)
    width = fields.IntField()
    height = fields.IntField()
    frames = fields.IntField()
    has_alpha = fields.BooleanField()
    transformable = fields.BooleanField(db_default=True)
    bytes = fields.BigIntField()
    attributes: fields.Field[Any] = fields.JSONField(default=dict)
    external_id = fields.CharField(max_length=255, null=True)
    source = fields.CharField(max_length=16, db_default="upload")
    source_url = fields.TextField(null=True)
    parent: fields.ForeignKeyNullableRelation[Media] = fields.ForeignKeyField(
        "models.Media", related_name="derived", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    operation = fields.TextField(null=True)
    focal_x = fields.FloatField(null=True)
    focal_y = fields.FloatField(null=True)
    version = fields.IntField(db_default=1)
    shown_version = fields.IntField(null=True)
    replaced_at = fields.DatetimeField(null=True)
    test = fields.BooleanField(db_default=False)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "media"
        indexes = [
            # The orders of lists: keyset pages walk one of these and read nothing else.
            Index(fields=("team_id", "created_at", "id"), name="media_list"),
            Index(fields=("team_id", "updated_at", "id"), name="media_updated"),
            Index(fields=("team_id", "bytes", "id"), name="media_bytes"),
            Index(fields=("team_id", "name", "id"), name="media_name"),
            TrashIndex(fields=("team_id", "created_at", "id"), name="media_trashed"),
            # What is swept.
            Index(fields=("expires_at",), name="media_expiry"),
            Index(fields=("deleted_at",), name="media_trash"),
        ]
        constraints = [UniqueConstraint(fields=("team_id", "test", "external_id"), name="media_external_id")]


class MediaVersion(Model):
    """What a media was before its file was replaced. Its bytes count as those of any media."""

    id = fields.BigIntField(primary_key=True)
    media: fields.ForeignKeyRelation[Media] = fields.ForeignKeyField("models.Media", related_name="versions")
    number = fields.IntField()
    blob: fields.ForeignKeyRelation[Blob] = fields.ForeignKeyField(
        "models.Blob", related_name="media_versions", on_delete=fields.RESTRICT, db_index=True
    )
    format = fields.CharField(max_length=8)
    width = fields.IntField()
    height = fields.IntField()
    frames = fields.IntField()
    has_alpha = fields.BooleanField()
    transformable = fields.BooleanField()
    bytes = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_version"
        unique_together = (("media", "number"),)


class Collection(Model):
    """Media that a team has put together, under a name."""

    id = fields.UUIDField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="collections")
    name = fields.CharField(max_length=100)
    description = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "collection"
        unique_together = (("team", "name"),)


class CollectionMedia(Model):
    """A media in a collection."""

    id = fields.BigIntField(primary_key=True)
    collection: fields.ForeignKeyRelation[Collection] = fields.ForeignKeyField(
        "models.Collection", related_name="members"
    )
    media: fields.ForeignKeyRelation[Media] = fields.ForeignKeyField(
        "models.Media", related_name="memberships", db_index=True
    )

    class Meta:
        table = "collection_media"
        unique_together = (("collection", "media"),)


class Mirror(Model):
    """The media that was fetched from an address of another origin. The address is kept as its SHA-256, in hex."""

    digest = fields.CharField(max_length=64, primary_key=True)
    media: fields.ForeignKeyRelation[Media] = fields.ForeignKeyField(
        "models.Media", related_name="mirrors", db_index=True
    )

    class Meta:
        table = "mirror"


class Preset(Model):
    """A transform with a name. `query` is what it means, as a native query says it."""

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="presets")
    name = fields.CharField(max_length=64)
    query = fields.TextField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "preset"
        unique_together = (("team", "name"),)


class Tag(Model):
    """A word that a team puts on media."""

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="tags")
    name = fields.CharField(max_length=50)

    class Meta:
        table = "tag"
        unique_together = (("team", "name"),)


class MediaTag(Model):
    """A tag on a media. `position` keeps the order in which they were given."""

    id = fields.BigIntField(primary_key=True)
    media: fields.ForeignKeyRelation[Media] = fields.ForeignKeyField("models.Media", related_name="media_tags")
    tag: fields.ForeignKeyRelation[Tag] = fields.ForeignKeyField("models.Tag", related_name="media_tags", db_index=True)
    position = fields.IntField()

    class Meta:
        table = "media_tag"
        unique_together = (("media", "tag"),)


class Label(Model):
    """A short value under a key, which lists are filtered by."""

    id = fields.BigIntField(primary_key=True)
    media: fields.ForeignKeyRelation[Media] = fields.ForeignKeyField("models.Media", related_name="labels")
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="labels")
    key = fields.CharField(max_length=64)
    value = fields.CharField(max_length=128)

    class Meta:
        table = "label"
        unique_together = (("media", "key"),)
        indexes = [Index(fields=("team_id", "key", "value"), name="label_find")]
