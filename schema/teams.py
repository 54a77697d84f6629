"""Teams: the types, who is in them, what they own, and what can be done about all that."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from graphql_api.domain import account as domain
from graphql_api.domain import audit as domain_audit
from graphql_api.domain.account import Role
from graphql_api.errors import TintypeError
from schema.context import Info
from schema.errors import UserError, user_error
from schema.keys import ApiKey, present_key
from schema.node import format_global_id, number_of
from schema.people import DonePayload, User, present_user
from schema.usage import Usage, present_usage

strawberry.enum(domain_audit.AuditAction, name="AuditAction", description="An act that matters for security.")


@strawberry.type(description="A person in a team.")
class Member:
    """A domain Member."""

    user: User = strawberry.field(description="The person.")
    role: Role = strawberry.field(description="What they are in the team.")
    since: dt.datetime = strawberry.field(description="When they joined.")


def _present_member(member: domain.Member) -> Member:
    return Member(user=present_user(member.user), role=member.role, since=member.since)


@strawberry.type(description="A seat in a team that waits for whoever has this address.")
class Invitation:
    """A domain Invitation."""

    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")
    email: str = strawberry.field(description="Whom it was sent to.")
    role: Role = strawberry.field(description="What they will be.")
    created_at: dt.datetime = strawberry.field(description="When they were invited.")
    expires_at: dt.datetime = strawberry.field(description="Until when it is good.")


def _present_invitation(invitation: domain.Invitation) -> Invitation:
    return Invitation(
        id=format_global_id("Invitation", invitation.id),
        email=invitation.email,
        role=invitation.role,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


@strawberry.type(description="Something that matters for security was done.")
class AuditEvent:
    """A domain AuditEvent."""

    id: strawberry.ID = strawberry.field(description="Opaque; good for `before`.")
    action: domain_audit.AuditAction = strawberry.field(description="What was done.")
    actor: str = strawberry.field(description="Who did it, as they were called then.")
    subject: str = strawberry.field(description="To what or whom, as it was called then.")
    address: str = strawberry.field(description="From which address; empty for the operator's command.")
    at: dt.datetime = strawberry.field(description="When.")


@strawberry.type(description="A team: it owns media, and keys that reach them.")
class Team:
    """The caller's team."""

    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")
    name: str = strawberry.field(description="Its name.")
    storage: str = strawberry.field(description="First path segment of its image addresses; it never changes.")

    @strawberry.field(description="What it has used of its plan.")
    async def usage(self, info: Info) -> Usage:
        context = info.context
        return present_usage(await context.services.quotas.get(context.principal))

    @strawberry.field(description="Who is in it, the longest first.")
    async def members(self, info: Info) -> list[Member]:
        context = info.context
        return [_present_member(member) for member in await context.services.teams.members(context.principal)]

    @strawberry.field(description="Who is invited; for its admins.")
    async def invitations(self, info: Info) -> list[Invitation]:
        context = info.context
        return [_present_invitation(item) for item in await context.services.teams.invitations(context.principal)]

    @strawberry.field(description="Its API keys, the oldest first; for its admins.")
    async def keys(self, info: Info) -> list[ApiKey]:
        context = info.context
        return [present_key(key) for key in await context.services.keys.list(context.principal)]

    @strawberry.field(description="What was done that matters for security, the latest first; for its admins.")
    async def audit_log(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, at most 100.")] = 50,
        before: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only what happened before this one.")
        ] = None,
    ) -> list[AuditEvent]:
        context = info.context
        number = number_of("AuditEvent", before) if before else None
        events = await context.services.audit.list(context.principal, size=first, before=number)
        return [
            AuditEvent(
                id=format_global_id("AuditEvent", event.id),
                action=event.action,
                actor=event.actor,
                subject=event.subject,
                address=event.address,
                at=event.at,
            )
            for event in events
        ]


def present_team(team: domain.Team) -> Team:
    """The caller's team in GraphQL's words."""
    return Team(id=format_global_id("Team", team.id), name=team.name, storage=team.storage)


@strawberry.type(description="One of a person's teams.")
class Membership:
    """A team and a role."""

    id: strawberry.ID = strawberry.field(description="Global id of the team.")
    name: str = strawberry.field(description="Name of the team.")
    storage: str = strawberry.field(description="First path segment of its image addresses.")
    role: Role = strawberry.field(description="What the person is in it.")
    current: bool = strawberry.field(description="Whether they work in it now.")


def present_membership(team: domain.Team, role: Role, current: domain.Team | None) -> Membership:
    """One of the caller's teams in GraphQL's words."""
    return Membership(
        id=format_global_id("Team", team.id),
        name=team.name,
        storage=team.storage,
        role=role,
        current=current is not None and current.id == team.id,
    )


@strawberry.input(description="A team to make.")
class CreateTeamInput:
    """A name."""

    name: str = strawberry.field(description="1 to 100 characters; no two teams have the same.")


@strawberry.input(description="A team to work in.")
class SwitchTeamInput:
    """An id."""

    team_id: strawberry.ID = strawberry.field(description="Global id of one of your teams.")


@strawberry.input(description="What to change of your team.")
class UpdateTeamInput:
    """A name."""

    name: str = strawberry.field(description="1 to 100 characters; no two teams have the same.")


@strawberry.input(description="Your team, to be ended with all that it owns.")
class DeleteTeamInput:
    """A name, against mistakes."""

    name: str = strawberry.field(description="The team's name, to show that you mean it.")


@strawberry.input(description="Somebody to invite.")
class InviteMemberInput:
    """An address and a role."""

    email: str = strawberry.field(description="E-mail address; a link is sent there.")
    role: Role = strawberry.field(default=Role.MEMBER, description="What they shall be.")


@strawberry.input(description="An invitation to take back.")
class RevokeInvitationInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description="Global id of the invitation.")


@strawberry.input(description="A link that was mailed.")
class AcceptInvitationInput:
    """A token."""

    token: str = strawberry.field(description="What stands behind `token=` in the link.")


@strawberry.input(description="What a member shall be.")
class SetMemberRoleInput:
    """A person and a role."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the person.")
    role: Role = strawberry.field(description="What they shall be.")


@strawberry.input(description="Whose seat to take away; your own to leave.")
class RemoveMemberInput:
    """A person."""

    user_id: strawberry.ID = strawberry.field(description="Global id of the person.")


@strawberry.type(description="What it came to.")
class TeamPayload:
    """A team or errors."""

    team: Membership | None = strawberry.field(default=None, description="The team; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="What an invitation came to.")
class InviteMemberPayload:
    """An invitation or errors."""

    invitation: Invitation | None = strawberry.field(default=None, description="It; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nobody was invited.")


@strawberry.type(description="What it came to.")
class MemberPayload:
    """A member or errors."""

    member: Member | None = strawberry.field(default=None, description="The member; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="Where everything that a team owns can be fetched.")
class ExportTeamPayload:
    """An address or errors."""

    url: str | None = strawberry.field(
        default=None, description="An archive (tar) with all originals and a manifest; it needs no key."
    )
    expires_at: dt.datetime | None = strawberry.field(default=None, description="Until when the address is good.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why there is none.")


@strawberry.type
class TeamMutation:
    """What can be done about teams."""

    @strawberry.mutation(description="Make another team, which you own.")
    async def create_team(self, info: Info, input: CreateTeamInput) -> TeamPayload:
        context = info.context
        try:
            team = await context.services.teams.make(context.principal, input.name)
        except TintypeError as error:
            return TeamPayload(errors=[user_error(error)])
        return TeamPayload(team=present_membership(team, Role.OWNER, context.principal.team))

    @strawberry.mutation(description="Work in another of your teams, from the next request on.")
    async def switch_team(self, info: Info, input: SwitchTeamInput) -> TeamPayload:
        context = info.context
        try:
            team, role = await context.services.teams.switch(context.principal, number_of("Team", input.team_id))
        except TintypeError as error:
            return TeamPayload(errors=[user_error(error)])
        return TeamPayload(team=present_membership(team, role, team))

    @strawberry.mutation(description="Change what is said of your team; for its admins.")
    async def update_team(self, info: Info, input: UpdateTeamInput) -> TeamPayload:
        context = info.context
        try:
            team = await context.services.teams.rename(context.principal, input.name)
        except TintypeError as error:
            return TeamPayload(errors=[user_error(error)])
        role = context.principal.role or Role.ADMIN
        return TeamPayload(team=present_membership(team, role, team))

    @strawberry.mutation(description="End your team: all that it owns is erased, for good. For its owners.")
    async def delete_team(self, info: Info, input: DeleteTeamInput) -> DonePayload:
        context = info.context
        try:
            await context.services.teams.delete(context.principal, input.name)
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Send somebody a link that gives them a seat, for seven days; for admins.")
    async def invite_member(self, info: Info, input: InviteMemberInput) -> InviteMemberPayload:
        context = info.context
        try:
            invitation = await context.services.teams.invite(context.principal, input.email, input.role)
        except TintypeError as error:
            return InviteMemberPayload(errors=[user_error(error)])
        return InviteMemberPayload(invitation=_present_invitation(invitation))

    @strawberry.mutation(description="Take an invitation back; for admins.")
    async def revoke_invitation(self, info: Info, input: RevokeInvitationInput) -> DonePayload:
        context = info.context
        try:
            number = number_of("Invitation", input.id)
            await context.services.teams.revoke_invitation(context.principal, number)
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Take the seat that you were sent a link for.")
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> TeamPayload:
        context = info.context
        try:
            team, role = await context.services.teams.accept(context.principal, input.token)
        except TintypeError as error:
            return TeamPayload(errors=[user_error(error)])
        return TeamPayload(team=present_membership(team, role, context.principal.team))

    @strawberry.mutation(description="Make a member something else; for admins, where owners are concerned for owners.")
    async def set_member_role(self, info: Info, input: SetMemberRoleInput) -> MemberPayload:
        context = info.context
        try:
            number = number_of("User", input.user_id)
            member = await context.services.teams.set_role(context.principal, number, input.role)
        except TintypeError as error:
            return MemberPayload(errors=[user_error(error)])
        return MemberPayload(member=_present_member(member))

    @strawberry.mutation(description="Take a seat away; for admins. Anybody may leave.")
    async def remove_member(self, info: Info, input: RemoveMemberInput) -> DonePayload:
        context = info.context
        try:
            await context.services.teams.remove_member(context.principal, number_of("User", input.user_id))
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Have everything that the team owns as one archive; for admins.")
    async def export_team(self, info: Info) -> ExportTeamPayload:
        context = info.context
        try:
            url, expires_at = await context.services.exports.link(context.principal)
        except TintypeError as error:
            return ExportTeamPayload(errors=[user_error(error)])
        return ExportTeamPayload(url=url, expires_at=expires_at)
