"""Scalars of our own, each strict about what it takes."""

from __future__ import annotations

from typing import NewType

import strawberry
from graphql import GraphQLError, ValueNode
from strawberry.types.scalar import ScalarDefinition

from graphql_api.domain import media

BigInt = NewType("BigInt", int)
Upload = NewType("Upload", media.Upload)

_MAX_SAFE = 2**53 - 1  # what a JavaScript number holds


def _parse_big_int(value: object) -> BigInt:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MAX_SAFE:
        raise GraphQLError(f"A BigInt is a whole number between -{_MAX_SAFE} and {_MAX_SAFE}.")
    return BigInt(value)


def _parse_upload(value: object) -> Upload:
    """Only what the multipart parser made: a text in its place would be a file name of the caller's choice."""
    if not isinstance(value, media.Upload):
        raise GraphQLError("An Upload is a file of a multipart request.")
    return Upload(value)


def _refuse_literal(_: ValueNode, __: object = None) -> Upload:
    raise GraphQLError("An Upload must be given as a variable.")


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number that may pass 32 bits, such as a size in bytes.",
        serialize=int,
        parse_value=_parse_big_int,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file of a multipart request (GraphQL multipart request specification).",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        parse_value=_parse_upload,
        parse_literal=_refuse_literal,
    ),
}
