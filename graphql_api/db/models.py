"""The tables. To change one: edit, `make migrations`, read the migration before you commit it (docs/operations.md).

A class docstring becomes the table's comment in SQL, where tortoise 1.1.9 trips over a semicolon: none in here.
"""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Team(Model):
    """A tenant. `storage` is the first path segment of its image URLs. One with `deleted_at` is being erased."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=100, unique=True)
    storage = fields.CharField(max_length=16, unique=True)
    plan = fields.CharField(max_length=32, db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "team"


class User(Model):
    """A person. `password` is an argon2id hash, null as long as none was set. `team` is where they begin to work.

    What was signed or handed out under an older `epoch` is void.
    """

    id = fields.BigIntField(primary_key=True)
    email = fields.CharField(max_length=254, unique=True)
    name = fields.CharField(max_length=100, db_default="")
    password = fields.CharField(max_length=255, null=True)
    admin = fields.BooleanField(default=False)
    status = fields.CharField(max_length=16, db_default="active")
    epoch = fields.IntField(db_default=0)
    verified_at = fields.DatetimeField(null=True)
    team: fields.ForeignKeyNullableRelation[Team] = fields.ForeignKeyField(
        "models.Team", related_name="users", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "user_account"  # "user" is a reserved word of PostgreSQL


class Membership(Model):
    """A person in a team."""

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="memberships")
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="memberships", db_index=True
    )
    role = fields.CharField(max_length=16)
    created_at = fields.DatetimeField()

    class Meta:
        table = "membership"
        unique_together = (("team", "user"),)


class Invitation(Model):
    """A seat in a team for whoever has this address."""

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="invitations")
    email = fields.CharField(max_length=254)
    role = fields.CharField(max_length=16)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "invitation"
        unique_together = (("team", "email"),)


class Session(Model):
    """Somebody has signed in: with a cookie, whose digest it has, or with tokens (table `refresh_token`)."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="sessions", db_index=True
    )
    team: fields.ForeignKeyNullableRelation[Team] = fields.ForeignKeyField(
        "models.Team", related_name="sessions", null=True, on_delete=fields.SET_NULL
    )
    digest = fields.CharField(max_length=64, unique=True, null=True)
    address = fields.CharField(max_length=64)
    agent = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "session"


class RefreshToken(Model):
    """A refresh token by its digest. Used ones stay: one that comes back was stolen, and ends its session."""

    digest = fields.CharField(max_length=64, primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="refresh_tokens", db_index=True
    )
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refresh_token"


class ApiKey(Model):
    """A credential of a team. `digest` is the SHA-256 of the key, in hex. The key itself is nowhere.

    One with a `user` is that person's own.
    """

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("models.Team", related_name="keys")
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="keys", null=True, on_delete=fields.CASCADE
    )
    name = fields.CharField(max_length=100)
    digest = fields.CharField(max_length=64, unique=True)
    profile = fields.CharField(max_length=8)
    scopes = fields.CharField(max_length=100)  # words, separated by spaces
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)
    last_used_address = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "api_key"


class Usage(Model):
    """What a team has used: uploads of a month (`2026-11`), images and bytes that are kept."""

    id = fields.BigIntField(primary_key=True)
    team: fields.OneToOneRelation[Team] = fields.OneToOneField("models.Team", related_name="usage")
    month = fields.CharField(max_length=7)
    uploads = fields.BigIntField()
    images = fields.BigIntField()
    bytes = fields.BigIntField()

    class Meta:
        table = "usage"


class AuditEvent(Model):
    """Something that matters for security was done. Who and what are texts: they outlive what they name."""

    id = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyNullableRelation[Team] = fields.ForeignKeyField(
        "models.Team", related_name="audit_events", null=True, on_delete=fields.CASCADE
    )
    action = fields.CharField(max_length=40)
    actor = fields.CharField(max_length=300)
    subject = fields.CharField(max_length=300)
    address = fields.CharField(max_length=64)
    at = fields.DatetimeField()

    class Meta:
        table = "audit_event"
        indexes = [Index(fields=("team_id", "id"), name="audit_list")]


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


class Webhook(Model):
    """An address of a team's own that is told of events. What is sent there is signed with its `secret`."""

    id = fields.UUIDField(primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField(
        "models.Team", related_name="webhooks", db_index=True
    )
    url = fields.TextField()
    events = fields.CharField(max_length=300)  # words, separated by spaces
    secret = fields.CharField(max_length=64)
    active = fields.BooleanField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "webhook"


class WebhookDelivery(Model):
    """An event on its way to a webhook, written in the transaction of what it tells of.

    `due_at` is when it is tried (again): null when it has arrived or was given up.
    """

    id = fields.UUIDField(primary_key=True)
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField("models.Webhook", related_name="deliveries")
    event = fields.CharField(max_length=40)
    payload = fields.TextField()
    attempts = fields.IntField()
    due_at = fields.DatetimeField(null=True)
    status = fields.IntField(null=True)
    failure = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    delivered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_delivery"
        indexes = [
            Index(fields=("due_at",), name="webhook_due"),
            Index(fields=("webhook_id", "created_at", "id"), name="webhook_log"),
        ]


class IdempotencyKey(Model):
    """A request that came with an idempotency key, by the digest of the key and of who sent it.

    `media_id` is what it made: null while it is at work.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField(
        "models.Team", related_name="idempotency_keys", db_index=True
    )
    fingerprint = fields.CharField(max_length=64)
    media_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotency_key"


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
