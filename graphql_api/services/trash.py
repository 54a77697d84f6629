"""How media end: into the trash, out of it again, or for good; by wish, by their time, or with their team."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable
from dataclasses import replace

from graphql_api.db import media as rows
from graphql_api.db import teams, versions
from graphql_api.db.database import after_commit, transaction
from graphql_api.domain.account import Principal
from graphql_api.domain.event import EventType
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.errors import NotFound
from graphql_api.services.events import Events
from graphql_api.services.originals import Originals
from graphql_api.services.quotas import Quotas

_BATCH = 200
_MISSING = "There is no such media."


class Trash:
    """Removes media. What is in the trash still counts; what is removed for good counts no more."""

    def __init__(
        self, *, originals: Originals, events: Events, retention: dt.timedelta, clock: Callable[[], dt.datetime]
    ) -> None:
        self._originals = originals
        self._events = events
        self._retention = retention
        self._clock = clock

    async def delete(self, principal: Principal, media_id: uuid.UUID, *, for_good: bool = False) -> None:
        """Put one of the team's media into the trash, or remove it for good. NotFound, Forbidden."""
        media = await self._own(principal, media_id)
        if not for_good and self._retention and media.deleted_at is None and not media.has_expired(self._clock()):
            now = self._clock()
            async with transaction():
                await teams.lock(media.team_id)
                if not await rows.set_deleted(media.id, now):
                    raise NotFound(_MISSING)
                await self._events.record(EventType.MEDIA_DELETED, replace(media, deleted_at=now))
        elif not (for_good or media.is_live(self._clock())) or not await self._remove(media):
            raise NotFound(_MISSING)

    async def restore(self, principal: Principal, media_id: uuid.UUID) -> Media:
        """Take one out of the trash, with all that was said of it. NotFound when it is not there (any more)."""
        media, now = await self._own(principal, media_id), self._clock()
        if media.deleted_at is None or media.has_expired(now) or media.deleted_at <= now - self._retention:
            raise NotFound("There is no such media in the trash.")
        async with transaction():
            await teams.lock(media.team_id)
            if not await rows.clear_deleted(media.id, now):
                raise NotFound("There is no such media in the trash.")
            if (restored := await rows.find(media.id)) is None:
                raise NotFound(_MISSING)
            await self._events.record(EventType.MEDIA_RESTORED, restored)
        return restored

    async def sweep(self, team_id: int | None = None) -> int:
        """Remove for good what has expired, and what was in the trash for long enough; returns how many."""
        removed = 0
        while over := await rows.over(self._clock(), self._clock() - self._retention, _BATCH, team_id=team_id):
            # (One that somebody has just restored, or given more time, is not over any more.)
            removed += sum([await self._remove(media, unchanged=True) for media in over])
        return removed

    async def erase_team(self, team_id: int) -> None:
        """Remove all media of a team."""
        while batch := await rows.batch_of(team_id, "", _BATCH):
            for media in batch:
                await self._remove(media)

    async def _remove(self, media: Media, *, unchanged: bool = False) -> bool:
        """Remove a media, and its bytes with the last media that has them; False when another caller was faster."""
        async with transaction():
            await teams.lock(media.team_id)  # before the media, as in all that also changes what the team has used
            # As it is now: its file may have been replaced since it was read.
            if (current := await rows.lock(media.id)) is None:
                return False
            earlier = (await versions.of([media.id]))[media.id]
            if not await rows.delete(media, unchanged=unchanged):
                return False
            kept = [(current.sha256, current.bytes), *((version.sha256, version.bytes) for version in earlier)]
            for sha256, _ in sorted(kept):  # in the same order by all: nobody waits for who waits for them
                await self._originals.release(sha256)
                # Only then: this transaction may be part of one that is still to fail.
                after_commit(functools.partial(self._originals.remove, sha256))
            await Quotas.release(current, sum(size for _, size in kept))
            if current.deleted_at is None:  # else it was told when it went into the trash
                await self._events.record(EventType.MEDIA_DELETED, replace(current, deleted_at=self._clock()))
        return True

    async def _own(self, principal: Principal, media_id: uuid.UUID) -> Media:
        principal.require(Scope.WRITE)
        media = await rows.find(media_id)
        if media is None or not principal.changes(media):
            raise NotFound(_MISSING)
        return media
