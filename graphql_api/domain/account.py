"""Who is calling and what they may do: teams, people, roles, principals."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from graphql_api.domain.key import ApiKey, Scope
from graphql_api.domain.media import Media
from graphql_api.domain.plan import MIB, Plan
from graphql_api.errors import Forbidden, Unauthenticated

_NOBODY = Plan(max_file_bytes=20 * MIB)


class Role(StrEnum):
    """What a person is in a team."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"

    @property
    def scopes(self) -> frozenset[Scope]:
        """What comes with it."""
        return frozenset(Scope) if self is not Role.MEMBER else frozenset({Scope.READ, Scope.WRITE})


class Status(StrEnum):
    """Whether a person may come in."""

    ACTIVE = "active"
    PENDING = "pending"  # awaits the operator's approval
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Team:
    """A tenant; `storage` is the first path segment of its image URLs and never changes."""

    id: int
    name: str
    storage: str
    plan: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """A person. `admin` administers the installation; `epoch` counts what makes older links and sign-ins void."""

    id: int
    email: str
    name: str
    status: Status
    admin: bool
    epoch: int
    verified_at: dt.datetime | None
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a team."""

    user: User
    role: Role
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A seat in a team that waits for whoever has this address."""

    id: int
    email: str
    role: Role
    created_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a team's key, a person who has signed in, a guest who may only upload, or (no team) anybody."""

    team: Team | None = None
    key: ApiKey | None = None
    scopes: frozenset[Scope] = frozenset()
    address: str = ""
    plan: Plan = field(default=_NOBODY)
    user: User | None = None
    session: uuid.UUID | None = None
    role: Role | None = None
    test: bool = False  # in the test stage, though no key says so

    def require(self, scope: Scope) -> Team:
        """The caller's team, when the caller may do what `scope` names."""
        if self.team is None:
            if self.user is not None:
                raise Forbidden("You are in no team.")
            raise Unauthenticated
        if scope not in self.scopes:
            raise Forbidden(
                f"This API key lacks the scope '{scope}'." if self.key else "Your role does not allow this."
            )
        return self.team

    def require_live(self, scope: Scope) -> Team:
        """The caller's team, to change what its live and its test media share. Forbidden for test keys."""
        team = self.require(scope)
        if self.is_test:
            raise Forbidden("A test key changes nothing that live media have a part in.")
        return team

    def require_user(self) -> User:
        """The person who calls. Unauthenticated for keys and guests: they are nobody in particular."""
        if self.user is None:
            raise Unauthenticated("This needs a person who has signed in.")
        return self.user

    def require_operator(self) -> User:
        """The person who calls, when they administer the installation."""
        user = self.require_user()
        if not user.admin:
            raise Forbidden("This needs an administrator of the installation.")
        return user

    @property
    def is_guest(self) -> bool:
        """Whether nobody is known to call: limits go by the address."""
        return self.key is None and self.user is None

    @property
    def is_test(self) -> bool:
        """Whether the caller works in the test stage, where nothing counts."""
        return self.test or (self.key is not None and self.key.is_test)

    def reads_team(self, team_id: int) -> bool:
        """Whether the caller may read what belongs to this team, private or not."""
        return self.team is not None and self.team.id == team_id and Scope.READ in self.scopes

    def owns(self, media: Media) -> bool:
        """Whether the caller may read this media, private or not."""
        return self.reads_team(media.team_id) and self._in_stage(media)

    def changes(self, media: Media) -> bool:
        """Whether the caller may change this media."""
        of_team = self.team is not None and self.team.id == media.team_id
        return of_team and Scope.WRITE in self.scopes and self._in_stage(media)

    def _in_stage(self, media: Media) -> bool:
        """Keys see their own stage (contracts/imgprocessing.md 1), people both."""
        return self.user is not None or media.test == self.is_test
