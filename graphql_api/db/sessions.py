"""Who has signed in, and the refresh tokens of it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from pypika_tortoise.queries import Query, QueryBuilder, Table

from graphql_api.db.models import RefreshToken as RefreshTokenRow
from graphql_api.db.models import Session as SessionRow
from graphql_api.db.rows import Row, Statement, identity, moment
from graphql_api.db.users import USER_COLUMNS, to_user
from graphql_api.domain.account import Role, Team, User
from graphql_api.domain.session import Session

_session, _user, _membership, _team = Table("session"), Table("user_account"), Table("membership"), Table("team")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, whose it is, and where they work; no team when they have no seat in it any more."""

    session: Session
    user: User
    team: Team | None
    role: Role | None


def _select() -> QueryBuilder:
    return (
        Query.from_(_session)
        .join(_user)
        .on(_user.id == _session.user_id)
        .left_join(_membership)
        .on((_membership.user_id == _session.user_id) & (_membership.team_id == _session.team_id))
        .left_join(_team)
        .on((_team.id == _membership.team_id) & _team.deleted_at.isnull())
        .select(
            *(_user[name] for name in USER_COLUMNS),
            _session.id.as_("session_id"),
            _session.address,
            _session.agent,
            _session.created_at.as_("since"),
            _session.last_used_at,
            _session.expires_at,
            _membership.role,
            _team.id.as_("team_id"),
            _team.name.as_("team_name"),
            _team.storage,
            _team.plan,
        )
    )


_BY_ID = Statement(lambda value: _select().where(_session.id == value))
_BY_DIGEST = Statement(lambda value: _select().where(_session.digest == value))


def _to_signed_in(row: Row) -> SignedIn:
    team = None
    if row["team_id"] is not None:
        team = Team(row["team_id"], row["team_name"], row["storage"], row["plan"])
    return SignedIn(_to_session(row), to_user(row), team, Role(row["role"]) if team else None)


def _to_session(row: Row) -> Session:
    return Session(
        id=identity(row["session_id"]),
        address=row["address"],
        agent=row["agent"],
        created_at=moment(row["since"]),
        last_used_at=moment(row["last_used_at"]),
        expires_at=moment(row["expires_at"]),
    )


async def find(session_id: uuid.UUID) -> SignedIn | None:
    """The session with this id."""
    return next(map(_to_signed_in, await _BY_ID.fetch(str(session_id))), None)


async def find_by_digest(digest: str) -> SignedIn | None:
    """The session whose cookie has this digest."""
    return next(map(_to_signed_in, await _BY_DIGEST.fetch(digest)), None)


async def list_of(user_id: int, now: dt.datetime) -> list[Session]:
    """Where the person is signed in, the latest first."""
    rows = await SessionRow.filter(user_id=user_id, expires_at__gt=now).order_by("-created_at")
    return [Session(row.id, row.address, row.agent, row.created_at, row.last_used_at, row.expires_at) for row in rows]


async def make(session: Session, user_id: int, team_id: int | None, digest: str | None) -> None:
    """Somebody signs in; `digest` is that of the cookie, where it is one."""
    await SessionRow.create(
        id=session.id,
        user_id=user_id,
        team_id=team_id,
        digest=digest,
        address=session.address,
        agent=session.agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )


async def touch(session_id: uuid.UUID, address: str, now: dt.datetime) -> None:
    """It was used now."""
    await SessionRow.filter(id=session_id).update(last_used_at=now, address=address[:64])


async def extend(session_id: uuid.UUID, expires_at: dt.datetime) -> None:
    """Let it last longer."""
    await SessionRow.filter(id=session_id).update(expires_at=expires_at)


async def set_team(session_id: uuid.UUID, team_id: int) -> None:
    """Work in another team from now on."""
    await SessionRow.filter(id=session_id).update(team_id=team_id)


async def end(session_id: uuid.UUID, user_id: int) -> bool:
    """Sign out; False when there was no such session of this person."""
    return bool(await SessionRow.filter(id=session_id, user_id=user_id).delete())


async def end_all(user_id: int, but: uuid.UUID | None = None) -> int:
    """Sign the person out everywhere, but here."""
    query = SessionRow.filter(user_id=user_id)
    return await (query.exclude(id=but) if but else query).delete()


async def add_refresh_token(digest: str, session_id: uuid.UUID, expires_at: dt.datetime) -> None:
    """A token that can be exchanged once."""
    await RefreshTokenRow.create(digest=digest, session_id=session_id, expires_at=expires_at)


async def use_refresh_token(digest: str, now: dt.datetime) -> bool:
    """Take the token out of use; False when it was used before, also when two come at the same time."""
    return bool(await RefreshTokenRow.filter(digest=digest, used_at=None).update(used_at=now))


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token as it is kept."""

    session_id: uuid.UUID
    expires_at: dt.datetime
    used_at: dt.datetime | None


async def find_refresh_token(digest: str) -> RefreshToken | None:
    """A token, used or not."""
    row = await RefreshTokenRow.get_or_none(digest=digest)
    return RefreshToken(row.session_id, row.expires_at, row.used_at) if row else None  # type: ignore[attr-defined]


async def sweep(now: dt.datetime) -> int:
    """Remove what has expired."""
    await RefreshTokenRow.filter(expires_at__lte=now).delete()
    return await SessionRow.filter(expires_at__lte=now).delete()
