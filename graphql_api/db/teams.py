"""Teams, who is in them, and who is invited."""

from __future__ import annotations

import datetime as dt

from pypika_tortoise.queries import Query, Table
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from graphql_api.db.models import ApiKey as ApiKeyRow
from graphql_api.db.models import Invitation as InvitationRow
from graphql_api.db.models import Membership as MembershipRow
from graphql_api.db.models import Team as TeamRow
from graphql_api.db.models import Usage as UsageRow
from graphql_api.db.models import User as UserRow
from graphql_api.db.rows import fetch, moment
from graphql_api.db.users import USER_COLUMNS, to_user
from graphql_api.domain.account import Invitation, Member, Role, Team
from graphql_api.domain.ids import new_storage
from graphql_api.domain.names import MAX_NAME
from graphql_api.domain.text import is_line
from graphql_api.errors import Conflict

_STORAGE_TRIES = 8
_NOBODYS = " "  # names that begin so are ours: those that people choose are stripped

_user, _membership, _team = Table("user_account"), Table("membership"), Table("team")


async def find(name: str) -> Team | None:
    """The team of this name; of one that no team can have, the database could not even be asked."""
    possible = len(name) <= MAX_NAME and is_line(name)
    row = await TeamRow.get_or_none(name=name, deleted_at=None) if possible else None
    return to_team(row) if row else None


async def find_by_id(team_id: int) -> Team | None:
    """The team with this number."""
    row = await TeamRow.get_or_none(id=team_id, deleted_at=None)
    return to_team(row) if row else None


async def make(name: str, plan: str = "") -> Team:
    """A new team with a storage segment of its own; without a plan it has the standard one. Conflict: name taken."""
    for _ in range(_STORAGE_TRIES):
        if await find(name):
            raise Conflict("There is already a team of this name.")
        try:
            async with in_transaction():  # within another it is a savepoint, which a conflict does not break
                row = await TeamRow.create(name=name, storage=new_storage(), plan=plan)
                await UsageRow.create(team_id=row.id, month="", uploads=0, images=0, bytes=0)
        except IntegrityError:
            continue
        return to_team(row)
    raise RuntimeError("no free storage segment was found")


async def find_or_make(name: str, plan: str = "") -> Team:
    """The team of this name, made if it is not there; the one that is there when another caller was faster."""
    try:
        return (await find(name)) or (await make(name, plan))
    except Conflict:
        return await find_or_make(name, plan)


async def internal(name: str) -> Team:
    """The server's own team of this name; another than that of people who had the name first."""
    team = await find_or_make(name)
    return await find_or_make(f"{_NOBODYS}{name}") if await has_members(team.id) else team


async def rename(team_id: int, name: str) -> None:
    """Give the team another name. Conflict when it is taken."""
    try:
        await TeamRow.filter(id=team_id).update(name=name)
    except IntegrityError as error:
        raise Conflict("There is already a team of this name.") from error


async def set_plan(team_id: int, plan: str) -> None:
    """Put the team on a plan."""
    await TeamRow.filter(id=team_id).update(plan=plan)


async def mark_deleted(team_id: int, now: dt.datetime) -> bool:
    """Hide the team and all that is its own, and free its name; False when another caller was faster."""
    name = f"{_NOBODYS}deleted:{team_id}"
    changed = await TeamRow.filter(id=team_id, deleted_at=None).update(deleted_at=now, name=name)
    return bool(changed)


async def deleted() -> list[int]:
    """Teams that are still to be erased."""
    return [row.id for row in await TeamRow.filter(deleted_at__not_isnull=True)]


async def erase(team_id: int) -> None:
    """Remove the team with its keys, seats, presets, tags, usage and audit trail. It must have no media."""
    await TeamRow.filter(id=team_id).delete()


# --- members


async def add_member(team_id: int, user_id: int, role: Role, now: dt.datetime) -> None:
    """Give the person a seat; one who has a seat keeps it."""
    row = MembershipRow(team_id=team_id, user_id=user_id, role=role, created_at=now)
    await MembershipRow.bulk_create([row], ignore_conflicts=True)


async def has_members(team_id: int) -> bool:
    """Whether anybody is in the team."""
    return await MembershipRow.filter(team_id=team_id).exists()


async def role_of(team_id: int, user_id: int) -> Role | None:
    """What the person is in the team; None for nobody."""
    row = await MembershipRow.get_or_none(team_id=team_id, user_id=user_id)
    return Role(row.role) if row else None


async def members(team_id: int) -> list[Member]:
    """Who is in the team, the longest first."""
    query = (
        Query.from_(_membership)
        .join(_user)
        .on(_user.id == _membership.user_id)
        .select(*(_user[name] for name in USER_COLUMNS), _membership.role, _membership.created_at.as_("since"))
        .where(_membership.team_id == team_id)
        .orderby(_membership.created_at, _membership.id)
    )
    return [Member(to_user(row), Role(row["role"]), moment(row["since"])) for row in await fetch(query)]


async def teams_of(user_id: int) -> list[tuple[Team, Role]]:
    """The person's teams, the longest first."""
    query = (
        Query.from_(_membership)
        .join(_team)
        .on(_team.id == _membership.team_id)
        .select(_team.id, _team.name, _team.storage, _team.plan, _membership.role)
        .where((_membership.user_id == user_id) & _team.deleted_at.isnull())
        .orderby(_membership.created_at, _membership.id)
    )
    return [
        (Team(row["id"], row["name"], row["storage"], row["plan"]), Role(row["role"])) for row in await fetch(query)
    ]


async def lock(team_id: int) -> bool:
    """Let nobody else end the team, or change who is in it, before this transaction ends; False when it has ended."""
    return bool(await TeamRow.filter(id=team_id, deleted_at=None).update(plan=F("plan")))


async def count_owners(team_id: int) -> int:
    """How many owners the team has."""
    return await MembershipRow.filter(team_id=team_id, role=Role.OWNER).count()


async def set_role(team_id: int, user_id: int, role: Role) -> bool:
    """Change what the person is; False when they have no seat."""
    return bool(await MembershipRow.filter(team_id=team_id, user_id=user_id).update(role=role))


async def remove_member(team_id: int, user_id: int) -> bool:
    """Take the seat away, and the person's own keys to the team with it; False when there was none."""
    await ApiKeyRow.filter(team_id=team_id, user_id=user_id).delete()
    removed = bool(await MembershipRow.filter(team_id=team_id, user_id=user_id).delete())
    await UserRow.filter(id=user_id, team_id=team_id).update(team_id=None)
    return removed


async def leave_alone(team_id: int, user_id: int) -> None:
    """Take all other seats away, and those that are kept for whoever is invited."""
    for member in await members(team_id):
        if member.user.id != user_id:
            await remove_member(team_id, member.user.id)
    await InvitationRow.filter(team_id=team_id).delete()


# --- invitations


async def invite(team_id: int, email: str, role: Role, now: dt.datetime, expires_at: dt.datetime) -> Invitation:
    """Keep a seat for this address; a second invitation takes the place of the first."""
    row = InvitationRow(team_id=team_id, email=email, role=role, created_at=now, expires_at=expires_at)
    fields = ["role", "created_at", "expires_at"]
    await InvitationRow.bulk_create([row], on_conflict=["team_id", "email"], update_fields=fields)
    return _to_invitation(await InvitationRow.get(team_id=team_id, email=email))


async def find_invitation(invitation_id: int) -> tuple[int, Invitation] | None:
    """The invitation, and the number of its team."""
    row = await InvitationRow.get_or_none(id=invitation_id)
    return (row.team_id, _to_invitation(row)) if row else None  # type: ignore[attr-defined]


async def invitations(team_id: int, now: dt.datetime) -> list[Invitation]:
    """Those that still wait."""
    rows = await InvitationRow.filter(team_id=team_id, expires_at__gt=now).order_by("id")
    return [_to_invitation(row) for row in rows]


async def remove_invitation(team_id: int, invitation_id: int) -> bool:
    """Forget it; False when there was none."""
    return bool(await InvitationRow.filter(team_id=team_id, id=invitation_id).delete())


async def remove_invitations_to(email: str) -> None:
    """Forget those to this address, of whatever team."""
    await InvitationRow.filter(email=email).delete()


async def sweep_invitations(now: dt.datetime) -> int:
    """Forget those whose time is over."""
    return await InvitationRow.filter(expires_at__lte=now).delete()


def to_team(row: TeamRow) -> Team:
    """A row as a value."""
    return Team(row.id, row.name, row.storage, row.plan)


def _to_invitation(row: InvitationRow) -> Invitation:
    return Invitation(row.id, row.email, Role(row.role), row.created_at, row.expires_at)
