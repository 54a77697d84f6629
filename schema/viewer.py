"""Who is asking."""

from __future__ import annotations

import strawberry

from graphql_api.errors import Unauthenticated
from schema.context import Info
from schema.keys import ApiKey, present_key
from schema.people import Session, User, present_session, present_user
from schema.teams import Membership, Team, present_membership, present_team
from schema.usage import Usage, present_usage


@strawberry.type(description="Whoever sends this request: a key of a team, or a person who has signed in.")
class Viewer:
    """The principal."""

    team: Team | None = strawberry.field(description="The team whose key this is, or that the person works in.")
    key: ApiKey | None = strawberry.field(description="The key; null for a person.")
    user: User | None = strawberry.field(description="The person; null for a key.")

    @strawberry.field(description="What the team has used of its plan; null for a person who works in none.")
    async def usage(self, info: Info) -> Usage | None:
        if self.team is None:
            return None
        return present_usage(await info.context.services.quotas.get(info.context.principal))

    @strawberry.field(description="The person's teams; none for a key.")
    async def teams(self, info: Info) -> list[Membership]:
        context = info.context
        if context.principal.user is None:
            return []
        mine = await context.services.teams.mine(context.principal)
        return [present_membership(team, role, context.principal.team) for team, role in mine]

    @strawberry.field(description="Where the person is signed in, the latest first; none for a key.")
    async def sessions(self, info: Info) -> list[Session]:
        context = info.context
        if context.principal.user is None:
            return []
        found = await context.services.sign_ins.sessions_of(context.principal)
        return [present_session(session, context.principal.session) for session in found]


@strawberry.type
class ViewerQuery:
    """What callers can ask of themselves."""

    @strawberry.field(description="Whoever sends this request; needs an API key, or somebody who has signed in.")
    def viewer(self, info: Info) -> Viewer:
        principal = info.context.principal
        if principal.key is None and principal.user is None:
            raise Unauthenticated
        return Viewer(
            team=present_team(principal.team) if principal.team else None,
            key=present_key(principal.key) if principal.key else None,
            user=present_user(principal.user) if principal.user else None,
        )
