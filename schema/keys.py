"""API keys: the type, and what can be done with them."""

from __future__ import annotations

import datetime as dt

import strawberry

from graphql_api.domain import key as domain
from graphql_api.domain.key import NewKey, Profile, Scope
from graphql_api.errors import TintypeError
from schema.context import Info
from schema.errors import UserError, user_error
from schema.node import format_global_id, number_of

strawberry.enum(Scope, name="Scope", description="A right: to see what is the team's, to change it, to rule the team.")
strawberry.enum(Profile, name="KeyProfile", description="The REST generation whose words a key expects.")


@strawberry.type(description="An API key, without its secret.")
class ApiKey:
    """A domain ApiKey."""

    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")
    name: str = strawberry.field(description="Its name.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    profile: Profile = strawberry.field(description="The REST generation whose words it expects.")
    created_at: dt.datetime | None = strawberry.field(description="When it was made.")
    expires_at: dt.datetime | None = strawberry.field(description="When it is no good any more; null for never.")
    last_used_at: dt.datetime | None = strawberry.field(description="When it was last used, to a minute or so.")
    last_used_address: str | None = strawberry.field(description="From where.")


def present_key(key: domain.ApiKey) -> ApiKey:
    """A key in GraphQL's words."""
    return ApiKey(
        id=format_global_id("ApiKey", key.id),
        name=key.name,
        scopes=sorted(key.scopes),
        profile=key.profile,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        last_used_address=key.last_used_address,
    )


@strawberry.input(description="A key to make.")
class CreateKeyInput:
    """A NewKey."""

    name: str = strawberry.field(description="Its name, so that you know it again.")
    scopes: list[Scope] = strawberry.field(
        default_factory=lambda: [Scope.READ, Scope.WRITE], description="What it may do; no more than you may."
    )
    profile: Profile = strawberry.field(default=Profile.G4, description="The REST generation whose words it expects.")
    expires_at: dt.datetime | None = strawberry.field(default=None, description="When it ends; never unless given.")


@strawberry.input(description="A key to give another name.")
class RenameKeyInput:
    """An id and a name."""

    id: strawberry.ID = strawberry.field(description="Global id of the key.")
    name: str = strawberry.field(description="Its new name.")


@strawberry.input(description="A key to give another secret.")
class RotateKeyInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description="Global id of the key.")


@strawberry.input(description="A key to make worthless.")
class RevokeKeyInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description="Global id of the key.")


@strawberry.type(description="A key with its secret, or why there is none.")
class KeySecretPayload:
    """A key, its secret, or errors."""

    key: ApiKey | None = strawberry.field(default=None, description="The key; null when there are errors.")
    secret: str | None = strawberry.field(
        default=None, description="What to send as `Authorization: Bearer`. It is shown now and never again."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was made.")


@strawberry.type(description="What renaming a key came to.")
class RenameKeyPayload:
    """A key or errors."""

    key: ApiKey | None = strawberry.field(default=None, description="The key; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="What revoking a key came to.")
class RevokeKeyPayload:
    """An id or errors."""

    revoked_id: strawberry.ID | None = strawberry.field(
        default=None, description="Id of the key that is no good any more; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was revoked.")


@strawberry.type
class KeyMutation:
    """What can be done with keys."""

    @strawberry.mutation(description="Make an API key; for the team's admins, and for anybody one of profile SK.")
    async def create_key(self, info: Info, input: CreateKeyInput) -> KeySecretPayload:
        context = info.context
        try:
            asked = NewKey(input.name, frozenset(input.scopes), input.profile, input.expires_at)
            key, secret = await context.services.keys.make(context.principal, asked)
        except TintypeError as error:
            return KeySecretPayload(errors=[user_error(error)])
        return KeySecretPayload(key=present_key(key), secret=secret)

    @strawberry.mutation(description="Give a key another secret; the old one is no good from this moment.")
    async def rotate_key(self, info: Info, input: RotateKeyInput) -> KeySecretPayload:
        context = info.context
        try:
            key, secret = await context.services.keys.rotate(context.principal, number_of("ApiKey", input.id))
        except TintypeError as error:
            return KeySecretPayload(errors=[user_error(error)])
        return KeySecretPayload(key=present_key(key), secret=secret)

    @strawberry.mutation(description="Give a key another name.")
    async def rename_key(self, info: Info, input: RenameKeyInput) -> RenameKeyPayload:
        context = info.context
        try:
            key = await context.services.keys.rename(context.principal, number_of("ApiKey", input.id), input.name)
        except TintypeError as error:
            return RenameKeyPayload(errors=[user_error(error)])
        return RenameKeyPayload(key=present_key(key))

    @strawberry.mutation(description="Make a key worthless, at once.")
    async def revoke_key(self, info: Info, input: RevokeKeyInput) -> RevokeKeyPayload:
        context = info.context
        try:
            await context.services.keys.revoke(context.principal, number_of("ApiKey", input.id))
        except TintypeError as error:
            return RevokeKeyPayload(errors=[user_error(error)])
        return RevokeKeyPayload(revoked_id=input.id)
