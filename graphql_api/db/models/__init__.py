"""The tables. To change one: edit, `make migrations`, read the migration before you commit it (docs/operations.md).

A class docstring becomes the table's comment in SQL, where tortoise 1.1.9 trips over a semicolon: none in here.
"""

from __future__ import annotations

from graphql_api.db.models.accounts import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    RefreshToken,
    Session,
    Team,
    Usage,
    User,
)
from graphql_api.db.models.events import IdempotencyKey, Webhook, WebhookDelivery
from graphql_api.db.models.media import (
    Blob,
    Collection,
    CollectionMedia,
    Label,
    Media,
    MediaTag,
    MediaVersion,
    Mirror,
    Preset,
    Tag,
)

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Blob",
    "Collection",
    "CollectionMedia",
    "IdempotencyKey",
    "Invitation",
    "Label",
    "Media",
    "MediaTag",
    "MediaVersion",
    "Membership",
    "Mirror",
    "Preset",
    "RefreshToken",
    "Session",
    "Tag",
    "Team",
    "Usage",
    "User",
    "Webhook",
    "WebhookDelivery",
]
