"""Everything that a team owns, as one archive (tar), streamed: it is never whole in memory or on disk."""

from __future__ import annotations

import datetime as dt
import itertools
import tarfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict

import orjson

from graphql_api.db import collections, keys, presets, teams, versions, webhooks, words
from graphql_api.db import media as rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal, Team
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.described import describe
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.domain.signing import Signer
from graphql_api.errors import BadSignature
from graphql_api.services.audit import Audit
from graphql_api.storage.blob_store import BlobStore, blob_key

_PURPOSE = "export"
_LINK_HOURS = 1
_BATCH = 200
_BLOCK = tarfile.BLOCKSIZE


class Exports:
    """Makes archives of teams."""

    def __init__(
        self, *, store: BlobStore, signer: Signer, audit: Audit, public_url: str, clock: Callable[[], dt.datetime]
    ) -> None:
        self._store = store
        self._signer = signer
        self._audit = audit
        self._public_url = public_url
        self._clock = clock

    async def link(self, principal: Principal) -> tuple[str, dt.datetime]:
        """Where the archive can be fetched without a key, and until when; for the team's admins."""
        team = await self.start(principal)
        expires = self._clock() + dt.timedelta(hours=_LINK_HOURS)
        token = self._signer.seal(_PURPOSE, {"team": team.id}, expires)
        return f"{self._public_url}/export?token={token}", expires

    async def start(self, principal: Principal) -> Team:
        """The caller's team, whose archive they get now or by a link; written down. Unauthenticated, Forbidden."""
        team = principal.require(Scope.ADMIN)
        await self.record(principal, team)
        return team

    async def record(self, principal: Principal, team: Team) -> None:
        """Write down that somebody gets everything that the team owns."""
        async with transaction():
            await self._audit.record(principal, AuditAction.TEAM_EXPORTED, team.name, team_id=team.id)

    async def open(self, token: str) -> Team:
        """The team whose archive a link is for. BadSignature."""
        claims = self._signer.open(_PURPOSE, token, self._clock())
        if (team := await teams.find_by_id(int(str(claims["team"])))) is None:
            raise BadSignature("This link is not valid any more.")
        return team

    async def stream(self, team: Team) -> AsyncIterator[bytes]:
        """The archive: originals as they are, what is said of them in parts of 200, and last the manifest."""
        parts: list[str] = []
        count, missing, after = 0, [], ""
        while batch := await rows.batch_of(team.id, after, _BATCH):
            ids = [media.id for media in batch]
            tags, labels, inside = await words.tags_of(ids), await words.labels_of(ids), await collections.of_media(ids)
            earlier = await versions.of([media.id for media in batch if media.newest > 1])
            files = [(media, [media, *map(media.at, earlier.get(media.id, ()))]) for media in batch]
            for media in itertools.chain.from_iterable(all_files for _, all_files in files):
                if await self._store.find(blob_key(media.sha256)) is None:
                    missing.append(media.uid)
                    continue
                async for piece in self._original(media):
                    yield piece
            count, after = count + len(batch), str(batch[-1].id)
            parts.append(f"media/{len(parts) + 1:05}.json")
            described = [
                _described(media, tags.get(media.id, ()))
                | {"labels": labels.get(media.id, {}), "versions": [_file(item) for item in all_files]}
                | {"collections": [collection.name for collection in inside.get(media.id, ())]}
                for media, all_files in files
            ]
            yield _member(parts[-1], orjson.dumps(described, option=orjson.OPT_INDENT_2), self._clock())
        manifest = await self._manifest(team) | {"media": {"count": count, "parts": parts, "missing": missing}}
        yield _member("manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2), self._clock())
        yield bytes(2 * _BLOCK)  # the end of a tar

    async def _original(self, media: Media) -> AsyncIterator[bytes]:
        yield _head(_path(media), media.bytes, media.created_at)
        left = media.bytes
        async for piece in self._store.read(blob_key(media.sha256)):
            left -= len(piece)
            yield piece
        if left:
            raise OSError(f"the original of {media.uid} has another size than its row")
        yield bytes(-media.bytes % _BLOCK)

    async def _manifest(self, team: Team) -> dict[str, object]:
        """The team itself: who is in it, which keys it has (never their secrets), what its presets mean."""
        return {
            "format": "tintype-export/1",
            "exportedAt": self._clock(),
            "team": {"name": team.name, "storage": team.storage, "plan": team.plan},
            "members": [
                {"email": member.user.email, "name": member.user.name, "role": member.role, "since": member.since}
                for member in await teams.members(team.id)
            ],
            "keys": [
                {"name": key.name, "profile": key.profile, "scopes": sorted(key.scopes), "createdAt": key.created_at}
                for key in await keys.list_all(team.id)
            ],
            "presets": [asdict(preset) for preset in await presets.list_all(team.id)],
            "collections": [
                {"name": item.name, "description": item.description} for item in await collections.list_all(team.id)
            ],
            "webhooks": [
                {"url": item.url, "events": sorted(item.events), "active": item.active}
                for item in await webhooks.list_all(team.id)
            ],
        }


def _path(media: Media) -> str:
    version = f".v{media.version}" if media.version < media.newest else ""
    return f"originals/{media.uid}{version}.{media.original.format}"


def _file(media: Media) -> dict[str, object]:
    return {"number": media.version, "file": _path(media), "sha256": media.sha256, "bytes": media.bytes}


def _described(media: Media, tags: tuple[str, ...]) -> dict[str, object]:
    # (PostgreSQL's driver has a UUID of its own, which orjson does not know.)
    return {"id": str(media.id), "file": _path(media), "tags": tags} | describe(media)


def _head(name: str, size: int, modified: dt.datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = size, int(modified.timestamp())
    return info.tobuf(tarfile.PAX_FORMAT)


def _member(name: str, content: bytes, modified: dt.datetime) -> bytes:
    return _head(name, len(content), modified) + content + bytes(-len(content) % _BLOCK)
