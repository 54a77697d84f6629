"""The audit trail: written in the transaction of the act, never changed."""

from __future__ import annotations

import datetime as dt

from pypika_tortoise.enums import Order
from pypika_tortoise.queries import Query, Table

from graphql_api.db.models import AuditEvent as AuditEventRow
from graphql_api.db.rows import fetch, moment
from graphql_api.domain.audit import AuditAction, AuditEvent

_event = Table("audit_event")


async def write(team_id: int | None, event: AuditEvent) -> None:
    """Keep an event, of a team where it has one."""
    await AuditEventRow.create(
        team_id=team_id,
        action=event.action,
        actor=event.actor[:300],
        subject=event.subject[:300],
        address=event.address[:64],
        at=event.at,
    )


async def page(team_id: int, *, size: int, before: int | None) -> list[AuditEvent]:
    """The team's events, the latest first, from the one before `before`."""
    query = Query.from_(_event).select(
        _event.id, _event.action, _event.actor, _event.subject, _event.address, _event.at
    )
    query = query.where(_event.team_id == team_id)
    if before is not None:
        query = query.where(_event.id < before)
    return [
        AuditEvent(
            AuditAction(row["action"]), row["actor"], row["subject"], row["address"], moment(row["at"]), row["id"]
        )
        for row in await fetch(query.orderby(_event.id, order=Order.desc).limit(size))
    ]


async def sweep(before: dt.datetime) -> int:
    """Forget what is older."""
    return await AuditEventRow.filter(at__lt=before).delete()
