"""What people, teams and keys may be called, and passwords: normalised, or refused by name."""

from __future__ import annotations

import re

from graphql_api.domain.text import is_line
from graphql_api.errors import InvalidInput

MAX_NAME = 100
MAX_EMAIL = 254
GUESTS_TEAM, MIRROR_TEAM = "Anonymous uploads", "Mirrored images"  # of nobody: what guests and the mirror bring
MIN_PASSWORD = 8
MAX_PASSWORD = 1024  # hashing more would be work that a caller chooses
# Nothing that means something in the header of a letter: `a,b@c.example` would be two addresses, one of them another's.
_EMAIL = re.compile(r"""[^@\s,;:<>()\[\]"\\]+@[^@\s.,;:<>()\[\]"\\]+(\.[^@\s.,;:<>()\[\]"\\]+)+""")


def clean_email(email: str) -> str:
    """The address as it is kept. InvalidInput."""
    if not _EMAIL.fullmatch(email) or len(email) > MAX_EMAIL or not email.isprintable():
        raise InvalidInput("email", "This is not an e-mail address.")
    return email.lower()


def clean_name(field_name: str, name: str) -> str:
    """A name of a team, a person or a key. InvalidInput."""
    if not (cleaned := name.strip()) or len(cleaned) > MAX_NAME or not is_line(cleaned):
        raise InvalidInput(field_name, f"A name has 1 to {MAX_NAME} printable characters.")
    return cleaned


def clean_team_name(field_name: str, name: str) -> str:
    """A name that people may give a team. InvalidInput."""
    if is_internal(cleaned := clean_name(field_name, name)):
        raise InvalidInput(field_name, "This name is kept for a team of the server itself.")
    return cleaned


def is_internal(team_name: str) -> bool:
    """Whether a team of this name, or one that reads the same, is the server's own as long as nobody is in it."""
    return team_name.strip().casefold() in (GUESTS_TEAM.casefold(), MIRROR_TEAM.casefold())


def check_password(password: str, field_name: str = "password") -> str:
    """The password, if it may be one. InvalidInput."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidInput(field_name, f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    return password
