"""Requests that came with an idempotency key."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from graphql_api.db.models import IdempotencyKey as KeyRow


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of one: its fingerprint, when it began, and the media that it made (None: it is at work)."""

    fingerprint: str
    created_at: dt.datetime
    media_id: uuid.UUID | None


async def begin(digest: str, team_id: int, fingerprint: str, now: dt.datetime) -> bool:
    """Write down that it is at work; False when it is there already."""
    row = KeyRow(digest=digest, team_id=team_id, fingerprint=fingerprint, created_at=now)
    await KeyRow.bulk_create([row], ignore_conflicts=True)
    found = await KeyRow.get_or_none(digest=digest)
    return found is not None and found.created_at == now and found.fingerprint == fingerprint and not found.media_id


async def find(digest: str) -> Request | None:
    """What is known of it."""
    row = await KeyRow.get_or_none(digest=digest)
    if row is None:
        return None
    return Request(row.fingerprint, row.created_at, uuid.UUID(str(row.media_id)) if row.media_id else None)


async def finish(digest: str, began: dt.datetime, media_id: uuid.UUID) -> None:
    """It has made this."""
    await KeyRow.filter(digest=digest, created_at=began).update(media_id=media_id)


async def forget(digest: str, began: dt.datetime) -> bool:
    """As if it had never come; False when another has its place."""
    return bool(await KeyRow.filter(digest=digest, created_at=began).delete())


async def sweep(before: dt.datetime) -> int:
    """Forget those that are older."""
    return await KeyRow.filter(created_at__lt=before).delete()
