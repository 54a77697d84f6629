"""Presets: named transforms of a team."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from graphql_api.db import presets as rows
from graphql_api.db import teams
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.preset import MAX_PRESETS, Preset, check_preset_name, is_preset_name, preset_query
from graphql_api.domain.transform import Transform
from graphql_api.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class Presets:
    """All presets of all teams."""

    clock: Callable[[], dt.datetime]

    async def find(self, team_id: int, name: str) -> Preset | None:
        """What a name in an address of the team's media means: no secret, as the addresses are none."""
        return await rows.find(team_id, name) if is_preset_name(name) else None

    async def list(self, principal: Principal) -> list[Preset]:
        """The team's presets, by name."""
        return await rows.list_all(principal.require(Scope.READ).id)

    async def put(self, principal: Principal, name: str, transform: Transform) -> Preset:
        """Make a preset, or change what it means. InvalidInput."""
        team = principal.require_live(Scope.WRITE)
        name, query = check_preset_name(name), preset_query(transform)
        async with transaction():
            await teams.lock(team.id)  # one after the other: two at once would not see each other's
            preset = await rows.put(team.id, name, query, self.clock())
            if await rows.count(team.id) > MAX_PRESETS:
                raise InvalidInput("name", f"A team has at most {MAX_PRESETS} presets.")
        return preset

    async def delete(self, principal: Principal, name: str) -> None:
        """Forget a preset; addresses that name it show the image without it. NotFound."""
        team = principal.require_live(Scope.WRITE)
        if not is_preset_name(name) or not await rows.delete(team.id, name):
            raise NotFound("There is no such preset.")
