"""The protocol of byte stores, and the keys under which everything lies.

blobs/ab/cd/<sha256>             originals, by content: the same bytes lie there once
uploads/<team>/<id>              what was sent, and is not a media yet
renditions/<sha256>/<recipe key> renditions; to purge those of an original is to delete a prefix
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from graphql_api.domain.transform import REVISION

BLOBS = "blobs/"
RENDITIONS = "renditions/"
UPLOADS = "uploads/"
SPACES = (BLOBS, RENDITIONS, UPLOADS)


def blob_key(sha256: str) -> str:
    """Where the original with this content lies."""
    return f"{BLOBS}{sha256[:2]}/{sha256[2:4]}/{sha256}"


def uploads_prefix(team_id: int) -> str:
    """Where all files wait that may become media of a team."""
    return f"{UPLOADS}{team_id}/"


def upload_key(team_id: int, upload_id: uuid.UUID) -> str:
    """Where a file waits that may become a media."""
    return f"{uploads_prefix(team_id)}{upload_id.hex}"


def renditions_prefix(sha256: str) -> str:
    """Where all renditions of this original lie."""
    return f"{RENDITIONS}{sha256}/"


def proof_key(sha256: str) -> str:
    """Where the proof of this original lies: among its renditions, as it can be made anew like them."""
    return f"{renditions_prefix(sha256)}proof-{REVISION}"


def rendition_key(sha256: str, recipe_key: str) -> str:
    """Where one rendition lies."""
    return renditions_prefix(sha256) + recipe_key


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store knows of a key: size in bytes, time of the last put or touch."""

    key: str
    size: int
    modified: dt.datetime


@dataclass(frozen=True, slots=True)
class PutAddress:
    """Where a file may be sent (PUT) by whoever has the address, and the headers that it must come with."""

    url: str
    headers: Mapping[str, str]


class BlobStore(Protocol):
    """Keeps bytes by key; a key appears whole or not at all. One that is elsewhere may raise StorageUnavailable."""

    async def put(self, key: str, source: Path | bytes) -> Stored:
        """Keep a copy of the file, or these bytes, durably; what is there already is replaced. StorageFull."""

    async def find(self, key: str) -> Stored | None:
        """What is known of the key, or None."""

    async def touch(self, key: str) -> None:
        """Count the key as put now; nothing happens when it is not there."""

    def read(self, key: str, start: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, `size` of them or all, in pieces. FileNotFoundError."""

    def as_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The bytes as a file to read while the context lasts. FileNotFoundError, at once or when it is opened."""

    async def delete(self, key: str) -> None:
        """Forget the key; nothing happens when it is not there."""

    async def delete_prefix(self, prefix: str) -> None:
        """Forget all keys below a prefix that ends in a slash."""

    def list(self, prefix: str) -> AsyncIterator[Stored]:
        """All keys below the prefix, in no order."""

    async def sweep(self, before: dt.datetime) -> None:
        """Remove what puts that began before this moment have left unfinished."""

    async def check(self) -> None:
        """Raise OSError, or what `put` raises, unless bytes can be written now."""

    async def presign_put(self, key: str, size: int, sha256: str | None, seconds: int) -> PutAddress | None:
        """Where a file of this size and digest may be sent past us; None where nothing gets there but by us."""
