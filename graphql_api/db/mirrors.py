"""Which media was fetched from which address."""

from __future__ import annotations

import uuid

from graphql_api.db.models import Mirror


async def find(digest: str) -> uuid.UUID | None:
    """The media that was fetched from the address of this digest."""
    row = await Mirror.get_or_none(digest=digest)
    return row.media_id if row else None  # type: ignore[attr-defined]


async def put(digest: str, media_id: uuid.UUID) -> None:
    """Write down what was fetched last."""
    made = Mirror(digest=digest, media_id=media_id)
    await Mirror.bulk_create([made], on_conflict=["digest"], update_fields=["media_id"])
