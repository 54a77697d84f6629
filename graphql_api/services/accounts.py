"""Teams, people and keys: who is calling, and how they come to be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from argon2 import PasswordHasher

from graphql_api.db import accounts as rows
from graphql_api.domain.account import Principal, Profile, Scope, Team
from graphql_api.domain.plan import MIRROR
from graphql_api.errors import InvalidInput, Unauthenticated

GUESTS = "Anonymous uploads"  # the team that owns what came without a key
MIRROR_TEAM = "Mirrored images"
_MAX_SECRET = 256
_MAX_NAME = 100
_MAX_EMAIL = 254
_MIN_PASSWORD = 8
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class Accounts:
    """Who is calling, and how accounts are made."""

    def __init__(self, *, anonymous_uploads: bool) -> None:
        self._anonymous_uploads = anonymous_uploads
        self._guests: Team | None = None

    async def authenticate(self, secret: str | None, address: str) -> Principal:
        """Who has this key; without one, anybody. Unauthenticated for a key that is not known."""
        if secret is None:
            return Principal(address=address)
        found = await rows.find_key(secret) if len(secret) <= _MAX_SECRET else None
        if found is None:
            raise Unauthenticated("This API key is not valid.")
        key, team = found
        return Principal(team=team, key=key, scopes=key.scopes, address=address)

    async def admit_guest(self, principal: Principal) -> Principal:
        """The caller as one who may upload without a key. Unauthenticated where the operator wants none."""
        if principal.team is not None:
            return principal
        if not self._anonymous_uploads:
            raise Unauthenticated
        self._guests = self._guests or await rows.make_team(GUESTS)
        return Principal(team=self._guests, scopes=frozenset({Scope.WRITE}), address=principal.address)

    async def mirror(self) -> Principal:
        """Ourselves, fetching images of other origins that somebody asked to have transformed."""
        return Principal(team=await rows.make_team(MIRROR_TEAM), scopes=frozenset({Scope.WRITE}), special=MIRROR)

    async def make_team(self, name: str) -> Team:
        """The team of this name, made if it is not there."""
        if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
            raise InvalidInput("team", f"A team's name has 1 to {_MAX_NAME} printable characters.")
        return await rows.make_team(name.strip())

    async def has_team(self, name: str) -> bool:
        """Whether there is a team of this name."""
        return await rows.find_team(name.strip()) is not None

    async def make_key(self, team: Team, name: str, profile: Profile, scopes: Iterable[Scope]) -> str:
        """A new key of the team. It is shown now and never again."""
        if len(name) > _MAX_NAME:
            raise InvalidInput("name", f"A key's name has at most {_MAX_NAME} characters.")
        return await rows.make_key(team, name, profile, scopes)

    async def has_keys(self) -> bool:
        """Whether this is an installation in use."""
        return await rows.has_keys()

    async def make_user(self, email: str, password: str | None, team: Team | None, *, admin: bool) -> None:
        """A new person. InvalidInput, Conflict."""
        if not _EMAIL.fullmatch(email) or len(email) > _MAX_EMAIL:
            raise InvalidInput("email", "This is not an e-mail address.")
        if password is not None and len(password) < _MIN_PASSWORD:
            raise InvalidInput("password", f"A password has at least {_MIN_PASSWORD} characters.")
        hashed = await asyncio.to_thread(PasswordHasher().hash, password) if password is not None else None
        await rows.make_user(email.lower(), hashed, team, admin=admin)
