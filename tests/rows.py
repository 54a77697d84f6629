"""Rows of media, without files."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graphql_api.db import blobs, media
from graphql_api.domain.account import Team
from graphql_api.domain.format import Format
from graphql_api.domain.media import Media, Original

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SHA = "a" * 64


def make_media(team: Team, *, created: dt.datetime = NOW, expires: dt.datetime | None = None, **more: Any) -> Media:
    made = Media(
        id=uuid.uuid4(),
        uid=uuid.uuid4().hex[:12],
        team_id=team.id,
        storage=team.storage,
        name="näme 🖼.jpg",
        caption=None,
        alt_text="alt",
        public=False,
        original=Original(Format.WEBP, 300, 200, 4, has_alpha=True),
        bytes=3_000_000_000,
        sha256=SHA,
        attributes={"a": "ü"},
        created_at=created,
        updated_at=created,
        expires_at=expires,
    )
    return replace(made, **more)


async def fill(team: Team, moments: Sequence[dt.datetime]) -> list[Media]:
    """Media made at these moments, newest first as the list has them."""
    await blobs.add_reference(SHA, 5)
    made = [make_media(team, created=moment) for moment in moments]
    for item in made:
        await media.insert(item)
    return sorted(made, key=lambda item: (item.created_at, item.id), reverse=True)
