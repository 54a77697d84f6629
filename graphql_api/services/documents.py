"""GraphQL documents by their SHA-256: those that clients registered (APQ), and those that the operator trusts.

What clients register is kept in this process, bounded, the latest longest; one that is not there is simply sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from graphql_api.errors import Forbidden, InvalidInput, NotFound

_MAX_REGISTERED = 1000  # of 20,000 characters at most


class Documents:
    """With `trusted_only` nothing else is run."""

    def __init__(self, trusted: Mapping[str, str], *, trusted_only: bool) -> None:
        self._trusted = trusted
        self._trusted_only = trusted_only
        self._registered: dict[str, str] = {}

    def find(self, digest: str) -> str:
        """The document of this digest, in lower-case hex. NotFound."""
        if (document := self._trusted.get(digest)) is not None:
            return document
        if (document := self._registered.pop(digest, None)) is None:
            raise NotFound("PersistedQueryNotFound")
        self._registered[digest] = document
        return document

    def register(self, digest: str, document: str) -> None:
        """Keep a document under its digest. InvalidInput when it is another's."""
        if digest_of(document) != digest:
            raise InvalidInput(None, "The digest that names the document is not the SHA-256 of 'query'.")
        if self._trusted_only:
            return
        self._registered.pop(digest, None)
        if len(self._registered) >= _MAX_REGISTERED:
            del self._registered[next(iter(self._registered))]
        self._registered[digest] = document

    def admit(self, document: str) -> None:
        """Refuse what the operator does not trust. Forbidden."""
        if self._trusted_only and digest_of(document) not in self._trusted:
            raise Forbidden("Only documents that the operator trusts are run here.")


def digest_of(document: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(document.encode("utf-8", "replace")).hexdigest()
