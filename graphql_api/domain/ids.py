"""The faces of one media: a random UUID, a short random slug, and `image_` + 24 base-36 digits.

The slug (`uid`) is random on its own and has a column; the base-36 form is a bijection of the UUID and needs none.
"""

from __future__ import annotations

import binascii
import secrets
import uuid

# Crockford's base 32 in lower case: nothing that is read wrongly, nothing that needs escaping.
_SLUG_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
UID_LENGTH = 12  # 60 random bits: a public but unlisted image is not found by guessing
STORAGE_LENGTH = 4

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_IMAGE_DIGITS = 24  # 36**24 > 2**122
_RANDOM_BITS = 122


def format_global_id(type_name: str, local_id: uuid.UUID | int) -> str:
    """The opaque id of an object in GraphQL."""
    # (Of letters, a colon, digits and dashes no "+" or "/" can come: this is the URL's alphabet as well.)
    return binascii.b2a_base64(f"{type_name}:{local_id}".encode(), newline=False).decode().rstrip("=")


def new_uid() -> str:
    """A fresh public slug of a media."""
    return _slug(UID_LENGTH)


def new_storage() -> str:
    """A fresh first path segment of a team's image URLs; the database keeps it unique."""
    return _slug(STORAGE_LENGTH)


def _slug(length: int) -> str:
    return "".join(secrets.choice(_SLUG_ALPHABET) for _ in range(length))


def is_uid(text: str) -> bool:
    """Whether `text` has the form of a media's slug, so that only such text reaches the database."""
    return len(text) == UID_LENGTH and all(letter in _SLUG_ALPHABET for letter in text)


def format_image_id(media_id: uuid.UUID) -> str:
    """`image_` and the UUID's 122 random bits in 24 base-36 digits (IMG Processing's form)."""
    number = _random_bits(media_id)
    digits = []
    for _ in range(_IMAGE_DIGITS):
        number, digit = divmod(number, 36)
        digits.append(_BASE36[digit])
    return "image_" + "".join(reversed(digits))


def parse_image_id(text: str) -> uuid.UUID | None:
    """The UUID behind an `image_...` id, or None when it is not one."""
    digits = text.removeprefix("image_")
    if digits == text or len(digits) != _IMAGE_DIGITS or not all(digit in _BASE36 for digit in digits):
        return None
    number = int(digits, 36)
    return _from_random_bits(number) if number < 1 << _RANDOM_BITS else None


def _random_bits(media_id: uuid.UUID) -> int:
    """The UUID without its fixed bits: 4 of version at bit 76, 2 of variant at bit 62 (RFC 9562)."""
    whole = media_id.int
    low = whole & ((1 << 62) - 1)
    middle = (whole >> 64) & ((1 << 12) - 1)
    high = whole >> 80
    return (high << 74) | (middle << 62) | low


def _from_random_bits(number: int) -> uuid.UUID:
    low = number & ((1 << 62) - 1)
    middle = (number >> 62) & ((1 << 12) - 1)
    high = number >> 74
    return uuid.UUID(int=(high << 80) | (4 << 76) | (middle << 64) | (2 << 62) | low)
