"""People: the types, how they come in, and what they do about themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

import strawberry

from graphql_api.domain import account as domain
from graphql_api.domain import session as sessions
from graphql_api.domain.account import Role, Status
from graphql_api.errors import NotFound, TintypeError
from graphql_api.services.people import SignUp
from schema.context import Info
from schema.errors import UserError, user_error
from schema.node import format_global_id, number_of, parse_global_id

strawberry.enum(Role, name="Role", description="What a person is in a team.")
strawberry.enum(Status, name="UserStatus", description="Whether a person may come in.")


@strawberry.type(description="A person.")
class User:
    """A domain User."""

    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")
    email: str = strawberry.field(description="E-mail address.")
    name: str = strawberry.field(description="What they want to be called.")
    status: Status = strawberry.field(description="Whether they may come in.")
    is_operator: bool = strawberry.field(description="Whether they administer the installation.")
    email_verified_at: dt.datetime | None = strawberry.field(description="When they showed that the address is theirs.")
    created_at: dt.datetime = strawberry.field(description="When they signed up.")


def present_user(user: domain.User) -> User:
    """A person in GraphQL's words."""
    return User(
        id=format_global_id("User", user.id),
        email=user.email,
        name=user.name,
        status=user.status,
        is_operator=user.admin,
        email_verified_at=user.verified_at,
        created_at=user.created_at,
    )


@strawberry.type(description="A place where a person is signed in.")
class Session:
    """A domain Session."""

    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")
    address: str = strawberry.field(description="From where it was last used.")
    agent: str = strawberry.field(description="What the browser or program calls itself.")
    created_at: dt.datetime = strawberry.field(description="When they signed in.")
    last_used_at: dt.datetime = strawberry.field(description="When it was last used, to a minute or so.")
    expires_at: dt.datetime = strawberry.field(description="When it ends by itself.")
    current: bool = strawberry.field(description="Whether this request came with it.")


def present_session(session: sessions.Session, current: uuid.UUID | None) -> Session:
    """A sign-in in GraphQL's words."""
    return Session(
        id=format_global_id("Session", session.id),
        address=session.address,
        agent=session.agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        current=session.id == current,
    )


@strawberry.input(description="Somebody who wants an account.")
class SignUpInput:
    """A SignUp."""

    email: str = strawberry.field(description="E-mail address; a link is sent there.")
    password: str = strawberry.field(description="8 to 1024 characters.")
    name: str | None = strawberry.field(default=None, description="What you want to be called.")
    team_name: str | None = strawberry.field(default=None, description="Name of your team; another if it is taken.")
    invitation: str | None = strawberry.field(
        default=None, description="What stands behind `token=` in an invitation: you join the team that invites you."
    )


@strawberry.input(description="Who wants to come in.")
class SignInInput:
    """Address and password."""

    email: str = strawberry.field(description="E-mail address.")
    password: str = strawberry.field(description="Password.")


@strawberry.input(description="A token to exchange for new ones.")
class RefreshSessionInput:
    """A token."""

    refresh_token: str = strawberry.field(description="It is good once.")


@strawberry.input(description="A sign-in to end.")
class SignOutInput:
    """An id, or none."""

    session_id: strawberry.ID | None = strawberry.field(default=None, description="This one unless given.")


@strawberry.input(description="A link that was mailed.")
class VerifyEmailInput:
    """A token."""

    token: str = strawberry.field(description="What stands behind `token=` in the link.")


@strawberry.input(description="Who has forgotten their password.")
class RequestPasswordResetInput:
    """An address."""

    email: str = strawberry.field(description="E-mail address.")


@strawberry.input(description="A link that was mailed, and another password.")
class ResetPasswordInput:
    """A token and a password."""

    token: str = strawberry.field(description="What stands behind `token=` in the link.")
    password: str = strawberry.field(description="8 to 1024 characters.")


@strawberry.input(description="Another password.")
class ChangePasswordInput:
    """Two passwords."""

    old_password: str = strawberry.field(description="The one so far.")
    new_password: str = strawberry.field(description="8 to 1024 characters.")


@strawberry.input(description="What to change of yourself.")
class UpdateUserInput:
    """A name."""

    name: str = strawberry.field(description="What you want to be called.")


@strawberry.input(description="To be erased, with the teams in which you are alone.")
class DeleteAccountInput:
    """A password, against mistakes and stolen sign-ins."""

    password: str = strawberry.field(description="Your password.")


@strawberry.input(description="A person to let in or shut out.")
class UserStatusInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description="Global id of the person.")


@strawberry.type(description="What signing up came to.")
class SignUpPayload:
    """A person and a key, or errors."""

    user: User | None = strawberry.field(default=None, description="You; null when there are errors.")
    test_key: str | None = strawberry.field(
        default=None,
        description="A key to try things out with, which counts nothing; shown now and never again. "
        "None for who joins another's team, or may not come in yet.",
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why there is no account.")


@strawberry.type(description="What signing in, or refreshing, came to.")
class TokensPayload:
    """Tokens or errors."""

    access_token: str | None = strawberry.field(
        default=None, description="What to send as `Authorization: Bearer`, for `expiresIn` seconds."
    )
    refresh_token: str | None = strawberry.field(default=None, description="Good once, for new tokens, for 30 days.")
    expires_in: int | None = strawberry.field(default=None, description="Seconds that the access token is good for.")
    user: User | None = strawberry.field(default=None, description="Who signed in; null when refreshed.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why there are none.")


@strawberry.type(description="What it came to.")
class UserPayload:
    """A person or errors."""

    user: User | None = strawberry.field(default=None, description="The person; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="Whether it was done.")
class DonePayload:
    """Done or errors."""

    done: bool = strawberry.field(default=False, description="False when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was done.")


def _tokens(tokens: sessions.Tokens, user: domain.User | None = None) -> TokensPayload:
    return TokensPayload(
        access_token=tokens.access,
        refresh_token=tokens.refresh,
        expires_in=tokens.expires_in,
        user=present_user(user) if user else None,
    )


def _session_id(text: str) -> uuid.UUID:
    parsed = parse_global_id(text)
    try:
        if parsed and parsed[0] == "Session":
            return uuid.UUID(parsed[1])
    except ValueError:
        pass
    raise NotFound("There is no such sign-in.")


@strawberry.type
class PeopleQuery:
    """What administrators of the installation can ask."""

    @strawberry.field(description="People who await approval, the longest first; for administrators.")
    async def pending_users(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, at most 100.")] = 50,
    ) -> list[User]:
        context = info.context
        found = await context.services.teams.pending(context.principal, max(0, min(first, 100)))
        return [present_user(user) for user in found]


@strawberry.type
class PeopleMutation:
    """What people do about themselves, and administrators about people."""

    @strawberry.mutation(description="Make an account with a team of its own, where the operator allows it.")
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpPayload:
        context = info.context
        try:
            asked = SignUp(input.email, input.password, input.name, input.team_name, input.invitation)
            made = await context.services.people.sign_up(context.principal, asked)
        except TintypeError as error:
            return SignUpPayload(errors=[user_error(error)])
        return SignUpPayload(user=present_user(made.user), test_key=made.test_key)

    @strawberry.mutation(description="Come in: tokens for a program that acts for you. Pages use /account/sign-in.")
    async def sign_in(self, info: Info, input: SignInInput) -> TokensPayload:
        context = info.context
        try:
            user, tokens = await context.services.sign_ins.sign_in(
                context.principal, input.email, input.password, context.agent
            )
        except TintypeError as error:
            return TokensPayload(errors=[user_error(error)])
        return _tokens(tokens, user)

    @strawberry.mutation(description="New tokens for a refresh token, which is good once.")
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> TokensPayload:
        context = info.context
        try:
            tokens = await context.services.sign_ins.refresh(context.principal, input.refresh_token)
        except TintypeError as error:
            return TokensPayload(errors=[user_error(error)])
        return _tokens(tokens)

    @strawberry.mutation(description="End a sign-in: its tokens and cookies are no good any more.")
    async def sign_out(self, info: Info, input: SignOutInput) -> DonePayload:
        context = info.context
        try:
            session_id = _session_id(input.session_id) if input.session_id else None
            await context.services.sign_ins.sign_out(context.principal, session_id)
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Show that an e-mail address is yours.")
    async def verify_email(self, info: Info, input: VerifyEmailInput) -> UserPayload:
        context = info.context
        try:
            user = await context.services.people.verify_email(input.token, context.principal.address)
        except TintypeError as error:
            return UserPayload(errors=[user_error(error)])
        return UserPayload(user=present_user(user))

    @strawberry.mutation(description="Have the link for that sent once more.")
    async def request_verification(self, info: Info) -> DonePayload:
        context = info.context
        try:
            await context.services.people.request_verification(context.principal)
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Have a link sent for another password. It says nothing of whether you exist.")
    async def request_password_reset(self, info: Info, input: RequestPasswordResetInput) -> DonePayload:
        context = info.context
        try:
            await context.services.people.request_reset(context.principal, input.email)
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Choose another password by a link; all sign-ins end.")
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> UserPayload:
        context = info.context
        try:
            user = await context.services.people.reset_password(input.token, input.password, context.principal.address)
        except TintypeError as error:
            return UserPayload(errors=[user_error(error)])
        return UserPayload(user=present_user(user))

    @strawberry.mutation(description="Choose another password; all other sign-ins end.")
    async def change_password(self, info: Info, input: ChangePasswordInput) -> UserPayload:
        context = info.context
        try:
            user = await context.services.people.change_password(
                context.principal, input.old_password, input.new_password
            )
        except TintypeError as error:
            return UserPayload(errors=[user_error(error)])
        return UserPayload(user=present_user(user))

    @strawberry.mutation(description="Change what is said of you.")
    async def update_user(self, info: Info, input: UpdateUserInput) -> UserPayload:
        context = info.context
        try:
            user = await context.services.people.rename(context.principal, input.name)
        except TintypeError as error:
            return UserPayload(errors=[user_error(error)])
        return UserPayload(user=present_user(user))

    @strawberry.mutation(description="Erase yourself, and the teams in which you are alone with all that they own.")
    async def delete_account(self, info: Info, input: DeleteAccountInput) -> DonePayload:
        context = info.context
        try:
            user = await context.services.people.confirm(context.principal, input.password)
            await context.services.teams.delete_person(context.principal, user)
        except TintypeError as error:
            return DonePayload(errors=[user_error(error)])
        return DonePayload(done=True)

    @strawberry.mutation(description="Let in who awaits it; for administrators of the installation.")
    async def approve_user(self, info: Info, input: UserStatusInput) -> UserPayload:
        return await _set_status(info, input, Status.ACTIVE)

    @strawberry.mutation(description="Shut a person out; all their sign-ins end. For administrators.")
    async def suspend_user(self, info: Info, input: UserStatusInput) -> UserPayload:
        return await _set_status(info, input, Status.SUSPENDED)

    @strawberry.mutation(description="Let a person in again; for administrators.")
    async def reinstate_user(self, info: Info, input: UserStatusInput) -> UserPayload:
        return await _set_status(info, input, Status.ACTIVE)


async def _set_status(info: Info, asked: UserStatusInput, status: Status) -> UserPayload:
    context = info.context
    try:
        user = await context.services.teams.set_status(context.principal, number_of("User", asked.id), status)
    except TintypeError as error:
        return UserPayload(errors=[user_error(error)])
    return UserPayload(user=present_user(user))
