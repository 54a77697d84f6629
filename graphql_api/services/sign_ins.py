"""Signing in and out: cookies for pages, tokens for programs. Both name a session, and end with it."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from graphql_api.db import sessions, teams, users
from graphql_api.db.database import transaction
from graphql_api.domain.account import Principal, Status, User
from graphql_api.domain.audit import AuditAction
from graphql_api.domain.names import MAX_EMAIL
from graphql_api.domain.session import LIFETIME, Session, Tokens
from graphql_api.domain.signing import Signer
from graphql_api.errors import InvalidCredentials, NotFound
from graphql_api.services.audit import Audit
from graphql_api.services.limits import Limits
from graphql_api.services.passwords import Passwords
from graphql_api.services.people import People
from graphql_api.services.tokens import AccessTokens

COOKIE = "session"  # the purpose of its signature
_REUSE_GRACE = dt.timedelta(minutes=1)  # a client that asks twice is clumsy; a token that comes back later was stolen
_MAX_AGENT = 200
_MAX_ADDRESS = 64
_WRONG = "The e-mail address or the password is wrong."
_WRONG_REFRESH = "Invalid or expired refresh token."


@dataclass(frozen=True, slots=True)
class SignIns:
    """Lets people in and out."""

    signer: Signer
    tokens: AccessTokens
    passwords: Passwords
    people: People
    limits: Limits
    audit: Audit
    verified_only: bool
    clock: Callable[[], dt.datetime]

    async def check(self, principal: Principal, email: str, password: str) -> User:
        """The person of this address and password. InvalidCredentials, RateLimited."""
        address = email.strip().lower()[:MAX_EMAIL]
        await self.limits.count_attempt("sign-in", principal.address)
        await self.limits.count_attempt("sign-in", address)
        # (Of what no address has in it, PostgreSQL cannot even be asked.)
        user = await users.find_by_email(address) if address.isprintable() else None
        # Without such a person the same work is done, so that the time does not tell whether there is one.
        hashed = await users.password_of(user.id) if user else None
        if not await self.passwords.match(hashed, password) or user is None:
            if user is not None:
                home = await users.home_of(user.id)
                await self.audit.record(principal, AuditAction.SIGN_IN_FAILED, user.email, team_id=home)
            raise InvalidCredentials(None, _WRONG)
        if user.status is Status.PENDING:
            raise InvalidCredentials(None, "This account awaits the approval of the operator.")
        if user.status is Status.SUSPENDED:
            raise InvalidCredentials(None, "This account is suspended.")
        if self.verified_only and user.verified_at is None:
            await self.people.send_verification(user)
            raise InvalidCredentials(None, "Confirm your e-mail address first: a link was sent to it.")
        if self.passwords.is_outdated(hashed):
            await users.rehash(user.id, await self.passwords.hash(password))
        return user

    async def sign_in(self, principal: Principal, email: str, password: str, agent: str) -> tuple[User, Tokens]:
        """Tokens for a program that acts for this person. InvalidCredentials, RateLimited."""
        user = await self.check(principal, email, password)
        return user, await self.open_tokens(principal, user, agent)

    async def sign_in_page(self, principal: Principal, email: str, password: str, agent: str) -> str:
        """A cookie for a browser, a new one each time: whoever planted an older one has nothing. InvalidCredentials."""
        user = await self.check(principal, email, password)
        token = secrets.token_urlsafe(32)
        async with transaction():
            if principal.session is not None and principal.user is not None:
                await sessions.end(principal.session, principal.user.id)
            await self._open(principal, user, agent, cookie_digest(token))
        return f"{token}.{self.signer.sign(COOKIE, token)}"

    async def open_tokens(self, principal: Principal, user: User, agent: str) -> Tokens:
        """Tokens for a person who was recognised."""
        async with transaction():
            session = await self._open(principal, user, agent, None)
            return await self._issue(user, session)

    async def _open(self, principal: Principal, user: User, agent: str, digest: str | None) -> uuid.UUID:
        if not await users.hold(user.id, user.epoch):
            raise InvalidCredentials(None, _WRONG)  # password or status changed while this one was checked
        now, home = self.clock(), await self._home(user)
        clean = "".join(letter for letter in agent if letter.isprintable())[:_MAX_AGENT]
        session = Session(uuid.uuid4(), principal.address[:_MAX_ADDRESS], clean, now, now, now + LIFETIME)
        await sessions.make(session, user.id, home, digest)
        await self.audit.record(
            Principal(user=user, address=principal.address), AuditAction.SIGNED_IN, user.email, team_id=home
        )
        return session.id

    async def _home(self, user: User) -> int | None:
        """Where the person works: in their home, or else where they have been the longest."""
        mine = [team.id for team, _ in await teams.teams_of(user.id)]
        home = await users.home_of(user.id)
        return home if home in mine else next(iter(mine), None)

    async def _issue(self, user: User, session_id: uuid.UUID) -> Tokens:
        expires = self.clock() + LIFETIME
        refresh = f"{uuid.uuid4()}.{int(expires.timestamp())}"  # the form of Slink's (contracts/slink.md 1.1)
        await sessions.add_refresh_token(_sha256(refresh), session_id, expires)
        await sessions.extend(session_id, expires)
        return Tokens(self.tokens.issue(user, session_id), refresh)

    async def refresh(self, principal: Principal, refresh: str) -> Tokens:
        """New tokens for a refresh token, which is good once. InvalidCredentials."""
        digest, now = _sha256(refresh), self.clock()
        found = await sessions.find_refresh_token(digest)
        if found is None or found.expires_at <= now:
            raise InvalidCredentials("refreshToken", _WRONG_REFRESH)
        signed_in = await sessions.find(found.session_id)
        if signed_in is None or signed_in.user.status is not Status.ACTIVE:
            raise InvalidCredentials("refreshToken", _WRONG_REFRESH)
        async with transaction():
            # The person first, as whoever changes a password does: in another order the two would wait for each other.
            held = await users.hold(signed_in.user.id, signed_in.user.epoch)
            if held and await sessions.use_refresh_token(digest, now):
                await sessions.touch(found.session_id, principal.address, now)
                return await self._issue(signed_in.user, found.session_id)
        if found.used_at is not None and found.used_at < now - _REUSE_GRACE:
            await self._end_stolen(principal, signed_in)
        raise InvalidCredentials("refreshToken", _WRONG_REFRESH)

    async def _end_stolen(self, principal: Principal, signed_in: sessions.SignedIn) -> None:
        """A token that was exchanged long ago came back: somebody has a copy, and nobody can tell who is who."""
        async with transaction():
            await sessions.end(signed_in.session.id, signed_in.user.id)
            team_id = signed_in.team.id if signed_in.team else None
            await self.audit.record(principal, AuditAction.TOKEN_REUSED, signed_in.user.email, team_id=team_id)

    async def sign_out(self, principal: Principal, session_id: uuid.UUID | None = None) -> None:
        """End a sign-in, this one unless another is named. NotFound, Unauthenticated."""
        user, ending = principal.require_user(), session_id or principal.session
        async with transaction():
            if ending is None or not await sessions.end(ending, user.id):
                raise NotFound("There is no such sign-in.")
            await self.audit.record(principal, AuditAction.SIGNED_OUT, user.email)

    async def sign_out_token(self, refresh: str) -> None:
        """End the sign-in that a refresh token belongs to. InvalidCredentials."""
        found = await sessions.find_refresh_token(_sha256(refresh))
        signed_in = await sessions.find(found.session_id) if found and found.used_at is None else None
        if signed_in is None:
            raise InvalidCredentials("refreshToken", _WRONG_REFRESH)
        await self.sign_out(Principal(user=signed_in.user, session=signed_in.session.id, team=signed_in.team))

    async def sessions_of(self, principal: Principal) -> list[Session]:
        """Where the person is signed in."""
        return await sessions.list_of(principal.require_user().id, self.clock())

    async def sweep(self) -> int:
        """Forget sign-ins and invitations whose time is over."""
        now = self.clock()
        return await sessions.sweep(now) + await teams.sweep_invitations(now)


def cookie_digest(token: str) -> str:
    """What is kept of a cookie."""
    return _sha256(token)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
