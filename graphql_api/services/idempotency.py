"""Requests that are made once, however often they are sent: by the key that their sender gave them."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from graphql_api.db import idempotency as rows
from graphql_api.db import media as media_rows
from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.errors import IdempotencyConflict, IdempotencyInProgress, InvalidInput

_MAX_KEY = 255
_KEPT = dt.timedelta(hours=24)
_LEASE = dt.timedelta(minutes=10)  # longer than any request: who began has died


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Keeps for a day which key made which media.

    The media's id is chosen and written down before the work begins: whatever crashes when, there is never a second.
    """

    clock: Callable[[], dt.datetime]

    async def once(
        self, principal: Principal, key: str, fingerprint: str, make: Callable[[uuid.UUID], Awaitable[Media]]
    ) -> Media:
        """The media that this key has made, or makes now, with the id given; what fails may be tried again.

        IdempotencyConflict for another request under this key, IdempotencyInProgress while the first is at work.
        """
        team = principal.require(Scope.WRITE)
        if not key.isascii() or not key.isprintable() or len(key) > _MAX_KEY:
            raise InvalidInput("Idempotency-Key", f"An Idempotency-Key has at most {_MAX_KEY} printable characters.")
        # Guests share a team: a key of one must be nothing to another.
        who = principal.address if principal.is_guest else ""
        digest = hashlib.sha256(f"{team.id}\n{principal.is_test}\n{who}\n{key}".encode()).hexdigest()
        media_id = uuid.uuid4()
        request = rows.Request(fingerprint, self.clock(), media_id)
        while not await rows.begin(digest, team.id, request):
            if (earlier := await rows.find(digest)) is None:
                continue  # it has failed just now
            found = await self._made(earlier, fingerprint)
            if isinstance(found, Media):
                return found
            if await rows.take_over(digest, earlier, again := replace(request, media_id=found)):
                media_id, request = found, again
                break
        return await self._make(digest, request, media_id, make)

    async def _made(self, earlier: rows.Request, fingerprint: str) -> Media | uuid.UUID:
        """What an earlier request has made; once it counts no more, the id that another may make a media with."""
        age = self.clock() - earlier.began
        if age >= _KEPT:
            return uuid.uuid4()
        if earlier.fingerprint != fingerprint:
            raise IdempotencyConflict
        media = await media_rows.find(earlier.media_id) if earlier.media_id else None
        if media is not None and media.is_live(self.clock()):
            return media
        if media is not None or earlier.done:
            return uuid.uuid4()  # it is gone since
        if age < _LEASE:
            raise IdempotencyInProgress
        # Should that one be at work in spite of all, the id lets only one of both come to its end.
        return earlier.media_id or uuid.uuid4()

    @staticmethod
    async def _make(
        digest: str, request: rows.Request, media_id: uuid.UUID, make: Callable[[uuid.UUID], Awaitable[Media]]
    ) -> Media:
        try:
            media = await make(media_id)
        except BaseException as error:
            made = await media_rows.find(media_id)
            if made is None:
                await rows.forget(digest, request)
            elif isinstance(error, Exception):
                return made  # it was committed, here or by who was before
            raise
        await rows.finish(digest, request)
        return media

    async def sweep(self) -> int:
        """Forget what is too old."""
        return await rows.sweep(self.clock() - _KEPT)
