"""API keys: their forms, what they may do, and what is stored of them, which is a digest only."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from enum import StrEnum

from graphql_api.domain.names import clean_name
from graphql_api.errors import InvalidInput


class Scope(StrEnum):
    """A right: to see what is the team's, to change it, to rule over the team itself."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Profile(StrEnum):
    """The API generation whose words a key expects; it also fixes the key's form."""

    G1 = "g1"
    G3 = "g3"
    G4 = "g4"
    APP = "app"
    TEST = "test"
    LIVE = "live"
    SK = "sk"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A credential without its secret. It may do no more than whoever made it (`user_id`), and ends with them."""

    id: int
    name: str
    profile: Profile
    scopes: frozenset[Scope]
    created_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    last_used_at: dt.datetime | None = None
    last_used_address: str | None = None
    user_id: int | None = None

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it has not expired at `now`."""
        return self.expires_at is None or self.expires_at > now

    @property
    def is_test(self) -> bool:
        """Whether what it makes is only for trying out: marked, short-lived, not counted."""
        return self.profile is Profile.TEST


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key shall be."""

    name: str
    scopes: frozenset[Scope] = frozenset({Scope.READ, Scope.WRITE})
    profile: Profile = Profile.G4
    expires_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name("name", self.name))
        if not self.scopes:
            raise InvalidInput("scopes", "A key needs at least one scope.")
        if self.profile is Profile.SK and Scope.ADMIN in self.scopes:
            raise InvalidInput("scopes", "Keys of this profile are for uploads only.")
        if self.profile is Profile.TEST and Scope.ADMIN in self.scopes:
            # It could make itself a live one, and fetch the archive of what is live.
            raise InvalidInput("scopes", "Keys of this profile are for trying things out: they cannot rule a team.")


_PREFIXES = {
    Profile.G3: "img_live_",
    Profile.G4: "img_live_",
    Profile.APP: "img_sk_live_",
    Profile.TEST: "test_",
    Profile.LIVE: "live_",
}
_ALPHANUMERIC = string.ascii_letters + string.digits
_NUMBERED = re.compile(r"[0-9]{1,18}\|(.+)", re.ASCII)


def new_secret(profile: Profile, number: int) -> str:
    """A fresh key of the form its API promises; `number` is the key's row, which G1 shows (`3|secret`)."""
    if profile is Profile.SK:
        return "sk_" + secrets.token_hex(32)
    body = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(40))  # 238 bits
    return f"{number}|{body}" if profile is Profile.G1 else _PREFIXES[profile] + body


def digest(secret: str) -> str:
    """What is stored of a key. A plain SHA-256 is enough: the secret is random, there is nothing to guess.

    Of G1's `3|secret` the part behind the bar: clients may send either form (seed 000, "Token Formats").
    """
    numbered = _NUMBERED.fullmatch(secret)
    return hashlib.sha256((numbered[1] if numbered else secret).encode("utf-8", "replace")).hexdigest()


def number_of(secret: str) -> int | None:
    """The row that a numbered key says it has."""
    return int(secret.partition("|")[0]) if _NUMBERED.fullmatch(secret) else None
