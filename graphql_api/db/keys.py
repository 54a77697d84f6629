"""API keys."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pypika_tortoise.queries import Query, Table
from tortoise.transactions import in_transaction

from graphql_api.db.models import ApiKey as ApiKeyRow
from graphql_api.db.rows import Row, Statement, moment, optional_moment
from graphql_api.domain.account import Role, Status, Team
from graphql_api.domain.key import ApiKey, NewKey, Profile, Scope, digest, new_secret

_key, _team, _user, _membership = Table("api_key"), Table("team"), Table("user_account"), Table("membership")
_COLUMNS = ("id", "name", "profile", "scopes", "created_at", "expires_at", "last_used_at", "last_used_address")


@dataclass(frozen=True, slots=True)
class KeyOfTeam:
    """A key, its team, and how who made it is and what in the team: None for nobody, and for the operator's keys."""

    key: ApiKey
    team: Team
    status: Status | None
    role: Role | None


_BY_DIGEST = Statement(
    lambda value: (
        Query.from_(_key)
        .join(_team)
        .on((_team.id == _key.team_id) & _team.deleted_at.isnull())
        .left_join(_user)
        .on(_user.id == _key.user_id)
        .left_join(_membership)
        .on((_membership.user_id == _key.user_id) & (_membership.team_id == _key.team_id))
        .select(
            *(_key[name] for name in (*_COLUMNS, "user_id", "team_id")),
            _team.name.as_("team"),
            _team.storage,
            _team.plan,
            _user.status,
            _membership.role,
        )
        .where(_key.digest == value)
    )
)


async def find(secret: str) -> KeyOfTeam | None:
    """The key and its team. Looked up by digest: how long that takes tells nothing about any key."""
    for row in await _BY_DIGEST.fetch(digest(secret)):
        team = Team(row["team_id"], row["team"], row["storage"], row["plan"])
        status, role = row["status"], row["role"]
        return KeyOfTeam(_from_row(row), team, Status(status) if status else None, Role(role) if role else None)
    return None


def _from_row(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        profile=Profile(row["profile"]),
        scopes=_scopes(row["scopes"]),
        created_at=moment(row["created_at"]),
        expires_at=optional_moment(row["expires_at"]),
        last_used_at=optional_moment(row["last_used_at"]),
        last_used_address=row["last_used_address"],
        user_id=row["user_id"],
    )


def _to_key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        profile=Profile(row.profile),
        scopes=_scopes(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_used_address=row.last_used_address,
        user_id=row.user_id,  # type: ignore[attr-defined]
    )


def _scopes(words: str) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in words.split())


async def remove_all_of(user_id: int) -> None:
    """Remove the keys that this person has made, in whatever team."""
    await ApiKeyRow.filter(user_id=user_id).delete()


async def has_any() -> bool:
    """Whether any key was ever made."""
    return await ApiKeyRow.exists()


async def make(team_id: int, asked: NewKey, *, user_id: int | None = None) -> tuple[ApiKey, str]:
    """A new key and its secret, which is never to be had again."""
    async with in_transaction():
        # The row comes first because G1's keys show its number; its digest is of nothing until the key is known.
        row = await ApiKeyRow.create(
            team_id=team_id,
            user_id=user_id,
            name=asked.name,
            profile=asked.profile,
            scopes=" ".join(sorted(asked.scopes)),
            digest=digest(new_secret(Profile.SK, 0)),
            expires_at=asked.expires_at,
        )
        secret = new_secret(asked.profile, row.id)
        row.digest = digest(secret)
        await row.save(update_fields=["digest"])
    return _to_key(row), secret


async def list_all(team_id: int) -> list[ApiKey]:
    """The keys of a team, the oldest first."""
    return [_to_key(row) for row in await ApiKeyRow.filter(team_id=team_id).order_by("id")]


async def get(team_id: int, key_id: int) -> ApiKey | None:
    """One key of a team."""
    row = await ApiKeyRow.get_or_none(team_id=team_id, id=key_id)
    return _to_key(row) if row else None


async def count(team_id: int) -> int:
    """How many keys the team has."""
    return await ApiKeyRow.filter(team_id=team_id).count()


async def set_secret(team_id: int, key: ApiKey) -> str | None:
    """Another secret for the key; the old one is no good any more. None when the key is gone."""
    secret = new_secret(key.profile, key.id)
    changed = await ApiKeyRow.filter(team_id=team_id, id=key.id).update(digest=digest(secret))
    return secret if changed else None


async def rename(team_id: int, key_id: int, name: str) -> None:
    """Give the key another name."""
    await ApiKeyRow.filter(team_id=team_id, id=key_id).update(name=name)


async def remove(team_id: int, key_id: int) -> bool:
    """Revoke the key; False when there was none."""
    return bool(await ApiKeyRow.filter(team_id=team_id, id=key_id).delete())


async def touch(key_id: int, address: str, now: dt.datetime) -> None:
    """The key was used now, from there."""
    await ApiKeyRow.filter(id=key_id).update(last_used_at=now, last_used_address=address)
