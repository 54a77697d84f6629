"""Relay's object identification: opaque global ids, and the interface of everything that has one."""

from __future__ import annotations

import base64
import binascii
import uuid

import strawberry

from graphql_api.domain import ids
from graphql_api.errors import NotFound

_MAX_DIGITS = 18  # any number of so many fits a column


@strawberry.interface(description="An object with a globally unique id.")
class Node:
    """What `node(id:)` can give."""

    id: strawberry.ID = strawberry.field(
        description="Opaque and globally unique; good for `node(id:)` and as a cache key."
    )


def format_global_id(type_name: str, local_id: uuid.UUID | int) -> strawberry.ID:
    """The opaque id of an object."""
    return strawberry.ID(ids.format_global_id(type_name, local_id))


def parse_global_id(text: str) -> tuple[str, str] | None:
    """Type name and local id, or None when the text is no id of ours."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    type_name, colon, local_id = raw.partition(":")
    return (type_name, local_id) if colon else None


def find_media_id(text: str) -> uuid.UUID | None:
    """The UUID in the global id of a media, or None."""
    return find_id("Media", text)


def find_collection_id(text: str) -> uuid.UUID | None:
    """The UUID in the global id of a collection, or None."""
    return find_id("Collection", text)


def find_id(type_name: str, text: str) -> uuid.UUID | None:
    """The UUID in the global id of a `type_name`, or None."""
    parsed = parse_global_id(text)
    if parsed is None or parsed[0] != type_name:
        return None
    try:
        media_id = uuid.UUID(parsed[1])
    except ValueError:
        return None
    return media_id if str(media_id) == parsed[1] else None


def number_of(type_name: str, text: str) -> int:
    """The row in the global id of a `type_name`. NotFound: a malformed id is the id of nothing."""
    parsed = parse_global_id(text)
    number = parsed[1] if parsed and parsed[0] == type_name else ""
    if not number.isascii() or not number.isdecimal() or len(number) > _MAX_DIGITS:
        raise NotFound(f"There is no such {type_name[0].lower()}{type_name[1:]}.")
    return int(number)


def media_id_of(text: str) -> uuid.UUID:
    """The UUID in the global id of a media. NotFound: a malformed id is the id of nothing."""
    if (media_id := find_media_id(text)) is None:
        raise NotFound("There is no such media.")
    return media_id
