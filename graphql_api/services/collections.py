"""Collections of a team's media."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from graphql_api.db import collections as rows
from graphql_api.db import media as media_rows
from graphql_api.db import media_list, teams
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal
from graphql_api.domain.collection import MAX_COLLECTIONS, MAX_MOVED, Collection, clean_collection_name
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Keep, clean_text
from graphql_api.errors import InvalidInput, NotFound

_MISSING = "There is no such collection."


@dataclass(frozen=True, slots=True)
class Collections:
    """All collections of all teams, seen through a principal."""

    clock: Callable[[], dt.datetime]

    async def list_all(self, principal: Principal) -> list[Collection]:
        """The team's collections, by name."""
        return await rows.list_all(principal.require(Scope.READ).id)

    async def find_many(self, principal: Principal, ids: Sequence[uuid.UUID]) -> list[Collection | None]:
        """For each id, in order: the team's collection, or None."""
        team = principal.team
        found = await rows.find_many(team.id, ids) if team and ids and principal.reads_team(team.id) else {}
        return [found.get(collection_id) for collection_id in ids]

    async def of_media(self, media_ids: Sequence[uuid.UUID]) -> Sequence[Sequence[Collection]]:
        """The collections that media of the caller's team are in, in order."""
        found = await rows.of_media(media_ids)
        return [found.get(media_id, ()) for media_id in media_ids]

    async def count_media(self, principal: Principal, ids: Sequence[uuid.UUID]) -> Sequence[int]:
        """How many media are in each of the team's collections, in order."""
        team = principal.require(Scope.READ)
        counted = await rows.count_media(media_list.live(team.id, self.clock(), test=principal.is_test), ids)
        return [counted.get(collection_id, 0) for collection_id in ids]

    async def make(self, principal: Principal, name: str, description: str | None) -> Collection:
        """Make an empty one. InvalidInput, Conflict."""
        team, now = principal.require_live(Scope.WRITE), self.clock()
        name, description = clean_collection_name(name), clean_text("description", description)
        made = Collection(uuid.uuid4(), team.id, name, description, now, now)
        async with transaction():
            await teams.lock(team.id)  # one after the other: two at once would not see each other's
            await rows.insert(made)
            if await rows.count(team.id) > MAX_COLLECTIONS:
                raise InvalidInput("name", f"A team has at most {MAX_COLLECTIONS} collections.")
        return made

    async def update(
        self, principal: Principal, collection_id: uuid.UUID, name: str | Keep, description: str | Keep | None
    ) -> Collection:
        """Change what is said of one. NotFound, InvalidInput, Conflict."""
        found = await self._own(principal, collection_id)
        if not isinstance(name, Keep):
            found = replace(found, name=clean_collection_name(name))
        if not isinstance(description, Keep):
            found = replace(found, description=clean_text("description", description))
        found = replace(found, updated_at=self.clock())
        await rows.update(found)
        return found

    async def delete(self, principal: Principal, collection_id: uuid.UUID) -> None:
        """Remove one; its media stay. NotFound."""
        await self._own(principal, collection_id)
        if not await rows.delete(collection_id):
            raise NotFound(_MISSING)

    async def add(self, principal: Principal, collection_id: uuid.UUID, media_ids: Sequence[uuid.UUID]) -> Collection:
        """Put media of the team in: all of them, or none. NotFound, InvalidInput."""
        found = await self._own(principal, collection_id)
        _refuse_many(media_ids)
        there, now = await media_rows.find_many(media_ids), self.clock()
        for media_id in media_ids:
            media = there.get(media_id)
            if media is None or not principal.changes(media) or not media.is_live(now):
                raise InvalidInput("mediaIds", "One of the media is not there.")
        await rows.add(collection_id, list(dict.fromkeys(media_ids)))
        return found

    async def remove(
        self, principal: Principal, collection_id: uuid.UUID, media_ids: Sequence[uuid.UUID]
    ) -> Collection:
        """Take media out, as far as they are in. NotFound, InvalidInput."""
        found = await self._own(principal, collection_id)
        _refuse_many(media_ids)
        await rows.remove(collection_id, media_ids)
        return found

    async def _own(self, principal: Principal, collection_id: uuid.UUID) -> Collection:
        team = principal.require_live(Scope.WRITE)
        if (found := (await rows.find_many(team.id, [collection_id])).get(collection_id)) is None:
            raise NotFound(_MISSING)
        return found


def _refuse_many(media_ids: Sequence[uuid.UUID]) -> None:
    if not 0 < len(media_ids) <= MAX_MOVED:
        raise InvalidInput("mediaIds", f"'mediaIds' has 1 to {MAX_MOVED} items.")
