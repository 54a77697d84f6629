"""Webhooks, and what is on its way to them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from pypika_tortoise.enums import Order
from pypika_tortoise.queries import Query, Table
from pypika_tortoise.terms import Tuple

from graphql_api.db.models import Webhook as WebhookRow
from graphql_api.db.models import WebhookDelivery as DeliveryRow
from graphql_api.db.rows import Row, fetch, identity, moment, optional_moment
from graphql_api.domain.event import Delivery, EventType, Webhook

_webhook, _delivery, _team = Table("webhook"), Table("webhook_delivery"), Table("team")


def _to_webhook(row: WebhookRow) -> Webhook:
    events = frozenset(map(EventType, row.events.split()))
    team_id: int = row.team_id  # type: ignore[attr-defined]
    return Webhook(uuid.UUID(str(row.id)), team_id, row.url, events, row.active, row.created_at, row.updated_at)


def _to_delivery(row: Row) -> Delivery:
    return Delivery(
        id=identity(row["id"]),
        webhook_id=identity(row["webhook_id"]),
        event=EventType(row["event"]),
        payload=row["payload"],
        attempts=row["attempts"],
        due_at=optional_moment(row["due_at"]),
        status=row["status"],
        failure=row["failure"],
        created_at=moment(row["created_at"]),
        delivered_at=optional_moment(row["delivered_at"]),
    )


# --- where to


async def insert(made: Webhook, secret: str) -> None:
    """Keep a new webhook."""
    await WebhookRow.create(
        id=made.id,
        team_id=made.team_id,
        url=made.url,
        events=_words(made),
        secret=secret,
        active=made.active,
        created_at=made.created_at,
        updated_at=made.updated_at,
    )


async def update(changed: Webhook) -> None:
    """Write what can be changed of it."""
    await WebhookRow.filter(id=changed.id).update(
        url=changed.url, events=_words(changed), active=changed.active, updated_at=changed.updated_at
    )


async def set_secret(webhook_id: uuid.UUID, secret: str) -> None:
    """Sign what is sent with this from now on."""
    await WebhookRow.filter(id=webhook_id).update(secret=secret)


async def delete(webhook_id: uuid.UUID) -> bool:
    """Remove it with all that is on its way; False when there is none."""
    return bool(await WebhookRow.filter(id=webhook_id).delete())


async def find(team_id: int, webhook_id: uuid.UUID) -> Webhook | None:
    """The team's webhook of this id."""
    row = await WebhookRow.get_or_none(team_id=team_id, id=webhook_id)
    return _to_webhook(row) if row else None


async def list_all(team_id: int) -> list[Webhook]:
    """All webhooks of the team, the oldest first."""
    return [_to_webhook(row) for row in await WebhookRow.filter(team_id=team_id).order_by("created_at", "id")]


async def subscribed(team_id: int, event: EventType) -> list[uuid.UUID]:
    """The team's webhooks that are told of such events."""
    query = Query.from_(_webhook).select(_webhook.id, _webhook.events, _webhook.active)
    rows = await fetch(query.where(_webhook.team_id == team_id))
    return [identity(row["id"]) for row in rows if row["active"] and event in row["events"].split()]


def _words(webhook: Webhook) -> str:
    return " ".join(sorted(webhook.events))


# --- what is on its way


async def send(deliveries: Sequence[Delivery]) -> None:
    """Put these on their way, in the transaction of what they tell of."""
    await DeliveryRow.bulk_create(
        [
            DeliveryRow(
                id=item.id,
                webhook_id=item.webhook_id,
                event=item.event,
                payload=item.payload,
                attempts=item.attempts,
                due_at=item.due_at,
                created_at=item.created_at,
            )
            for item in deliveries
        ]
    )


async def due(now: dt.datetime, limit: int, but: Sequence[uuid.UUID]) -> list[tuple[Delivery, str, str]]:
    """What is to be tried now, with the address and the secret of each, the longest due first; nothing for `but`."""
    query = Query.from_(_delivery).join(_webhook).on(_webhook.id == _delivery.webhook_id)
    query = query.select(_delivery.star, _webhook.url, _webhook.secret)
    query = query.join(_team).on(_team.id == _webhook.team_id)
    wanted = (_webhook.active == True) & _team.deleted_at.isnull()  # noqa: E712 (SQL)
    if but:
        wanted &= _delivery.webhook_id.notin([str(webhook_id) for webhook_id in but])
    rows = await fetch(query.where((_delivery.due_at <= now) & wanted).orderby(_delivery.due_at).limit(limit))
    return [(_to_delivery(row), row["url"], row["secret"]) for row in rows]


async def claim(delivery: Delivery, until: dt.datetime) -> bool:
    """Take an attempt, so that no other process tries it before `until`; False when another was faster."""
    mine = DeliveryRow.filter(id=delivery.id, attempts=delivery.attempts).exclude(due_at=None)
    return bool(await mine.update(attempts=delivery.attempts + 1, due_at=until))


async def settle(
    delivery_id: uuid.UUID,
    outcome: tuple[int | None, str | None],
    *,
    due_at: dt.datetime | None,
    delivered_at: dt.datetime | None,
) -> None:
    """Write what an attempt came to: the answer's status, or what went wrong."""
    status, failure = outcome
    await DeliveryRow.filter(id=delivery_id).update(
        status=status, failure=failure, due_at=due_at, delivered_at=delivered_at
    )


async def log(webhook_id: uuid.UUID, limit: int, before: Delivery | None) -> list[Delivery]:
    """The latest deliveries to a webhook, or those before one."""
    query = Query.from_(_delivery).select("*").where(_delivery.webhook_id == str(webhook_id))
    if before is not None:
        query = query.where(Tuple(_delivery.created_at, _delivery.id) < Tuple(before.created_at, str(before.id)))
    for column in (_delivery.created_at, _delivery.id):
        query = query.orderby(column, order=Order.desc)
    return [_to_delivery(row) for row in await fetch(query.limit(limit))]


async def find_delivery(team_id: int, delivery_id: uuid.UUID) -> Delivery | None:
    """The delivery of this id, if it is to a webhook of the team."""
    query = Query.from_(_delivery).join(_webhook).on(_webhook.id == _delivery.webhook_id).select(_delivery.star)
    rows = await fetch(query.where((_webhook.team_id == team_id) & (_delivery.id == str(delivery_id))))
    return next(map(_to_delivery, rows), None)


async def redeliver(delivery_id: uuid.UUID, now: dt.datetime) -> None:
    """Try it again as if it were new."""
    await DeliveryRow.filter(id=delivery_id).update(attempts=0, due_at=now, delivered_at=None)


async def sweep(before: dt.datetime) -> int:
    """Forget what was sent, or given up, and is older."""
    return await DeliveryRow.filter(created_at__lt=before, due_at=None).delete()
