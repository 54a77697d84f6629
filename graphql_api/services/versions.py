"""New files for media that are there: each makes a version, and the earlier ones stay until they are removed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from graphql_api.db import blobs, teams, versions
from graphql_api.db import media as rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.event import EventType
from graphql_api.domain.key import Scope
from graphql_api.domain.media import UPLOADED, Media, Origin, Source, Upload, Version
from graphql_api.domain.traits import Probed
from graphql_api.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from graphql_api.services.batch import Write
from graphql_api.services.events import Events
from graphql_api.services.intake import Intake
from graphql_api.services.library import Library
from graphql_api.services.originals import Originals
from graphql_api.services.quotas import Quotas

MAX_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Versions:
    """Replaces the files of media. `stays` tells whether addresses that are out show what they showed before."""

    library: Library
    intake: Intake
    originals: Originals
    quotas: Quotas
    events: Events
    clock: Callable[[], dt.datetime]

    @asynccontextmanager
    async def uploaded(
        self, principal: Principal, media_id: uuid.UUID, upload: Upload, *, stays: bool
    ) -> AsyncIterator[Write[Media]]:
        """The file of one of the team's media is replaced by what this gives, inside the context.

        NotFound, Conflict, and as Intake.upload.
        """
        await self.library.get_own(principal, media_id)
        await self.intake.limits.count_upload(principal)
        async with self._checked(principal, media_id, upload, UPLOADED, stays=stays) as write:
            yield write

    @asynccontextmanager
    async def imported(
        self, principal: Principal, media_id: uuid.UUID, url: str, *, stays: bool
    ) -> AsyncIterator[Write[Media]]:
        """As `uploaded`, with a file that is fetched."""
        await self.library.get_own(principal, media_id)
        origin = Origin(Source.IMPORT, url=url)
        async with (
            self.intake.fetched(principal, url) as upload,
            self._checked(principal, media_id, upload, origin, stays=stays) as write,
        ):
            yield write

    async def restore(self, principal: Principal, media_id: uuid.UUID, number: int, *, stays: bool) -> Media:
        """Make an earlier version the newest again. NotFound, Conflict, QuotaExceeded."""
        team = principal.require(Scope.WRITE)
        await self.library.get_own(principal, media_id)
        async with transaction():
            media = await self._lock(principal, team, media_id)
            if (version := await versions.find(media_id, number)) is None:
                raise NotFound("This media has no such earlier version.")
            await blobs.add_reference(version.sha256, version.bytes)
            return await self._put(principal, team, media, replace(media.at(version), origin=UPLOADED), stays=stays)

    @asynccontextmanager
    async def _checked(
        self, principal: Principal, media_id: uuid.UUID, upload: Upload, origin: Origin, *, stays: bool
    ) -> AsyncIterator[Write[Media]]:
        team = principal.require(Scope.WRITE)
        async with self.intake.checked(principal, team, upload, images=0) as (kept, probed):

            async def write() -> Media:
                async with transaction():
                    # The media before its bytes, in the order in which `Trash` takes both: neither waits for the other.
                    media = await self._lock(principal, team, media_id)
                    await self.originals.hold(kept, probed)
                    newer = media.at(_version(kept, probed, media.created_at))
                    return await self._put(principal, team, media, replace(newer, origin=origin), stays=stays)

            yield write

    async def _lock(self, principal: Principal, team: Team, media_id: uuid.UUID) -> Media:
        if not await teams.lock(team.id):
            raise Unauthenticated
        media = await rows.lock(media_id)
        if media is None or not principal.changes(media) or not media.is_live(self.clock()):
            raise NotFound("There is no such media.")
        if await versions.count(media_id) >= MAX_VERSIONS - 1:
            raise Conflict(f"A media has at most {MAX_VERSIONS} versions.")
        return media

    async def _put(self, principal: Principal, team: Team, media: Media, newer: Media, *, stays: bool) -> Media:
        if not media.test:
            await self.quotas.take(principal, team, newer.bytes, images=0)
        await versions.insert(media)
        now = self.clock()
        newer = replace(
            newer,
            version=media.newest + 1,
            newest=media.newest + 1,
            shown_version=(media.shown_version or media.newest) if stays else None,
            replaced_at=now,
            updated_at=now,
        )
        await rows.replace_file(newer)
        await self.events.record(EventType.MEDIA_REPLACED, newer)
        return newer

    async def delete(self, principal: Principal, media_id: uuid.UUID, number: int) -> Media:
        """Remove an earlier version for good; addresses that showed it show the newest. NotFound, InvalidInput."""
        await self.library.get_own(principal, media_id)
        async with transaction():
            media = await rows.lock(media_id)
            if media is not None and media.newest == number:
                raise InvalidInput("version", "The newest version cannot be removed; replace it first.")
            version = await versions.find(media_id, number) if media is not None else None
            if media is None or version is None or not await versions.delete(media_id, number):
                raise NotFound("This media has no such earlier version.")
            if media.shown_version == number:
                await rows.show_newest(media_id)
                media = replace(media, shown_version=None)
            await self.originals.release(version.sha256)
            await Quotas.release(media, version.bytes, images=0)
        await self.originals.remove(version.sha256)
        return media


def _version(upload: Upload, probed: Probed, moment: dt.datetime) -> Version:
    return Version(0, probed.original, upload.size, upload.sha256, moment)
