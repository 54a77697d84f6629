"""The library: everything that can be asked of media. Whose they are and who may see them is decided here alone."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from graphql_api.db import blobs, media_list, teams, versions, words
from graphql_api.db import media as rows
from graphql_api.db.database import transaction
from graphql_api.domain import ids
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.event import EventType
from graphql_api.domain.key import Scope
from graphql_api.domain.media import OPTIONAL, Changes, Keep, Media, Status, Version
from graphql_api.domain.media_filter import EVERYTHING, MAX_IDS, Likeness, MediaFilter
from graphql_api.domain.page import Page, PageRequest
from graphql_api.domain.plan import Plans, end_of
from graphql_api.domain.text import is_line
from graphql_api.domain.traits import Traits
from graphql_api.errors import InvalidInput, NotFound
from graphql_api.services.events import Events

_VERSION = re.compile(r"[0-9]{1,9}")


class Library:
    """All media of all teams, seen through a principal."""

    def __init__(
        self, *, plans: Plans, events: Events, retention: dt.timedelta, clock: Callable[[], dt.datetime]
    ) -> None:
        self._plans = plans
        self._events = events
        self._retention = retention
        self._clock = clock

    # --- reading

    async def get(self, principal: Principal, media_id: uuid.UUID) -> Media:
        """The media, if it is the caller's or public; else NotFound, in the same words as if there were none."""
        return self._visible(principal, await rows.find(media_id))

    async def get_by_uid(self, principal: Principal, uid: str) -> Media:
        """As `get`, by slug."""
        return self._visible(principal, await rows.find_by_uid(uid) if ids.is_uid(uid) else None)

    async def get_shown(self, principal: Principal, uid: str, version: str = "") -> Media:
        """As `get_by_uid`, in the version that an address shows; one that there never was is as good as none.

        (Many add a `v` of their own to get around caches.) NotFound for a version that was removed.
        """
        media = await self.get_by_uid(principal, uid)
        number = int(version) if _VERSION.fullmatch(version) else 0
        if not 0 < number <= media.newest:
            number = media.shown_version or media.newest
        if number == media.version:
            return media
        if (found := await versions.find(media.id, number)) is None:
            raise NotFound("There is no such media.")
        return media.at(found)

    async def get_by_link(self, uid: str, version: str = "") -> tuple[Principal, Media]:
        """As `get_shown` for whoever has a signed link, and the principal that the link makes of them. NotFound."""
        media = await rows.find_by_uid(uid) if ids.is_uid(uid) else None
        if media is None:
            raise NotFound("There is no such media.")
        team = Team(media.team_id, "", media.storage)
        principal = Principal(team=team, scopes=frozenset({Scope.READ}), test=media.test)
        return principal, await self.get_shown(principal, uid, version)

    async def get_by_external_id(self, principal: Principal, external_id: str) -> Media:
        """As `get`, by what the team's own system calls it."""
        team = principal.require(Scope.READ)
        named = is_line(external_id)  # what PostgreSQL does not even take names nothing
        found = await rows.find_by_external_id(team.id, external_id, test=principal.is_test) if named else None
        return self._visible(principal, found)

    async def find_many(self, principal: Principal, media_ids: Sequence[uuid.UUID]) -> list[Media | None]:
        """For each id, in order: the media, or None where `get` would raise."""
        found = await rows.find_many(media_ids)
        return [self._find_visible(principal, found.get(media_id)) for media_id in media_ids]

    async def list(
        self,
        principal: Principal,
        request: PageRequest,
        wanted: MediaFilter = EVERYTHING,
        fields: frozenset[str] = OPTIONAL,
    ) -> Page[Media]:
        """A slice of the team's media, or of its trash, with those of the OPTIONAL fields that are asked for.

        InvalidInput for a filter by something that is not there.
        """
        if wanted == EVERYTHING and not request.skip:
            team = principal.require(Scope.READ)
            return await media_list.page_of_all(team.id, self._clock(), request, fields, test=principal.is_test)
        return await media_list.page(await self._among(principal, wanted), request, fields)

    async def count(self, principal: Principal, wanted: MediaFilter = EVERYTHING) -> int:
        """How many media the team has, or how many of them are wanted."""
        return await media_list.count(await self._among(principal, wanted))

    async def tags(self, principal: Principal, limit: int) -> Sequence[tuple[str, int]]:
        """The team's tags with the number of media they are on, the most frequent first."""
        return await words.count_tags(await self._among(principal, EVERYTHING), limit)

    async def _among(self, principal: Principal, wanted: MediaFilter) -> media_list.Among:
        team, now = principal.require(Scope.READ), self._clock()
        if wanted.similar_to is not None:
            alike = await self._alike(principal, wanted.similar_to, wanted.status)
            wanted = replace(wanted, ids=alike if wanted.ids is None else tuple(set(alike) & set(wanted.ids)))
        if wanted.status is Status.TRASHED:
            return media_list.in_trash(team.id, now, now - self._retention, test=principal.is_test, wanted=wanted)
        return media_list.live(team.id, now, test=principal.is_test, wanted=wanted)

    async def _alike(self, principal: Principal, likeness: Likeness, status: Status) -> tuple[uuid.UUID, ...]:
        """The nearest of the team's media that look like this one, itself among them if it has this status."""
        media = await self.get(principal, likeness.media_id)
        (traits,) = await self.traits_of(principal, [media])
        if traits.perceptual_hash is None:
            raise InvalidInput("similarTo", "What this media looks like is not known.")
        wanted, among = int(traits.perceptual_hash, 16), await self._among(principal, MediaFilter(status=status))
        distances = [
            ((int(phash, 16) ^ wanted).bit_count(), media_id)
            for media_id, phash in await media_list.fingerprints(among)
        ]
        near = sorted(pair for pair in distances if pair[0] <= likeness.distance)
        return tuple(uuid.UUID(media_id) for _, media_id in near[:MAX_IDS])

    async def tags_of(self, media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, tuple[str, ...]]:
        """The tags of media that the caller was given."""
        return await words.tags_of(media_ids)

    async def versions_of(self, media: Sequence[Media]) -> Sequence[Sequence[Version]]:
        """The earlier versions of media that the caller owns, in order, each time the latest first."""
        found = await versions.of([item.id for item in media if item.newest > 1])
        return [found.get(item.id, ()) for item in media]

    async def labels_of(self, media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Mapping[str, str]]:
        """The labels of media that the caller was given."""
        return await words.labels_of(media_ids)

    async def traits_of(self, principal: Principal, media: Sequence[Media]) -> Sequence[Traits]:
        """What media that the caller was given show, in order; empty where nothing was written down.

        Where a picture was taken, and with which very device, is told to its team alone, however public it is.
        """
        found = await blobs.traits_of({item.sha256 for item in media})
        known = [(item, found.get(item.sha256, Traits())) for item in media]
        return [traits if principal.owns(item) else traits.without_private() for item, traits in known]

    def _find_visible(self, principal: Principal, media: Media | None) -> Media | None:
        if media is None or not media.is_live(self._clock()):
            return None
        return media if media.public or principal.owns(media) else None

    def _visible(self, principal: Principal, media: Media | None) -> Media:
        if (visible := self._find_visible(principal, media)) is None:
            raise NotFound("There is no such media.")
        return visible

    # --- changing

    async def update(self, principal: Principal, media_id: uuid.UUID, changes: Changes) -> Media:
        """Change what is said of one of the team's media. NotFound, DuplicateExternalId."""
        media, now = await self.get_own(principal, media_id), self._clock()
        if changes == Changes():
            return media
        # What was made with a test key ends with it, whoever changes it: it counts nothing, so it must not stay.
        plan = self._plans.test if media.test else principal.plan
        expires_at = None if isinstance(changes.ttl, Keep) else end_of(plan, now, media.created_at, changes.ttl)
        async with transaction():
            await teams.lock(media.team_id)  # before the media and new tags, as batches do that hold many of both
            if changes.builds_on:
                current = await rows.lock(media.id)
                tags = (await words.tags_of([media.id])).get(media.id, ())
                labels = (await words.labels_of([media.id])).get(media.id, {})
                changes = changes.on(current.attributes if current else {}, labels, tags)
            if isinstance(changes.external_id, str):
                await rows.free_external_id(media.team_id, changes.external_id, now, test=media.test)
            await rows.update(media.id, changes, expires_at, now)
            # From here on nobody else changes it; until here somebody may have put it into the trash, or removed it.
            changed = await rows.find(media.id)
            if changed is None or changed.deleted_at is not None:
                raise NotFound("There is no such media.")
            if not isinstance(changes.tags, Keep):
                await words.set_tags(media.team_id, media.id, changes.tags)
            if not isinstance(changes.labels, Keep):
                await words.set_labels(media.team_id, media.id, changes.labels)
            await self._events.record(EventType.MEDIA_UPDATED, changed)
        return changed

    async def get_own_by_uid(self, principal: Principal, uid: str) -> Media:
        """As `get_own`, by slug."""
        principal.require(Scope.WRITE)
        media = await rows.find_by_uid(uid) if ids.is_uid(uid) else None
        if media is None or not principal.changes(media) or not media.is_live(self._clock()):
            raise NotFound("There is no such media.")
        return media

    async def get_own(self, principal: Principal, media_id: uuid.UUID) -> Media:
        """One of the team's media, to be changed. NotFound, Forbidden."""
        principal.require(Scope.WRITE)
        media = await rows.find(media_id)
        if media is None or not principal.changes(media) or not media.is_live(self._clock()):
            raise NotFound("There is no such media.")
        return media
