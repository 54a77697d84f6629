"""A sign-in: a person at one place, until they sign out or it expires."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

ACCESS_SECONDS = 3600  # of an access token (contracts/slink.md 1.1)
LIFETIME = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Session:
    """Where from and how long; `agent` is what the browser calls itself."""

    id: uuid.UUID
    address: str
    agent: str
    created_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it has not expired at `now`."""
        return self.expires_at > now


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a program is given that signs somebody in: short-lived access, and how to get more, once."""

    access: str
    refresh: str
    expires_in: int = ACCESS_SECONDS
