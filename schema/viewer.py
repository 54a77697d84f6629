"""Who is asking."""

from __future__ import annotations

import strawberry

from graphql_api.domain.account import Profile, Scope
from graphql_api.errors import Unauthenticated
from schema.context import Info

strawberry.enum(Scope, name="Scope", description="A right that an API key carries.")
strawberry.enum(Profile, name="KeyProfile", description="The REST generation whose words a key expects.")


@strawberry.type(description="A team: it owns media, and keys that reach them.")
class Team:
    """The caller's team."""

    name: str = strawberry.field(description="Its name.")
    storage: str = strawberry.field(description="First path segment of its image addresses; it never changes.")


@strawberry.type(description="An API key, without its secret.")
class ApiKey:
    """The caller's key."""

    name: str = strawberry.field(description="Its name.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    profile: Profile = strawberry.field(description="The REST generation whose words it expects.")


@strawberry.type(description="Whoever sends this request.")
class Viewer:
    """The principal."""

    team: Team = strawberry.field(description="The team whose key this is.")
    key: ApiKey = strawberry.field(description="The key.")


@strawberry.type
class ViewerQuery:
    """What callers can ask of themselves."""

    @strawberry.field(description="Whoever sends this request; needs an API key.")
    def viewer(self, info: Info) -> Viewer:
        principal = info.context.principal
        if principal.team is None or principal.key is None:
            raise Unauthenticated
        key = principal.key
        return Viewer(
            team=Team(name=principal.team.name, storage=principal.team.storage),
            key=ApiKey(name=key.name, scopes=sorted(key.scopes), profile=key.profile),
        )
