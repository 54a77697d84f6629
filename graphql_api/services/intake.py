"""What comes in: files are checked, kept, counted, and become media. On any failure nothing is kept."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from graphql_api.db import media as rows
from graphql_api.db import teams, words
from graphql_api.db.database import transaction
from graphql_api.domain import ids
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.event import EventType
from graphql_api.domain.format import Format, sniff
from graphql_api.domain.key import Scope
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import UPLOADED, Details, Media, Origin, Original, Source, Upload, clean_name
from graphql_api.domain.plan import end_of
from graphql_api.domain.traits import Probed
from graphql_api.domain.transform import IDENTITY
from graphql_api.errors import (
    Conflict,
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
from graphql_api.services.events import Events
from graphql_api.services.limits import Limits
from graphql_api.services.originals import Originals
from graphql_api.services.quotas import Quotas
from graphql_api.services.spool import Spool
from graphql_api.services.trash import Trash


@dataclass(frozen=True, slots=True)
class Intake:
    """Makes media of files."""

    originals: Originals
    spool: Spool
    imaging: ImagingPool
    fetcher: Fetcher
    limits: Limits
    quotas: Quotas
    trash: Trash
    events: Events
    picture_limits: PictureLimits
    clock: Callable[[], dt.datetime]

    async def expect_upload(self, principal: Principal, size: int = 1) -> None:
        """Refuse an upload before a byte of it is read: Unauthenticated, Forbidden, RateLimited, QuotaExceeded."""
        team = principal.require(Scope.WRITE)
        await self.limits.check_upload(principal)
        await self._check_quota(principal, team, size)

    async def upload(
        self,
        principal: Principal,
        upload: Upload,
        details: Details,
        origin: Origin = UPLOADED,
        media_id: uuid.UUID | None = None,
    ) -> Media:
        """Keep a file as a new media. UnsupportedMedia, TooLarge, LimitExceeded, DuplicateExternalId."""
        principal.require(Scope.WRITE)
        await self.limits.count_upload(principal)
        return await self.keep(principal, upload, details, origin, media_id)

    async def keep(
        self,
        principal: Principal,
        upload: Upload,
        details: Details,
        origin: Origin = UPLOADED,
        media_id: uuid.UUID | None = None,
    ) -> Media:
        """As `upload`, for what was counted before; Conflict when there is a media of this id."""
        async with self.prepared(principal, upload, details, origin, media_id) as write:
            return await write()

    @asynccontextmanager
    async def prepared(
        self,
        principal: Principal,
        upload: Upload,
        details: Details,
        origin: Origin = UPLOADED,
        media_id: uuid.UUID | None = None,
    ) -> AsyncIterator[Callable[[], Awaitable[Media]]]:
        """All of `keep` but what it writes in its transaction: that is to be called inside the context."""
        team = principal.require(Scope.WRITE)
        if principal.is_guest:
            if not details.public:
                raise InvalidInput("public", "What comes without a key is public: nobody could ask for it otherwise.")
            # Guests share a team: by such an id one would find out, or take away, what another calls his.
            details = replace(details, external_id=None)
        async with self.checked(principal, team, upload) as (kept, probed):
            media = self._new_media(principal, team, kept, probed.original, details)
            media = replace(media, origin=origin, id=media_id or media.id)
            yield functools.partial(self._write, principal, team, media, details, (kept, probed))

    async def _write(
        self, principal: Principal, team: Team, media: Media, details: Details, file: tuple[Upload, Probed]
    ) -> Media:
        async with transaction():
            if not await teams.lock(team.id):
                # It ended while the file was on its way: nothing would ever remove what is written now.
                raise Unauthenticated
            if await rows.find(media.id) is not None:
                raise Conflict("There is such a media already.")
            parent_id = media.origin.parent_id
            if parent_id is not None and await rows.find(parent_id) is None:
                raise NotFound("There is no such media.")  # any more: it was deleted while this was made of it
            await self.originals.hold(*file)
            await self.quotas.take(principal, team, media.bytes)
            if media.external_id is not None:
                await rows.free_external_id(team.id, media.external_id, media.created_at, test=media.test)
            await rows.insert(media)
            await self.events.record(EventType.MEDIA_CREATED, media)
            if details.tags:
                await words.set_tags(team.id, media.id, details.tags)
            if details.labels:
                await words.set_labels(team.id, media.id, details.labels)
        return media

    @asynccontextmanager
    async def checked(
        self, principal: Principal, team: Team, upload: Upload, *, images: int = 1
    ) -> AsyncIterator[tuple[Upload, Probed]]:
        """What is kept of a file (a drawing is cleaned), in the store already, and what it shows; as `upload`."""
        limit = min(principal.plan.max_file_bytes, self.picture_limits.max_file_bytes)
        if upload.size > limit:
            raise TooLarge("file", f"The file has more than {limit} bytes.")
        await self._check_quota(principal, team, upload.size, images=images)
        async with AsyncExitStack() as stack:
            kind = _sniff(upload)
            if kind is Format.SVG:
                upload = await stack.enter_async_context(self._cleaned(upload))
            probed = await self._probe(upload, kind)
            _refuse_unservable(probed.original, self.picture_limits)
            await self.originals.put(upload)
            try:
                yield upload, probed
            except Exception:
                await self.originals.discard(upload.sha256)
                raise

    async def _check_quota(self, principal: Principal, team: Team, size: int, *, images: int = 1) -> None:
        """Refuse before the work what `take` would refuse after it; what is over does not count. QuotaExceeded."""
        try:
            await self.quotas.check(principal, team, size, images=images)
        except QuotaExceeded:
            if not await self.trash.sweep(team.id):
                raise
            await self.quotas.check(principal, team, size, images=images)

    async def import_url(
        self, principal: Principal, url: str, details: Details, media_id: uuid.UUID | None = None
    ) -> Media:
        """Fetch a file and keep it as a new media; as `upload`, and UpstreamFailed."""
        principal.require(Scope.WRITE)
        async with self.fetched(principal, url) as upload:
            return await self.keep(principal, upload, details, Origin(Source.IMPORT, url=url), media_id)

    @asynccontextmanager
    async def fetched(self, principal: Principal, url: str) -> AsyncIterator[Upload]:
        """The file behind a URL, counted as an upload; what is found wrong with it is said of the `url`."""
        # Counted first: the traffic to the other server is there whatever comes of it.
        await self.limits.count_upload(principal)
        limit = min(principal.plan.max_file_bytes, self.picture_limits.max_file_bytes)
        async with AsyncExitStack() as stack:
            # The time limit of the fetch ends with it: it must not cut a transaction short.
            async with self.fetcher.open(url) as fetched:
                filling = self.spool.fill(fetched.pieces, limit=limit, field="url", filename=fetched.filename)
                upload = await stack.enter_async_context(filling)
            try:
                yield upload
            except (UnsupportedMedia, TooLarge) as error:
                raise error.at("url") from error

    @asynccontextmanager
    async def _cleaned(self, upload: Upload) -> AsyncIterator[Upload]:
        """A drawing without what could do harm: that is what is kept, and nobody gets to see what came."""
        limit = self.picture_limits.max_svg_bytes
        if upload.size > limit:
            raise TooLarge("file", f"A drawing has at most {limit} bytes.")
        async with self.spool.path() as target:
            await self.imaging.clean(Clean(upload.path, target))
            cleaned = await self.spool.measure(target, upload.filename)
            if cleaned.size > limit:  # characters are written in other ways, and attributes in full
                raise TooLarge("file", f"A drawing has at most {limit} bytes once it is cleaned.")
            yield cleaned

    async def _probe(self, upload: Upload, kind: Format) -> Probed:
        job = Probe(upload.path, kind, self.picture_limits)
        try:
            return await self.imaging.probe(job)
        except (TookTooLong, UnsupportedMedia):
            if kind is not Format.SVG:
                raise
        # It can still be served as it is, and cost nobody's processor but the viewer's.
        return await self.imaging.probe(replace(job, measures_only=True))

    def _new_media(
        self, principal: Principal, team: Team, upload: Upload, original: Original, details: Details
    ) -> Media:
        now = self.clock()
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
            attributes=details.attributes,
            created_at=now,
            updated_at=now,
            expires_at=end_of(principal.plan, now, now, details.ttl),
            test=principal.is_test,
            external_id=details.external_id,
            focal_point=details.focal_point,
        )


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


def _usable_name(filename: str | None) -> str | None:
    """What the client calls the file, when that can be used: a strange name is no reason to refuse a picture."""
    try:
        return clean_name(filename)
    except InvalidInput:
        return None
