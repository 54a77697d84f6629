"""Requests that came with an idempotency key."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from tortoise.queryset import QuerySet

from graphql_api.db.models import IdempotencyKey as KeyRow


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of one: its fingerprint, when it began, the id of the media that it makes, whether it has made it.

    (Without an id it was begun by a server that is older than this.)
    """

    fingerprint: str
    began: dt.datetime
    media_id: uuid.UUID | None
    done: bool = False


async def begin(digest: str, team_id: int, request: Request) -> bool:
    """Write down that it is at work; False when there is one already."""
    row = KeyRow(
        digest=digest,
        team_id=team_id,
        fingerprint=request.fingerprint,
        media_id=request.media_id,
        done=False,
        created_at=request.began,
    )
    await KeyRow.bulk_create([row], ignore_conflicts=True)
    return await find(digest) == request


async def find(digest: str) -> Request | None:
    """What is known of it."""
    row = await KeyRow.get_or_none(digest=digest)
    if row is None:
        return None
    media_id = uuid.UUID(str(row.media_id)) if row.media_id else None
    return Request(row.fingerprint, row.created_at, media_id, row.done)


async def take_over(digest: str, earlier: Request, request: Request) -> bool:
    """Let a request have the place of an earlier one; False when that has changed meanwhile."""
    changed = _place_of(digest, earlier).update(
        fingerprint=request.fingerprint, media_id=request.media_id, done=False, created_at=request.began
    )
    return bool(await changed)


async def finish(digest: str, request: Request) -> None:
    """It has made its media."""
    await _place_of(digest, request).update(done=True)


async def forget(digest: str, request: Request) -> None:
    """As if it had never come."""
    await _place_of(digest, request).delete()


def _place_of(digest: str, request: Request) -> QuerySet[KeyRow]:
    """Its row, as long as no other has the place."""
    return KeyRow.filter(digest=digest, created_at=request.began, media_id=request.media_id)


async def sweep(before: dt.datetime) -> int:
    """Forget those that are older."""
    return await KeyRow.filter(created_at__lt=before).delete()
