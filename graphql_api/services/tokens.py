"""Access tokens: JWTs that name a session. They are worth as much as it: nothing once it has ended."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import jwt

from graphql_api.domain.account import User
from graphql_api.domain.session import ACCESS_SECONDS
from graphql_api.domain.signing import Signer
from graphql_api.errors import Unauthenticated

_ALGORITHM = "HS256"
_PURPOSE = "access token"
_INVALID = "This access token is not valid."


class AccessTokens:
    """Makes and reads them. Signed with the first of the secret keys; all of them verify."""

    def __init__(self, signer: Signer, clock: Callable[[], dt.datetime]) -> None:
        self._keys = signer.derived(_PURPOSE)
        self._clock = clock

    def issue(self, user: User, session_id: uuid.UUID) -> str:
        """A token for an hour. `roles` is what Slink's clients read (contracts/slink.md 1.1)."""
        now = int(self._clock().timestamp())
        roles = ["ROLE_USER", "ROLE_ADMIN"] if user.admin else ["ROLE_USER"]
        claims = {"iat": now, "exp": now + ACCESS_SECONDS, "sub": str(user.id), "sid": str(session_id), "roles": roles}
        return jwt.encode(claims, self._keys[0], algorithm=_ALGORITHM)

    def session_of(self, token: str) -> uuid.UUID:
        """The session that the token names. Unauthenticated when it is not one of ours, or has expired."""
        for key in self._keys:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[_ALGORITHM],
                    options={"require": ["exp", "sid"], "verify_exp": False, "verify_iat": False},
                )
                expired, session_id = claims["exp"] <= self._clock().timestamp(), uuid.UUID(claims["sid"])
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
                raise Unauthenticated(_INVALID) from error
            if expired:
                raise Unauthenticated("This access token has expired.")
            return session_id
        raise Unauthenticated(_INVALID)


def is_access_token(secret: str) -> bool:
    """Whether it has the form of a JWT: no API key has dots."""
    return secret.count(".") == 2  # noqa: PLR2004 (head, claims, signature)
