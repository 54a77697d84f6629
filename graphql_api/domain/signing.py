"""Signatures of this installation: on links and cookies, with the first of its secret keys; all of them verify.

Each purpose has a key of its own, so that a signature made for one is worth nothing for another.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from graphql_api.errors import BadSignature

MIN_KEY = 32  # characters of a secret key


class Signer:
    """Signs and verifies with HMAC-SHA256. Verifying takes the same time wherever two signatures differ."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or any(len(key) < MIN_KEY for key in keys):
            raise ValueError(f"each secret key must have at least {MIN_KEY} characters")
        self._keys = tuple(key.encode() for key in keys)

    def derived(self, purpose: str) -> list[bytes]:
        """The keys for a purpose, the one that signs first."""
        return [hmac.digest(key, purpose.encode(), "sha256") for key in self._keys]

    def sign(self, purpose: str, text: str) -> str:
        """The signature of a text, in URL-safe base64 (43 characters)."""
        return _encode(hmac.digest(self.derived(purpose)[0], text.encode(), "sha256"))

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        """Whether one of the keys made this signature."""
        given = signature.encode("utf-8", "replace")
        made = [_encode(hmac.digest(key, text.encode("utf-8", "replace"), "sha256")) for key in self.derived(purpose)]
        return any(hmac.compare_digest(candidate.encode(), given) for candidate in made)

    def seal(self, purpose: str, claims: Mapping[str, object], expires_at: dt.datetime) -> str:
        """A token that says `claims` until it expires: anybody can read it, nobody can make one."""
        body = json.dumps({**claims, "exp": int(expires_at.timestamp())}, separators=(",", ":"), sort_keys=True)
        text = _encode(body.encode())
        return f"{text}.{self.sign(purpose, text)}"

    def open(self, purpose: str, token: str, now: dt.datetime) -> Mapping[str, object]:
        """The claims of a token of ours. BadSignature when it is none, or has expired."""
        text, _, signature = token.partition(".")
        if not self.verify(purpose, text, signature):
            raise BadSignature("This link is not valid.")
        try:
            claims = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError) as error:  # signed by us, and yet not ours
            raise BadSignature("This link is not valid.") from error
        if claims["exp"] <= now.timestamp():
            raise BadSignature("This link has expired.")
        return dict(claims)


def fingerprint(secret: str) -> str:
    """A few digits that tell whether a secret has changed, and nothing else of it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
