"""Presets."""

from __future__ import annotations

import datetime as dt

from graphql_api.db.models import Preset as PresetRow
from graphql_api.domain.preset import Preset


def _to_preset(row: PresetRow) -> Preset:
    return Preset(row.name, row.query, row.created_at, row.updated_at)


async def find(team_id: int, name: str) -> Preset | None:
    """The team's preset of this name."""
    row = await PresetRow.get_or_none(team_id=team_id, name=name)
    return _to_preset(row) if row else None


async def list_all(team_id: int) -> list[Preset]:
    """All presets of the team, by name."""
    return [_to_preset(row) for row in await PresetRow.filter(team_id=team_id).order_by("name")]


async def count(team_id: int) -> int:
    """How many presets the team has."""
    return await PresetRow.filter(team_id=team_id).count()


async def put(team_id: int, name: str, query: str, now: dt.datetime) -> Preset:
    """Make the preset, or change what it means."""
    made = PresetRow(team_id=team_id, name=name, query=query, created_at=now, updated_at=now)
    await PresetRow.bulk_create([made], on_conflict=["team_id", "name"], update_fields=["query", "updated_at"])
    return _to_preset(await PresetRow.get(team_id=team_id, name=name))


async def delete(team_id: int, name: str) -> bool:
    """Remove it; False when there was none."""
    return bool(await PresetRow.filter(team_id=team_id, name=name).delete())
