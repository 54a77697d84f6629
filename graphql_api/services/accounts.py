"""Who is calling: a key, a person, a guest, or anybody."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable

from graphql_api.db import keys, sessions, teams
from graphql_api.domain.account import Principal, Status, Team
from graphql_api.domain.key import Scope, number_of
from graphql_api.domain.names import GUESTS_TEAM, MIRROR_TEAM
from graphql_api.domain.plan import MIRROR, Plans
from graphql_api.domain.signing import Signer
from graphql_api.errors import Unauthenticated
from graphql_api.services.sign_ins import COOKIE, cookie_digest
from graphql_api.services.tokens import AccessTokens, is_access_token

_MAX_SECRET = 2048  # a JWT has some 300 characters
_TOUCH = dt.timedelta(minutes=1)  # how exactly it is known when a credential was last used
_INVALID = "This API key is not valid."


class Accounts:
    """Turns credentials into principals."""

    def __init__(
        self,
        *,
        anonymous_uploads: bool,
        plans: Plans,
        signer: Signer,
        tokens: AccessTokens,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._anonymous_uploads = anonymous_uploads
        self._plans = plans
        self._signer = signer
        self._tokens = tokens
        self._clock = clock
        self._guests: Team | None = None

    async def authenticate(self, secret: str | None, address: str) -> Principal:
        """Who has this key or access token; without one, anybody. Unauthenticated for one that is no good."""
        if secret is None:
            return self.anybody(address)
        if len(secret) > _MAX_SECRET:
            raise Unauthenticated(_INVALID)
        if is_access_token(secret):
            return await self._person(await sessions.find(self._tokens.session_of(secret)), address)
        return await self._key(secret, address)

    async def authenticate_cookie(self, cookie: str, address: str) -> Principal:
        """Who has signed in on a page; anybody when the cookie is no good: a page must still be able to show itself."""
        token, _, signature = cookie.rpartition(".")
        if not self._signer.verify(COOKIE, token, signature):
            return self.anybody(address)
        try:
            return await self._person(await sessions.find_by_digest(cookie_digest(token)), address)
        except Unauthenticated:
            return self.anybody(address)

    def anybody(self, address: str) -> Principal:
        """Somebody without a credential."""
        return Principal(address=address, plan=self._plans.anonymous)

    async def _key(self, secret: str, address: str) -> Principal:
        now = self._clock()
        found = await keys.find(secret)
        if found is None or not _names_itself(secret, found.key.id):
            raise Unauthenticated(_INVALID)
        key = found.key
        if not key.is_live(now):
            raise Unauthenticated("This API key has expired.")
        scopes = key.scopes
        if key.user_id is not None:
            if found.status is not Status.ACTIVE or found.role is None:
                raise Unauthenticated(_INVALID)
            scopes &= found.role.scopes  # never more than who made it, whatever they have become since
        if key.last_used_at is None or key.last_used_at < now - _TOUCH:
            await keys.touch(key.id, address[:64], now)
        plan = self._plans.test if key.is_test else self._plans.of(found.team.plan)
        return Principal(team=found.team, key=key, scopes=scopes, address=address, plan=plan)

    async def _person(self, found: sessions.SignedIn | None, address: str) -> Principal:
        now = self._clock()
        if found is None or not found.session.is_live(now) or found.user.status is not Status.ACTIVE:
            raise Unauthenticated("This sign-in has ended.")
        session = found.session
        if session.last_used_at < now - _TOUCH:
            await sessions.touch(session.id, address, now)
        return Principal(
            team=found.team,
            scopes=found.role.scopes if found.role else frozenset(),
            address=address,
            plan=self._plans.of(found.team.plan) if found.team else self._plans.anonymous,
            user=found.user,
            session=session.id,
            role=found.role,
        )

    async def admit_guest(self, principal: Principal) -> Principal:
        """The caller as one who may upload without a key. Unauthenticated where the operator wants none."""
        if principal.team is not None:
            return principal
        if not self._anonymous_uploads:
            raise Unauthenticated
        self._guests = self._guests or await teams.internal(GUESTS_TEAM)
        scopes = frozenset({Scope.WRITE})
        return Principal(team=self._guests, scopes=scopes, address=principal.address, plan=self._plans.anonymous)

    async def mirror(self) -> Principal:
        """Ourselves, fetching images of other origins that somebody asked to have transformed."""
        team = await teams.internal(MIRROR_TEAM)
        return Principal(team=team, scopes=frozenset({Scope.WRITE}), plan=MIRROR)


def _names_itself(secret: str, key_id: int) -> bool:
    """Whether a key that shows a number (`3|secret`) shows its own."""
    number = number_of(secret)
    return number is None or hmac.compare_digest(str(number), str(key_id))
