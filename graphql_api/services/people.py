"""People: how they sign up, show that an address is theirs, and change their password. Coming in is in `sign_ins`."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from graphql_api.db import keys, sessions, users
from graphql_api.db import teams as team_rows
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal, Role, Status, Team, User
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.key import NewKey, Profile
from graphql_api.domain.names import check_password, clean_email, clean_name, clean_team_name, is_internal
from graphql_api.domain.signing import Signer
from graphql_api.errors import BadSignature, Conflict, InvalidCredentials, NotConfigured
from graphql_api.remote.mail import Mailer
from graphql_api.services.audit import Audit
from graphql_api.services.limits import Limits
from graphql_api.services.passwords import Passwords
from graphql_api.services.teams import Teams

VERIFY, RESET = "verify e-mail", "reset password"
_VERIFY_DAYS, _RESET_HOURS = 7, 2


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody says of themselves."""

    email: str
    password: str
    name: str | None = None
    team_name: str | None = None
    invitation: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "email", clean_email(self.email))
        check_password(self.password)
        name = self.name or self.email.partition("@")[0][:100]
        object.__setattr__(self, "name", clean_name("name", name))
        if self.team_name is not None:
            object.__setattr__(self, "team_name", clean_team_name("teamName", self.team_name))


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new person, their team, and a key to try things out, shown now and never again.

    No key for who joins a team of others, nor for who may not come in yet: it would be a way in.
    """

    user: User
    team: Team
    test_key: str | None


@dataclass(frozen=True, slots=True)
class Door:
    """Who may make an account: `open`, `approval` or `closed`; whether they must first confirm their address."""

    sign_up: str
    public_url: str
    verified_only: bool


@dataclass(frozen=True, slots=True)
class People:
    """What people do about themselves."""

    door: Door
    signer: Signer
    passwords: Passwords
    mailer: Mailer
    limits: Limits
    audit: Audit
    teams: Teams
    clock: Callable[[], dt.datetime]

    # --- coming

    async def sign_up(self, principal: Principal, asked: SignUp) -> SignedUp:
        """A new person with a team of their own. NotConfigured, RateLimited, Conflict.

        Who is invited comes in whatever the operator's rule, and into the team that invites.
        """
        if asked.invitation is not None:
            return await self._sign_up_invited(principal, asked, asked.invitation)
        if self.door.sign_up == "closed":
            raise NotConfigured("This server takes no sign-ups; ask its operator for an invitation.")
        await self.limits.count_attempt("sign-up", principal.address)
        hashed = await self.passwords.hash(asked.password)
        status = Status.PENDING if self.door.sign_up == "approval" else Status.ACTIVE
        async with transaction():
            user = await users.make(asked.email, asked.name or "", hashed, status=status)
            team = await self._first_team(asked.team_name or asked.name or "")
            await team_rows.add_member(team.id, user.id, Role.OWNER, self.clock())
            await users.set_home(user.id, team.id)
            test_key = None
            if status is Status.ACTIVE and not self.door.verified_only:
                _, test_key = await keys.make(team.id, NewKey("test", profile=Profile.TEST), user_id=user.id)
            await self.audit.record(principal, AuditAction.SIGNED_UP, user.email, team_id=team.id)
        await self.send_verification(user)
        return SignedUp(user, team, test_key)

    async def _sign_up_invited(self, principal: Principal, asked: SignUp, token: str) -> SignedUp:
        team, invitation = await self.teams.read_invitation(token)
        hashed = await self.passwords.hash(asked.password)
        async with transaction():
            user = await users.make(asked.email, asked.name or "", hashed)
            await self.teams.take_seat(principal, user, team, invitation)
            await users.set_home(user.id, team.id)
            await self.audit.record(principal, AuditAction.SIGNED_UP, user.email, team_id=team.id)
        return SignedUp(await users.find(user.id) or user, team, None)

    async def _first_team(self, name: str) -> Team:
        """A team of this name, or like it: whose the name is already is nobody's business."""
        if not is_internal(name):
            with suppress(Conflict):
                return await team_rows.make(name)
        return await team_rows.make(f"{name[:90]} {secrets.token_hex(4)}")

    async def make(self, email: str, password: str | None, team: Team | None, *, admin: bool) -> User:
        """A person whom the operator knows. InvalidInput, Conflict."""
        address = clean_email(email)
        hashed = await self.passwords.hash(check_password(password)) if password is not None else None
        if team is not None:
            await self.teams.refuse_internal(team)
        async with transaction():
            user = await users.make(address, address.partition("@")[0][:100], hashed, admin=admin)
            await users.set_verified(user.id, self.clock())
            if team is not None:
                await team_rows.add_member(team.id, user.id, Role.OWNER, self.clock())
                await users.set_home(user.id, team.id)
            await self.audit.record(Principal(), AuditAction.SIGNED_UP, address, team_id=team.id if team else None)
        return user

    @staticmethod
    async def find(email: str) -> User | None:
        """The person of this address, for the operator. InvalidInput."""
        return await users.find_by_email(clean_email(email))

    # --- showing that an address is one's own

    def verification_link(self, user: User) -> str:
        """Where a person shows that they get what is sent to their address."""
        expires = self.clock() + dt.timedelta(days=_VERIFY_DAYS)
        token = self.signer.seal(VERIFY, {"user": user.id, "email": user.email, "epoch": user.epoch}, expires)
        return f"{self.door.public_url}/account/verify?token={token}"

    def reset_link(self, user: User) -> str:
        """Where a person chooses another password; good once."""
        expires = self.clock() + dt.timedelta(hours=_RESET_HOURS)
        token = self.signer.seal(RESET, {"user": user.id, "epoch": user.epoch}, expires)
        return f"{self.door.public_url}/account/reset?token={token}"

    async def send_verification(self, user: User) -> None:
        """Send the link, or log it where there is no mail."""
        if user.verified_at is None:
            self.mailer.send_later(
                user.email, "Confirm your e-mail address", _VERIFY_TEXT, self.verification_link(user)
            )

    async def request_verification(self, principal: Principal) -> None:
        """Send it once more. RateLimited, Unauthenticated."""
        user = principal.require_user()
        await self.limits.count_attempt("verification", user.email)
        await self.send_verification(user)

    async def verify_email(self, token: str, address: str) -> User:
        """The address is theirs. BadSignature."""
        claims = self.signer.open(VERIFY, token, self.clock())
        user = await users.find(_number(claims["user"]))
        if user is None or (user.email, user.epoch) != (claims["email"], claims.get("epoch")):
            raise BadSignature("This link is not valid any more.")
        async with transaction():
            await users.set_verified(user.id, self.clock())
            if user.verified_at is None:
                principal = Principal(user=user, address=address)
                await self.audit.record(
                    principal, AuditAction.EMAIL_VERIFIED, user.email, team_id=await users.home_of(user.id)
                )
        return await users.find(user.id) or user

    # --- passwords

    async def request_reset(self, principal: Principal, email: str) -> None:
        """Send a link to whoever has this address; says nothing of whether anybody has. InvalidInput, RateLimited."""
        address = clean_email(email)
        await self.limits.count_attempt("reset", principal.address)
        await self.limits.count_attempt("reset", address)
        user = await users.find_by_email(address)
        if user is not None and user.status is Status.ACTIVE:
            self.mailer.send_later(user.email, "Choose another password", _RESET_TEXT, self.reset_link(user))

    async def reset_password(self, token: str, password: str, address: str) -> User:
        """Another password by a link; all sign-ins end. BadSignature, InvalidInput."""
        claims = self.signer.open(RESET, token, self.clock())
        hashed = await self.passwords.hash(check_password(password))
        user = await users.find(_number(claims["user"]))
        if user is None or user.status is not Status.ACTIVE:
            raise BadSignature("This link is not valid any more.")
        async with transaction():
            if user.verified_at is None:
                await self._take_over(user)  # first: it locks teams, as what changes persons in them does
            if not await users.set_password(user.id, hashed, _number(claims["epoch"])):
                raise BadSignature("This link was used already.")
            await sessions.end_all(user.id)
            await users.set_verified(user.id, self.clock())  # the link came by mail
            principal = Principal(user=user, address=address)
            await self.audit.record(
                principal, AuditAction.PASSWORD_RESET, user.email, team_id=await users.home_of(user.id)
            )
        return await users.find(user.id) or user

    @staticmethod
    async def _take_over(user: User) -> None:
        """End all ways in that whoever signed up with this address has made: until now nobody showed it is theirs."""
        await keys.remove_all_of(user.id)
        for team, _ in await team_rows.teams_of(user.id):
            await team_rows.lock(team.id)
            await team_rows.leave_alone(team.id, user.id)

    async def change_password(self, principal: Principal, old: str, new: str) -> User:
        """Another password for who knows the old one; all other sign-ins end. InvalidCredentials, InvalidInput."""
        user = principal.require_user()
        check_password(new, "newPassword")
        await self.limits.count_attempt("sign-in", user.email)
        if not await self.passwords.match(await users.password_of(user.id), old):
            raise InvalidCredentials("oldPassword", "This is not your password.")
        hashed = await self.passwords.hash(new)
        async with transaction():
            if not await users.set_password(user.id, hashed, user.epoch):
                raise Conflict("The password was just changed.")
            await sessions.end_all(user.id, but=principal.session)
            await self.audit.record(principal, AuditAction.PASSWORD_CHANGED, user.email)
        return user

    async def confirm(self, principal: Principal, password: str) -> User:
        """The caller, who has shown that they know their password. InvalidCredentials, RateLimited."""
        user = principal.require_user()
        await self.limits.count_attempt("sign-in", user.email)
        if not await self.passwords.match(await users.password_of(user.id), password):
            raise InvalidCredentials("password", "This is not your password.")
        return user

    async def rename(self, principal: Principal, name: str) -> User:
        """What the person wants to be called."""
        user = principal.require_user()
        await users.set_name(user.id, clean_name("name", name))
        return await users.find(user.id) or user


def _number(claim: object) -> int:
    return int(str(claim))


_VERIFY_TEXT = """\
Somebody, most likely you, has given this address to Tintype. Open this page to confirm that it is yours:

{link}

If it was not you, do nothing.
"""
_RESET_TEXT = """\
Somebody, most likely you, wants to choose another password for Tintype. Do it here, within two hours:

{link}

If it was not you, do nothing: your password stays as it is.
"""
