"""What happens to media, as others are told of it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from graphql_api.domain.media import Media


class EventType(StrEnum):
    """What happened."""

    MEDIA_CREATED = "media.created"
    MEDIA_UPDATED = "media.updated"
    MEDIA_REPLACED = "media.replaced"  # it has a new file
    MEDIA_DELETED = "media.deleted"  # by wish or by its time: it is not there any more
    MEDIA_RESTORED = "media.restored"
    WEBHOOK_TEST = "webhook.test"  # nothing happened


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a media, which is as it was left by that."""

    type: EventType
    media: Media
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of a team's own that is told of events of these types."""

    id: uuid.UUID
    team_id: int
    url: str
    events: frozenset[EventType]
    active: bool
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook. `due_at` is when it is tried next: None when it arrived or was given up."""

    id: uuid.UUID
    webhook_id: uuid.UUID
    event: EventType
    payload: str
    attempts: int
    due_at: dt.datetime | None
    status: int | None  # of the last answer
    failure: str | None  # of the last attempt, when there was no good answer
    created_at: dt.datetime
    delivered_at: dt.datetime | None
