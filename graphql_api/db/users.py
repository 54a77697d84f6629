"""People."""

from __future__ import annotations

import datetime as dt

from pypika_tortoise.queries import Query, Table
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from graphql_api.db.models import User as UserRow
from graphql_api.db.rows import Row, fetch, moment, optional_moment
from graphql_api.domain.account import Status, User
from graphql_api.errors import Conflict

_user = Table("user_account")
USER_COLUMNS = ("id", "email", "name", "status", "admin", "epoch", "verified_at", "created_at")
TAKEN = "There is already a user with this e-mail address."


async def make(
    email: str, name: str, password: str | None, *, status: Status = Status.ACTIVE, admin: bool = False
) -> User:
    """A new person; `password` is a hash. Conflict when the address is taken."""
    try:
        row = await UserRow.create(email=email, name=name, password=password, status=status, admin=admin)
    except IntegrityError as error:
        raise Conflict(TAKEN) from error
    return User(row.id, email, name, status, admin, 0, None, row.created_at)


async def find(user_id: int) -> User | None:
    """The person with this number."""
    return await _find(_user.id == user_id)


async def find_by_email(email: str) -> User | None:
    """The person with this address."""
    return await _find(_user.email == email)


async def _find(condition: object) -> User | None:
    query = Query.from_(_user).select(*(_user[name] for name in USER_COLUMNS)).where(condition)
    return next(map(to_user, await fetch(query)), None)


async def list_pending(limit: int) -> list[User]:
    """People who await approval, the longest first."""
    query = Query.from_(_user).select(*(_user[name] for name in USER_COLUMNS))
    rows = await fetch(query.where(_user.status == Status.PENDING.value).orderby(_user.id).limit(limit))
    return [to_user(row) for row in rows]


async def has_any() -> bool:
    """Whether there is anybody."""
    return await UserRow.exists()


async def password_of(user_id: int) -> str | None:
    """The hash of the person's password."""
    row = await UserRow.get_or_none(id=user_id).only("id", "password")
    return row.password if row else None


async def home_of(user_id: int) -> int | None:
    """The team that the person works in when they sign in."""
    row = await UserRow.get_or_none(id=user_id).only("id", "team_id")
    return row.team_id if row else None  # type: ignore[attr-defined]


async def set_home(user_id: int, team_id: int) -> None:
    """Where the person works when they sign in."""
    await UserRow.filter(id=user_id).update(team_id=team_id)


async def set_password(user_id: int, password: str, epoch: int) -> bool:
    """Another password, and all older links and sign-ins void; False when that happened since `epoch` was read."""
    changed = await UserRow.filter(id=user_id, epoch=epoch).update(password=password, epoch=F("epoch") + 1)
    return bool(changed)


async def hold(user_id: int, epoch: int) -> bool:
    """Let nobody change the person's password or status before this transaction ends; False when somebody just did."""
    return bool(await UserRow.filter(id=user_id, epoch=epoch).update(epoch=epoch))


async def rehash(user_id: int, password: str) -> None:
    """The same password hashed in a newer way."""
    await UserRow.filter(id=user_id).update(password=password)


async def set_status(user_id: int, status: Status) -> None:
    """Let the person in or not; when not, older links and sign-ins are void."""
    await UserRow.filter(id=user_id).update(status=status, epoch=F("epoch") + int(status is not Status.ACTIVE))


async def set_verified(user_id: int, now: dt.datetime) -> None:
    """The person has shown that the address is theirs."""
    await UserRow.filter(id=user_id, verified_at=None).update(verified_at=now)


async def set_name(user_id: int, name: str) -> None:
    """What the person wants to be called."""
    await UserRow.filter(id=user_id).update(name=name)


async def erase(user_id: int) -> None:
    """Remove the person with their seats, sessions and own keys."""
    await UserRow.filter(id=user_id).delete()


def to_user(row: Row) -> User:
    """A row with USER_COLUMNS as a value."""
    return User(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        status=Status(row["status"]),
        admin=bool(row["admin"]),
        epoch=row["epoch"],
        verified_at=optional_moment(row["verified_at"]),
        created_at=moment(row["created_at"]),
    )
