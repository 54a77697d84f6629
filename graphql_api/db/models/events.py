"""What is on its way to webhooks, and requests that are made once."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from graphql_api.db.models.accounts import Team


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

    `media_id` is that of the media that it makes, chosen before; null in rows that are older than this. One that is
    `done` has made it.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField(
        "models.Team", related_name="idempotency_keys", db_index=True
    )
    fingerprint = fields.CharField(max_length=64)
    media_id = fields.UUIDField(null=True)
    done = fields.BooleanField(db_default=False)
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotency_key"
