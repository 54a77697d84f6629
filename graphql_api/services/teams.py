"""Teams: who is in them and as what, how people come in and leave, and how a team ends."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from graphql_api.db import sessions, users
from graphql_api.db import teams as rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Invitation, Member, Principal, Role, Status, Team, User
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.key import Scope
from graphql_api.domain.names import clean_email, clean_name, clean_team_name, is_internal
from graphql_api.domain.plan import OPERATORS_PLAN
from graphql_api.domain.signing import Signer
from graphql_api.errors import BadSignature, Conflict, Forbidden, NotFound
from graphql_api.remote.mail import Mailer
from graphql_api.services.audit import Audit
from graphql_api.services.limits import Limits
from graphql_api.services.trash import Trash

log = structlog.get_logger(__name__)

_INVITATION = "invitation"
_INVITATION_TIME = dt.timedelta(days=7)
_MAX_TEAMS = 50  # that one person may be in
_MAX_MEMBERS = 500
_LAST_OWNER = "A team needs an owner: make somebody else one first."


@dataclass(frozen=True, slots=True)
class Teams:
    """What can be done with teams."""

    signer: Signer
    mailer: Mailer
    limits: Limits
    audit: Audit
    trash: Trash
    public_url: str
    clock: Callable[[], dt.datetime]
    erasing: set[asyncio.Task[int]] = field(default_factory=set)

    # --- by the operator's command

    async def find(self, name: str) -> Team | None:
        """The team of this name."""
        return await rows.find(name.strip())

    async def find_or_make(self, name: str, plan: str = OPERATORS_PLAN) -> Team:
        """The team of this name, made if it is not there: one of the operator's own, whom nobody limits."""
        return await rows.find_or_make(clean_name("team", name), plan)

    # --- a person's teams

    async def mine(self, principal: Principal) -> list[tuple[Team, Role]]:
        """The teams that the person is in."""
        return await rows.teams_of(principal.require_user().id)

    async def make(self, principal: Principal, name: str) -> Team:
        """A new team, owned by the person who makes it. Conflict."""
        user = principal.require_user()
        if len(await rows.teams_of(user.id)) >= _MAX_TEAMS:
            raise Conflict(f"A person is in at most {_MAX_TEAMS} teams.")
        async with transaction():
            team = await rows.make(clean_team_name("name", name))
            await rows.add_member(team.id, user.id, Role.OWNER, self.clock())
            await self.audit.record(principal, AuditAction.TEAM_CREATED, team.name, team_id=team.id)
        return team

    async def switch(self, principal: Principal, team_id: int) -> tuple[Team, Role]:
        """Work in another of one's teams from now on. NotFound."""
        user = principal.require_user()
        found = next((pair for pair in await rows.teams_of(user.id) if pair[0].id == team_id), None)
        if found is None or principal.session is None:
            raise NotFound("There is no such team.")
        async with transaction():
            await sessions.set_team(principal.session, team_id)
            await users.set_home(user.id, team_id)
        return found

    async def rename(self, principal: Principal, name: str) -> Team:
        """Another name for the team; for its admins. Conflict."""
        team, cleaned = principal.require(Scope.ADMIN), clean_team_name("name", name)
        await self.refuse_internal(team)
        async with transaction():
            await rows.rename(team.id, cleaned)
            await self.audit.record(principal, AuditAction.TEAM_RENAMED, f"{team.name} to {cleaned}")
        return Team(team.id, cleaned, team.storage, team.plan)

    @staticmethod
    async def refuse_internal(team: Team) -> None:
        """Keep a team that is the server's own what it is, and free of people. Conflict."""
        if is_internal(team.name) and not await rows.has_members(team.id):
            raise Conflict("This team is the server's own.")

    # --- members

    async def members(self, principal: Principal) -> list[Member]:
        """Who is in the team."""
        return await rows.members(principal.require(Scope.READ).id)

    async def set_role(self, principal: Principal, user_id: int, role: Role) -> Member:
        """Make a member something else; only owners make and unmake owners. NotFound, Conflict, Forbidden."""
        team = principal.require(Scope.ADMIN)
        async with transaction():
            await rows.lock(team.id)
            member = await self._member(team, user_id)
            _require_owner_for(principal, member.role, role)
            await self._keep_an_owner(team, member.role, role)
            await rows.set_role(team.id, user_id, role)
            subject = f"{member.user.email}: {member.role} to {role}"
            await self.audit.record(principal, AuditAction.MEMBER_ROLE_CHANGED, subject)
        return Member(member.user, role, member.since)

    async def remove_member(self, principal: Principal, user_id: int) -> User:
        """Take a seat away, or leave. NotFound, Conflict, Forbidden."""
        leaves = principal.user is not None and principal.user.id == user_id
        team = principal.require(Scope.READ if leaves else Scope.ADMIN)
        async with transaction():
            await rows.lock(team.id)
            member = await self._member(team, user_id)
            if not leaves:
                _require_owner_for(principal, member.role)
            await self._keep_an_owner(team, member.role, None)
            await rows.remove_member(team.id, user_id)
            await self.audit.record(principal, AuditAction.MEMBER_REMOVED, member.user.email)
        return member.user

    @staticmethod
    async def _member(team: Team, user_id: int) -> Member:
        for member in await rows.members(team.id):
            if member.user.id == user_id:
                return member
        raise NotFound("There is no such member.")

    @staticmethod
    async def _keep_an_owner(team: Team, was: Role, becomes: Role | None) -> None:
        if was is Role.OWNER and becomes is not Role.OWNER and await rows.count_owners(team.id) == 1:
            raise Conflict(_LAST_OWNER)

    # --- invitations

    async def invite(self, principal: Principal, email: str, role: Role) -> Invitation:
        """Send somebody a link that gives them a seat. InvalidInput, Conflict, Forbidden, RateLimited."""
        team, address = principal.require(Scope.ADMIN), clean_email(email)
        _require_owner_for(principal, role)
        await self.refuse_internal(team)
        members = await rows.members(team.id)
        if any(member.user.email == address for member in members):
            raise Conflict("This person is in the team.")
        if len(members) + len(await rows.invitations(team.id, self.clock())) >= _MAX_MEMBERS:
            raise Conflict(f"A team has at most {_MAX_MEMBERS} members and invitations.")
        # Before anything is written: the link of the last letter stays good.
        await self.limits.count_attempt("invitation", f"team-{team.id}")
        await self.limits.count_attempt("invitation", address)
        now = self.clock()
        async with transaction():
            invitation = await rows.invite(team.id, address, role, now, now + _INVITATION_TIME)
            await self.audit.record(principal, AuditAction.MEMBER_INVITED, f"{address} as {role}")
        text = _INVITATION_TEXT.replace("{team}", team.name.replace("{", "(").replace("}", ")"))
        self.mailer.send_later(address, "An invitation to Tintype", text, self.invitation_link(invitation))
        return invitation

    def invitation_link(self, invitation: Invitation) -> str:
        """Where an invitation is accepted."""
        claims = {"invitation": invitation.id, "made": invitation.created_at.isoformat()}
        token = self.signer.seal(_INVITATION, claims, invitation.expires_at)
        return f"{self.public_url}/account/invitation?token={token}"

    async def invitations(self, principal: Principal) -> list[Invitation]:
        """Those that wait; for the team's admins."""
        return await rows.invitations(principal.require(Scope.ADMIN).id, self.clock())

    async def revoke_invitation(self, principal: Principal, invitation_id: int) -> None:
        """Take an invitation back. NotFound."""
        team = principal.require(Scope.ADMIN)
        async with transaction():
            found = await rows.find_invitation(invitation_id)
            if found is None or not await rows.remove_invitation(team.id, invitation_id):
                raise NotFound("There is no such invitation.")
            await self.audit.record(principal, AuditAction.INVITATION_REVOKED, found[1].email)

    async def read_invitation(self, token: str) -> tuple[Team, Invitation]:
        """What a link invites to. BadSignature."""
        claims = self.signer.open(_INVITATION, token, self.clock())
        found = await rows.find_invitation(int(str(claims["invitation"])))
        team = await rows.find_by_id(found[0]) if found else None
        if found is None or team is None or found[1].created_at.isoformat() != claims["made"]:
            raise BadSignature("This invitation is not valid any more.")
        return team, found[1]

    async def accept(self, principal: Principal, token: str) -> tuple[Team, Role]:
        """Take the seat; the link shows that the address is the person's. BadSignature, Forbidden, Conflict."""
        user = principal.require_user()
        team, invitation = await self.read_invitation(token)
        await self.take_seat(principal, user, team, invitation)
        return team, await rows.role_of(team.id, user.id) or invitation.role

    async def take_seat(self, principal: Principal, user: User, team: Team, invitation: Invitation) -> None:
        """Give the person the seat that waits for them, once. BadSignature, Forbidden."""
        if user.email != invitation.email:
            raise Forbidden("This invitation is for another e-mail address.")
        async with transaction():
            # The row is the invitation: of two who come with it, one removes it.
            if not await rows.remove_invitation(team.id, invitation.id):
                raise BadSignature("This invitation is not valid any more.")
            await rows.add_member(team.id, user.id, invitation.role, self.clock())
            await users.set_verified(user.id, self.clock())
            await self.audit.record(
                principal, AuditAction.MEMBER_JOINED, f"{user.email} as {invitation.role}", team_id=team.id
            )

    # --- ending

    async def delete(self, principal: Principal, name: str) -> Team:
        """End the team, with all that is its own; for its owners, who say its name. Conflict, Forbidden."""
        principal.require_user()
        team = principal.require(Scope.ADMIN)
        if principal.role is not Role.OWNER:
            raise Forbidden("Only an owner can delete a team.")
        if name != team.name:
            raise Conflict("This is not the name of the team.")
        async with transaction():
            await self._end(principal, team)
        self._erase_later()
        return team

    async def _end(self, principal: Principal, team: Team) -> None:
        if not await rows.mark_deleted(team.id, self.clock()):
            raise NotFound("There is no such team.")
        log.info("team_deleted", team=team.id, by=principal.user.id if principal.user else "operator")

    async def delete_by_operator(self, team: Team) -> None:
        """End a team by command, at once. Conflict."""
        await self.refuse_internal(team)
        async with transaction():
            await self._end(Principal(), team)
        await self.erase_deleted()

    def _erase_later(self) -> None:
        task = asyncio.create_task(self.erase_deleted())
        self.erasing.add(task)
        task.add_done_callback(self._erased)

    def _erased(self, task: asyncio.Task[int]) -> None:
        self.erasing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("team_not_erased", exc_info=error)  # housekeeping goes on with it

    async def erase_deleted(self) -> int:
        """Erase the media of ended teams, and then the teams; returns how many."""
        ended = await rows.deleted()
        for team_id in ended:
            await self.trash.erase_team(team_id)
            await rows.erase(team_id)
        return len(ended)

    async def delete_person(self, principal: Principal, user: User) -> None:
        """Erase a person, and the teams in which they were alone. Conflict where others would have no owner."""
        async with transaction():
            for team, role in await rows.teams_of(user.id):
                await rows.lock(team.id)
                if len(await rows.members(team.id)) == 1:
                    await self._end(principal, team)
                elif role is Role.OWNER and await rows.count_owners(team.id) == 1:
                    raise Conflict(f"{_LAST_OWNER[:-1]}, in {team.name}.")
                else:
                    await self.audit.record(principal, AuditAction.USER_DELETED, user.email, team_id=team.id)
            await users.erase(user.id)
            await rows.remove_invitations_to(user.email)
        self._erase_later()

    # --- people, by the operator

    async def pending(self, principal: Principal, limit: int) -> list[User]:
        """Who awaits approval."""
        principal.require_operator()
        return await users.list_pending(limit)

    async def set_status(self, principal: Principal, user_id: int, status: Status) -> User:
        """Let a person in or not; all their sign-ins end when not. NotFound, Forbidden."""
        operator = principal.require_operator()
        if operator.id == user_id:
            raise Conflict("You cannot shut yourself out.")
        return await self.change_status(principal, await users.find(user_id), status)

    async def change_status(self, principal: Principal, user: User | None, status: Status) -> User:
        """The same, by command. NotFound."""
        if user is None:
            raise NotFound("There is no such user.")
        if user.status is status:
            return user
        act = AuditAction.USER_SUSPENDED
        if status is Status.ACTIVE:
            act = AuditAction.USER_APPROVED if user.status is Status.PENDING else AuditAction.USER_REINSTATED
        async with transaction():
            await users.set_status(user.id, status)
            await sessions.end_all(user.id)
            await self.audit.record(principal, act, user.email, team_id=await users.home_of(user.id))
        return await users.find(user.id) or user

    async def close(self) -> None:
        """Stop what is under way; housekeeping goes on with it next time."""
        for task in self.erasing:
            task.cancel()
        await asyncio.gather(*self.erasing, return_exceptions=True)


def _require_owner_for(principal: Principal, *roles: Role) -> None:
    """Owners are made, unmade and invited by owners (and by nobody's key)."""
    if Role.OWNER in roles and principal.role is not Role.OWNER:
        raise Forbidden("Only an owner can do this.")


_INVITATION_TEXT = """\
You are invited to the team {team}. Open this page within seven days to join:

{link}
"""
