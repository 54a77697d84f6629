"""Teams, people, what they sign in with, and what is counted and recorded of them."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
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

    `user` is who made it, if the operator did not: what they may not do any more, it may not either.
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
