"""Who is calling and what they may do: teams, scopes, keys, principals. A key is stored as a digest only."""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass
from enum import StrEnum

from graphql_api.domain.plan import GUEST, KEYED, TEST, Plan
from graphql_api.errors import Forbidden, Unauthenticated


class Scope(StrEnum):
    """A right that a key carries."""

    READ = "read"
    WRITE = "write"


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
class Team:
    """A tenant; `storage` is the first path segment of its image URLs and never changes."""

    id: int
    name: str
    storage: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A credential without its secret."""

    id: int
    name: str
    profile: Profile
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a team's key, a guest who may only upload, or (no team) anybody."""

    team: Team | None = None
    key: ApiKey | None = None
    scopes: frozenset[Scope] = frozenset()
    address: str = ""
    special: Plan | None = None

    @property
    def plan(self) -> Plan:
        """The limits that apply to this caller."""
        if self.key is None:
            return self.special or GUEST
        return self.special or (TEST if self.key.profile is Profile.TEST else KEYED)

    def require(self, scope: Scope) -> Team:
        """The caller's team, when the caller may do what `scope` names."""
        if self.team is None:
            raise Unauthenticated
        if scope not in self.scopes:
            raise Forbidden(f"This API key lacks the scope '{scope}'.")
        return self.team

    def owns(self, team_id: int) -> bool:
        """Whether the caller may read what belongs to this team, private or not."""
        return self.team is not None and self.team.id == team_id and Scope.READ in self.scopes


_PREFIXES = {
    Profile.G3: "img_live_",
    Profile.G4: "img_live_",
    Profile.APP: "img_sk_live_",
    Profile.TEST: "test_",
    Profile.LIVE: "live_",
}
_ALPHANUMERIC = string.ascii_letters + string.digits


def new_secret(profile: Profile, number: int) -> str:
    """A fresh key of the form its API promises; `number` is the key's row, which G1 shows (`3|secret`)."""
    if profile is Profile.SK:
        return "sk_" + secrets.token_hex(32)
    body = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(40))  # 238 bits
    return f"{number}|{body}" if profile is Profile.G1 else _PREFIXES[profile] + body


def digest(secret: str) -> str:
    """What is stored of a key. A plain SHA-256 is enough: the secret is random, there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
