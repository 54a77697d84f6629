"""Requests that are made once, however often they are sent: by the key that their sender gave them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from graphql_api.db import idempotency as rows
from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.errors import IdempotencyConflict, IdempotencyInProgress, InvalidInput, NotFound
from graphql_api.services.library import Library

_MAX_KEY = 255
_KEPT = dt.timedelta(hours=24)
_LEASE = dt.timedelta(minutes=10)  # longer than any request: who began has died


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Keeps for a day which key made which media."""

    library: Library
    clock: Callable[[], dt.datetime]

    async def once(
        self, principal: Principal, key: str, fingerprint: str, make: Callable[[], Awaitable[Media]]
    ) -> Media:
        """The media that this key has made, or makes now; what fails may be tried again.

        IdempotencyConflict for another request under this key, IdempotencyInProgress while the first is at work.
        """
        team = principal.require(Scope.WRITE)
        if not key.isascii() or not key.isprintable() or len(key) > _MAX_KEY:
            raise InvalidInput("Idempotency-Key", f"An Idempotency-Key has at most {_MAX_KEY} printable characters.")
        # Guests share a team: a key of one must be nothing to another.
        who = principal.address if principal.is_guest else ""
        digest = hashlib.sha256(f"{team.id}\n{principal.is_test}\n{who}\n{key}".encode()).hexdigest()
        began = self.clock()
        while not await rows.begin(digest, team.id, fingerprint, began):
            if (media := await self._earlier(principal, digest, fingerprint)) is not None:
                return media
        try:
            media = await make()
        except BaseException:
            await rows.forget(digest, began)
            raise
        await rows.finish(digest, began, media.id)
        return media

    async def _earlier(self, principal: Principal, digest: str, fingerprint: str) -> Media | None:
        """What an earlier request has made; None once it counts no more."""
        if (earlier := await rows.find(digest)) is None:
            return None
        age = self.clock() - earlier.created_at
        if age < _KEPT and earlier.fingerprint != fingerprint:
            raise IdempotencyConflict
        if earlier.media_id is None and age < _LEASE:
            raise IdempotencyInProgress
        if earlier.media_id is not None and age < _KEPT:
            try:
                return await self.library.get_made(principal, earlier.media_id)
            except NotFound:
                pass  # it is gone since: the key may make another
        await rows.forget(digest, earlier.created_at)
        return None

    async def sweep(self) -> int:
        """Forget what is too old."""
        return await rows.sweep(self.clock() - _KEPT)
