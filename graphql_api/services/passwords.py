"""Passwords: argon2id, a few at once, the same time for everybody."""

from __future__ import annotations

import asyncio
import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from graphql_api.domain.names import MAX_PASSWORD

_AT_ONCE = 2  # each takes 64 MiB and a tenth of a second of a core

_hasher = PasswordHasher()


class Passwords:
    """Hashes and compares, beside the event loop."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        async with self._places:
            return await asyncio.to_thread(_hasher.hash, password)

    async def match(self, hashed: str | None, password: str) -> bool:
        """Whether it is the password. Without a hash the same work is done: the time must not tell who exists."""
        async with self._places:
            return await asyncio.to_thread(_verify, hashed, password)

    @staticmethod
    def is_outdated(hashed: str | None) -> bool:
        """Whether today's parameters are others than those it was hashed with."""
        return hashed is not None and _hasher.check_needs_rehash(hashed)


def _verify(hashed: str | None, password: str) -> bool:
    try:
        _hasher.verify(hashed or _nobodys(), password[:MAX_PASSWORD])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return hashed is not None


@functools.cache
def _nobodys() -> str:
    """A hash that no password has."""
    return _hasher.hash(secrets.token_hex(32))
