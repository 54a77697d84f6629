"""Uploads in three steps: ask for an address, send the file there without a key, make a media of it.

The id says all that there is to know of an upload, signed; what was sent lies in the store until it is used, and is
forgotten after an hour or two if it is not. Some stores take files themselves: then we see them when they are
completed, and hold them against what was told.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import math
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from graphql_api.db import media as rows
from graphql_api.db.database import after_commit, transaction
from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Details, Media, clean_name
from graphql_api.domain.signing import Signer
from graphql_api.errors import (
    BadSignature,
    Conflict,
    InvalidInput,
    LimitExceeded,
    NotFound,
    StorageUnavailable,
    TooLarge,
)
from graphql_api.services.batch import Write
from graphql_api.services.intake import Intake
from graphql_api.services.live import Live, Progress
from graphql_api.storage.blob_store import UPLOADS, BlobStore, PutAddress, upload_key, uploads_prefix

_PURPOSE = "upload"
_GOOD_FOR = dt.timedelta(hours=1)
_SWEEP_AGE = dt.timedelta(hours=2)
_TELL_SECONDS = 0.2
_LOOK_SECONDS = 2.0
_SHA256 = 64  # hexadecimal digits
_MAX_WAITING = 50  # files of a team


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an upload is to be: `token` says the same, signed; `size` in bytes, `sha256` in hex where it was told."""

    token: str
    id: uuid.UUID
    team_id: int
    test: bool
    size: int
    sha256: str | None
    filename: str | None
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DirectUploads:
    """Gives addresses, takes files there, makes media of them."""

    store: BlobStore
    intake: Intake
    live: Live
    signer: Signer
    public_url: str
    clock: Callable[[], dt.datetime]

    async def make(self, principal: Principal, size: int, filename: str | None, sha256: str | None) -> Ticket:
        """An upload to come, counted as one. TooLarge, InvalidInput, and as Intake.expect_upload."""
        team = principal.require(Scope.WRITE)
        limit = min(principal.plan.max_file_bytes, self.intake.picture_limits.max_file_bytes)
        if size < 1:
            raise InvalidInput("bytes", "'bytes' must be at least 1.")
        if size > limit:
            raise TooLarge("bytes", f"A file has at most {limit} bytes.")
        digest = sha256.lower() if sha256 is not None else None
        if digest is not None and (len(digest) != _SHA256 or digest.strip("0123456789abcdef")):
            raise InvalidInput("sha256", f"'sha256' has {_SHA256} hexadecimal digits.")
        name = clean_name(filename, "filename")
        await self.intake.expect_upload(principal, size)
        if sum([1 async for _ in self.store.list(uploads_prefix(team.id))]) >= _MAX_WAITING:
            raise LimitExceeded(
                f"{_MAX_WAITING} files wait to be completed; complete them, or wait until they are gone."
            )
        await self.intake.limits.count_upload(principal)
        upload_id, expires = uuid.uuid4(), self.clock() + _GOOD_FOR
        claims = {"id": upload_id.hex, "team": team.id, "test": principal.is_test, "size": size}
        claims |= {"sha256": digest, "name": name}
        return self.open(self.signer.seal(_PURPOSE, claims, expires))

    async def address(self, ticket: Ticket) -> PutAddress:
        """Where the file is sent, by whoever has this: past us, if the store has a door of its own."""
        key, left = upload_key(ticket.team_id, ticket.id), ticket.expires_at - self.clock()
        presigned = await self.store.presign_put(key, ticket.size, ticket.sha256, math.ceil(left.total_seconds()))
        # (In the query: addresses are logged without theirs.)
        return presigned or PutAddress(f"{self.public_url}/uploads?token={ticket.token}", {})

    def open(self, token: str) -> Ticket:
        """What a token says. BadSignature."""
        claims = self.signer.open(_PURPOSE, token, self.clock())
        return Ticket(
            token=token,
            id=uuid.UUID(str(claims["id"])),
            team_id=int(str(claims["team"])),
            test=bool(claims["test"]),
            size=int(str(claims["size"])),
            sha256=str(claims["sha256"]) if claims["sha256"] else None,
            filename=str(claims["name"]) if claims["name"] else None,
            expires_at=dt.datetime.fromtimestamp(int(str(claims["exp"])), dt.UTC),
        )

    async def receive(self, ticket: Ticket, pieces: AsyncIterator[bytes]) -> None:
        """Keep the file until it is used. Conflict for a second one; InvalidInput, TooLarge for another one."""
        here = await self.store.find(upload_key(ticket.team_id, ticket.id)) is not None
        if here or await rows.find(ticket.id) is not None:
            raise Conflict("The file is here already.")
        told = self._told(ticket, pieces)
        async with self.intake.spool.fill(told, limit=ticket.size, field="body", filename=None) as upload:
            if difference := _difference(ticket, upload.size, upload.sha256):
                raise InvalidInput("body", difference)
            await self.store.put(upload_key(ticket.team_id, ticket.id), upload.path)
        self.live.tell(Progress(ticket.id, ticket.size, ticket.size, done=True))

    async def _told(self, ticket: Ticket, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces; who listens is told of them now and then."""
        received, last = 0, 0.0
        async for piece in pieces:
            received += len(piece)
            if (now := time.monotonic()) - last >= _TELL_SECONDS:
                self.live.tell(Progress(ticket.id, min(received, ticket.size), ticket.size, done=False))
                last = now
            yield piece

    @asynccontextmanager
    async def completing(self, principal: Principal, token: str, details: Details) -> AsyncIterator[Write[Media]]:
        """What makes a media of what was sent, or gives the one that was made of it: an answer may have been lost.

        BadSignature, NotFound when nothing was sent, and as Intake.prepared. InvalidInput for what is not as it was
        told: it is removed, and the right one may be sent.
        """
        ticket = self.opened_by(principal, token)
        key = upload_key(ticket.team_id, ticket.id)
        stored = await self.store.find(key)
        # (In this order: what was sent goes once its media is there.)
        if (made := await rows.find(ticket.id)) is not None and made.is_live(self.clock()):

            async def tell() -> Media:
                return made

            yield tell
            return
        if stored is None:
            raise NotFound("There is no such upload, or its file has not come yet.")
        await self._refuse_other(ticket, stored.size)
        pieces, limit = self._sent(key), ticket.size
        async with self.intake.spool.fill(pieces, limit=limit, field="id", filename=ticket.filename) as upload:
            await self._refuse_other(ticket, upload.size, upload.sha256)
            # The id of the upload becomes that of the media: of two who complete it at once one is refused.
            async with self.intake.prepared(principal, upload, details, media_id=ticket.id) as write:
                yield functools.partial(self._complete, ticket, write)

    async def _complete(self, ticket: Ticket, write: Write[Media]) -> Media:
        async with transaction():
            media = await write()
            after_commit(functools.partial(self._forget, ticket))
        return media

    async def _forget(self, ticket: Ticket) -> None:
        """What was sent is a media now."""
        await self.store.delete(upload_key(ticket.team_id, ticket.id))
        self.live.tell(Progress(ticket.id, ticket.size, ticket.size, done=True))

    async def _sent(self, key: str) -> AsyncIterator[bytes]:
        """The pieces of what was sent. Conflict once another has made a media of it meanwhile."""
        try:
            async for piece in self.store.read(key):
                yield piece
        except FileNotFoundError as error:
            raise Conflict("This upload was completed already.") from error

    async def _refuse_other(self, ticket: Ticket, size: int, sha256: str | None = None) -> None:
        """Remove what lies there, and say why, if it is not what was told. InvalidInput."""
        if difference := _difference(ticket, size, sha256):
            await self.store.delete(upload_key(ticket.team_id, ticket.id))
            raise InvalidInput("id", difference)

    def opened_by(self, principal: Principal, token: str) -> Ticket:
        """The same for the team whose upload it is; for others it is no token. BadSignature."""
        team, ticket = principal.require(Scope.WRITE), self.open(token)
        if ticket.team_id != team.id or ticket.test != principal.is_test:
            raise BadSignature("This link is not valid.")
        return ticket

    @asynccontextmanager
    async def progress(self, ticket: Ticket) -> AsyncIterator[AsyncIterator[Progress]]:
        """How far the file is from now on, inside the context."""
        looking = asyncio.create_task(self._look_for(ticket))
        try:
            with self.live.progress(ticket.id) as messages:
                yield messages
        finally:
            looking.cancel()

    async def _look_for(self, ticket: Ticket) -> None:
        """Tell when the file is in the store: who took it there past us tells nobody."""
        while self.clock() < ticket.expires_at:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(StorageUnavailable):
                if await self.is_here(ticket):
                    self.live.tell(Progress(ticket.id, ticket.size, ticket.size, done=True))
                    return

    async def is_here(self, ticket: Ticket) -> bool:
        """Whether the file has come."""
        return await self.store.find(upload_key(ticket.team_id, ticket.id)) is not None

    async def sweep(self) -> int:
        """Remove what was sent and never used."""
        old = [item.key async for item in self.store.list(UPLOADS) if item.modified < self.clock() - _SWEEP_AGE]
        for key in old:
            await self.store.delete(key)
        return len(old)


def _difference(ticket: Ticket, size: int, sha256: str | None) -> str | None:
    """How a file differs from what was told of it, as far as that is known."""
    if size != ticket.size:
        return f"The file has {size} bytes, not {ticket.size}."
    if sha256 is not None and ticket.sha256 is not None and sha256 != ticket.sha256:
        return "The file has another SHA-256 than was told."
    return None
