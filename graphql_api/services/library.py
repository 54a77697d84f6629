"""The library: everything that can be asked of media. Whose they are and who may see them is decided here alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from graphql_api.db import blobs, teams
from graphql_api.db import media as rows
from graphql_api.db.database import transaction
from graphql_api.domain import ids
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.format import Format, sniff
from graphql_api.domain.key import Scope
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import Changes, Details, Keep, Media, Original, Upload, clean_name
from graphql_api.domain.page import Page, PageRequest
from graphql_api.domain.plan import Plan
from graphql_api.domain.traits import Probed, Traits
from graphql_api.domain.transform import IDENTITY
from graphql_api.errors import (
    InvalidInput,
    NotFound,
    QuotaExceeded,
    TookTooLong,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from graphql_api.imaging.abilities import reads_jxl
from graphql_api.imaging.jobs import Clean, Probe
from graphql_api.imaging.pool import ImagingPool
from graphql_api.remote.fetch import Fetcher
from graphql_api.services.limits import Limits
from graphql_api.services.originals import Originals
from graphql_api.services.quotas import Quotas
from graphql_api.services.spool import Spool
from graphql_api.services.trash import Trash


@dataclass(frozen=True, slots=True)
class Tools:
    """What the library works with."""

    originals: Originals
    spool: Spool
    imaging: ImagingPool
    fetcher: Fetcher
    limits: Limits
    quotas: Quotas
    trash: Trash
    picture_limits: PictureLimits
    clock: Callable[[], dt.datetime]


class Library:
    """All media of all teams, seen through a principal."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    # --- making

    async def expect_upload(self, principal: Principal) -> None:
        """Refuse an upload before a byte of it is read: Unauthenticated, Forbidden, RateLimited, QuotaExceeded."""
        team = principal.require(Scope.WRITE)
        await self._tools.limits.check_upload(principal)
        await self._check_quota(principal, team, 1)

    async def upload(self, principal: Principal, upload: Upload, details: Details) -> Media:
        """Keep an uploaded file as a new media. UnsupportedMedia, TooLarge, LimitExceeded; on any nothing is kept."""
        team = principal.require(Scope.WRITE)
        await self._tools.limits.count_upload(principal)
        return await self._keep(principal, team, upload, details)

    async def _keep(self, principal: Principal, team: Team, upload: Upload, details: Details) -> Media:
        limit = min(principal.plan.max_file_bytes, self._tools.picture_limits.max_file_bytes)
        if upload.size > limit:
            raise TooLarge("file", f"The file has more than {limit} bytes.")
        await self._check_quota(principal, team, upload.size)
        async with AsyncExitStack() as stack:
            kind = _sniff(upload)
            if kind is Format.SVG:
                upload = await stack.enter_async_context(self._cleaned(upload))
            probed = await self._probe(upload, kind)
            _refuse_unservable(probed.original, self._tools.picture_limits)
            await self._tools.originals.put(upload)
            media = self._new_media(principal, team, upload, probed.original, details)
            async with transaction():
                await self._tools.originals.hold(upload, probed)
                if not await teams.lock(team.id):
                    # It ended while the file was on its way: nothing would ever remove what is written now.
                    raise Unauthenticated
                await self._tools.quotas.take(principal, team, upload.size)
                await rows.insert(media)
                if details.tags:
                    await rows.set_tags(team.id, media.id, details.tags)
        return media

    async def _check_quota(self, principal: Principal, team: Team, size: int) -> None:
        """Refuse before the work what `take` would refuse after it; what is over does not count. QuotaExceeded."""
        try:
            await self._tools.quotas.check(principal, team, size)
        except QuotaExceeded:
            if not await self._tools.trash.sweep(team.id):
                raise
            await self._tools.quotas.check(principal, team, size)

    async def import_url(self, principal: Principal, url: str, details: Details) -> Media:
        """Fetch a file and keep it as a new media; as `upload`, and UpstreamFailed."""
        team = principal.require(Scope.WRITE)
        # Counted first: the traffic to the other server is there whatever comes of it.
        await self._tools.limits.count_upload(principal)
        limit = min(principal.plan.max_file_bytes, self._tools.picture_limits.max_file_bytes)
        async with AsyncExitStack() as stack:
            # The time limit of the fetch ends with it: it must not cut a transaction short.
            async with self._tools.fetcher.open(url) as fetched:
                filling = self._tools.spool.fill(fetched.pieces, limit=limit, field="url", filename=fetched.filename)
                upload = await stack.enter_async_context(filling)
            try:
                return await self._keep(principal, team, upload, details)
            except (UnsupportedMedia, TooLarge) as error:
                raise error.at("url") from error

    @asynccontextmanager
    async def _cleaned(self, upload: Upload) -> AsyncIterator[Upload]:
        """A drawing without what could do harm: that is what is kept, and nobody gets to see what came."""
        limit = self._tools.picture_limits.max_svg_bytes
        if upload.size > limit:
            raise TooLarge("file", f"A drawing has at most {limit} bytes.")
        async with self._tools.spool.path() as target:
            await self._tools.imaging.clean(Clean(upload.path, target))
            yield await self._tools.spool.measure(target, upload.filename)

    async def _probe(self, upload: Upload, kind: Format) -> Probed:
        job = Probe(upload.path, kind, self._tools.picture_limits)
        try:
            return await self._tools.imaging.probe(job)
        except (TookTooLong, UnsupportedMedia):
            if kind is not Format.SVG:
                raise
        # It can still be served as it is, and cost nobody's processor but the viewer's.
        return await self._tools.imaging.probe(replace(job, measures_only=True))

    def _new_media(
        self, principal: Principal, team: Team, upload: Upload, original: Original, details: Details
    ) -> Media:
        now = self._tools.clock()
        uid = ids.new_uid()
        return Media(
            id=uuid.uuid4(),
            uid=uid,
            team_id=team.id,
            storage=team.storage,
            name=details.name or _usable_name(upload.filename) or f"{uid}.{original.format}",
            caption=details.caption,
            alt_text=details.alt_text,
            public=details.public,
            original=original,
            bytes=upload.size,
            sha256=upload.sha256,
            attributes={},
            created_at=now,
            updated_at=now,
            expires_at=_end(principal.plan, now, now, details.ttl),
            test=principal.is_test,
        )

    # --- reading

    async def get(self, principal: Principal, media_id: uuid.UUID) -> Media:
        """The media, if it is the caller's or public; else NotFound, in the same words as if there were none."""
        return self._visible(principal, await rows.find(media_id))

    async def get_by_uid(self, principal: Principal, uid: str) -> Media:
        """As `get`, by slug."""
        return self._visible(principal, await rows.find_by_uid(uid) if ids.is_uid(uid) else None)

    async def find_many(self, principal: Principal, media_ids: Sequence[uuid.UUID]) -> list[Media | None]:
        """For each id, in order: the media, or None where `get` would raise."""
        found = await rows.find_many(media_ids)
        return [self._find_visible(principal, found.get(media_id)) for media_id in media_ids]

    async def list(self, principal: Principal, request: PageRequest) -> Page[Media]:
        """A slice of the team's media, newest first."""
        team = principal.require(Scope.READ)
        return await rows.page(team.id, request, self._tools.clock(), test=principal.is_test)

    async def count(self, principal: Principal) -> int:
        """How many media the team has."""
        return await rows.count(principal.require(Scope.READ).id, self._tools.clock(), test=principal.is_test)

    async def tags_of(self, media_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, tuple[str, ...]]:
        """The tags of media that the caller was given."""
        return await rows.tags_of(media_ids)

    async def traits_of(self, principal: Principal, media: Sequence[Media]) -> Sequence[Traits]:
        """What media that the caller was given show, in order; empty where nothing was written down.

        Where a picture was taken, and with which very device, is told to its team alone, however public it is.
        """
        found = await blobs.traits_of({item.sha256 for item in media})
        known = [(item, found.get(item.sha256, Traits())) for item in media]
        return [traits if principal.owns(item) else traits.without_private() for item, traits in known]

    def _find_visible(self, principal: Principal, media: Media | None) -> Media | None:
        if media is None or not media.is_live(self._tools.clock()):
            return None
        return media if media.public or principal.owns(media) else None

    def _visible(self, principal: Principal, media: Media | None) -> Media:
        if (visible := self._find_visible(principal, media)) is None:
            raise NotFound("There is no such media.")
        return visible

    # --- changing

    async def update(self, principal: Principal, media_id: uuid.UUID, changes: Changes) -> Media:
        """Change what is said of one of the team's media. NotFound."""
        media, now = await self.get_own(principal, media_id), self._tools.clock()
        # What was made with a test key ends with it, whoever changes it: it counts nothing, so it must not stay.
        plan = self._tools.quotas.plans.test if media.test else principal.plan
        expires_at = None if isinstance(changes.ttl, Keep) else _end(plan, now, media.created_at, changes.ttl)
        async with transaction():
            await rows.update(media.id, changes, expires_at, now)
            if not isinstance(changes.tags, Keep):
                await rows.set_tags(media.team_id, media.id, changes.tags)
        if (changed := await rows.find(media.id)) is None:
            raise NotFound("There is no such media.")
        return changed

    async def get_own(self, principal: Principal, media_id: uuid.UUID) -> Media:
        """One of the team's media, to be changed. NotFound, Forbidden."""
        principal.require(Scope.WRITE)
        media = await rows.find(media_id)
        if media is None or not principal.changes(media) or not media.is_live(self._tools.clock()):
            raise NotFound("There is no such media.")
        return media


def _sniff(upload: Upload) -> Format:
    if (kind := sniff(upload.head)) is None or (kind is Format.JXL and not reads_jxl()):
        readable = [word.upper() for word in Format if word is not Format.JXL or reads_jxl()]
        raise UnsupportedMedia("file", f"The file is no image of a kind that can be read: {', '.join(readable)}.")
    return kind


def _refuse_unservable(original: Original, limits: PictureLimits) -> None:
    """Refuse what could be kept, but not shown as it is in the format that it goes out in."""
    try:
        IDENTITY.settle(original, limits=limits)
    except TooLarge as error:
        raise error.at("file") from error


def _end(plan: Plan, now: dt.datetime, made: dt.datetime, ttl: dt.timedelta | None) -> dt.datetime | None:
    """When a media is gone: after its time to live, or when the plan keeps it no longer; None for never."""
    ends = [now + ttl] if ttl is not None else []
    if plan.retention is not None:
        ends.append(made + plan.retention)
    return min(ends, default=None)


def _usable_name(filename: str | None) -> str | None:
    """What the client calls the file, when that can be used: a strange name is no reason to refuse a picture."""
    try:
        return clean_name(filename)
    except InvalidInput:
        return None
