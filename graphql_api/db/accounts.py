"""Teams, people and keys."""

from __future__ import annotations

from collections.abc import Iterable

from pypika_tortoise.queries import Query, Table
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from graphql_api.db.models import ApiKey as ApiKeyRow
from graphql_api.db.models import Team as TeamRow
from graphql_api.db.models import User as UserRow
from graphql_api.db.rows import Statement
from graphql_api.domain.account import ApiKey, Profile, Scope, Team, digest, new_secret
from graphql_api.domain.ids import new_storage
from graphql_api.errors import Conflict

_STORAGE_TRIES = 8

_key, _team = Table("api_key"), Table("team")
_BY_DIGEST = Statement(
    lambda value: (
        Query.from_(_key)
        .join(_team)
        .on(_team.id == _key.team_id)
        .select(_key.id, _key.name, _key.profile, _key.scopes, _key.team_id)
        .select(_team.name.as_("team"), _team.storage)
        .where(_key.digest == value)
    )
)


async def find_team(name: str) -> Team | None:
    """The team of this name."""
    row = await TeamRow.get_or_none(name=name)
    return _to_team(row) if row else None


async def make_team(name: str) -> Team:
    """A new team with a storage segment of its own; the one that is there when another caller was faster."""
    for _ in range(_STORAGE_TRIES):
        if team := await find_team(name):
            return team
        try:
            return _to_team(await TeamRow.create(name=name, storage=new_storage()))
        except IntegrityError:
            continue
    raise RuntimeError("no free storage segment was found")


async def has_keys() -> bool:
    """Whether any key was ever made."""
    return await ApiKeyRow.exists()


async def make_key(team: Team, name: str, profile: Profile, scopes: Iterable[Scope]) -> str:
    """A new key; what is returned is never to be had again."""
    async with in_transaction():
        words = " ".join(sorted(set(scopes)))
        # The row comes first because G1's keys show its number; its digest is of nothing until the key is known.
        row = await ApiKeyRow.create(
            team_id=team.id, name=name, profile=profile, scopes=words, digest=digest(new_secret(Profile.SK, 0))
        )
        secret = new_secret(profile, row.id)
        row.digest = digest(secret)
        await row.save(update_fields=["digest"])
    return secret


async def find_key(secret: str) -> tuple[ApiKey, Team] | None:
    """The key and its team. Looked up by digest: how long that takes tells nothing about any key."""
    for row in await _BY_DIGEST.fetch(digest(secret)):
        scopes = frozenset(Scope(word) for word in row["scopes"].split())
        key = ApiKey(row["id"], row["name"], Profile(row["profile"]), scopes)
        return key, Team(row["team_id"], row["team"], row["storage"])
    return None


async def make_user(email: str, password: str | None, team: Team | None, *, admin: bool) -> None:
    """A new person; `password` is a hash. Conflict when the address is taken."""
    try:
        await UserRow.create(email=email, password=password, team_id=team.id if team else None, admin=admin)
    except IntegrityError as error:
        raise Conflict("There is already a user with this e-mail address.") from error


def _to_team(row: TeamRow) -> Team:
    return Team(row.id, row.name, row.storage)
