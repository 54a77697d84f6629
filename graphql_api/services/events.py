"""What happens to media, told to others: to webhooks by way of the database, to who listens once it is certain."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from graphql_api.db import webhooks as rows
from graphql_api.db.database import after_commit
from graphql_api.domain.described import describe
from graphql_api.domain.event import Delivery, Event, EventType
from graphql_api.domain.media import Media
from graphql_api.domain.rendition import address


@dataclass(frozen=True, slots=True)
class Events:
    """Takes down what happens. Who listens is called once it is certain, and must not wait."""

    source_url: str
    clock: Callable[[], dt.datetime]
    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    async def record(self, kind: EventType, media: Media) -> None:
        """Put it on its way; to be called in the transaction in which it happens, with the team locked.

        (Else a webhook could be deleted between being found and being sent to.)
        """
        event = Event(kind, media, self.clock())
        if webhook_ids := await rows.subscribed(media.team_id, kind):
            shown = {"id": media.global_id} | describe(media)
            del shown["attributes"]  # of any length, and kept for each delivery
            said = {"media": shown | {"url": address(media, self.source_url)}}
            await rows.send([new_delivery(webhook_id, kind, said, event.at) for webhook_id in webhook_ids])
        after_commit(functools.partial(self._tell, event))

    async def _tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)


def new_delivery(webhook_id: uuid.UUID, kind: EventType, said: Mapping[str, object], now: dt.datetime) -> Delivery:
    """An event for one webhook, due at once; its id is the message's own."""
    delivery_id = uuid.uuid4()
    payload = orjson.dumps({"id": str(delivery_id), "type": kind.value, "createdAt": now, **said}).decode()
    return Delivery(delivery_id, webhook_id, kind, payload, 0, now, None, None, now, None)
