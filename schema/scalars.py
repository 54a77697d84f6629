"""Scalars of our own, each strict about what it takes; and the enums that many types share."""

from __future__ import annotations

import datetime as dt
from typing import NewType

import strawberry
from graphql import GraphQLError, ValueNode
from strawberry.types.scalar import ScalarDefinition

from graphql_api.domain import media
from graphql_api.domain.color import Color, parse_color
from graphql_api.domain.duration import parse_ttl
from graphql_api.domain.event import EventType
from graphql_api.domain.format import Format
from graphql_api.errors import InvalidInput

BigInt = NewType("BigInt", int)
Upload = NewType("Upload", media.Upload)

__all__ = ["SCALARS", "BigInt", "Color", "Duration", "Upload"]

Duration = NewType("Duration", dt.timedelta)

strawberry.enum(Format, name="ImageFormat", description="An image format.")
strawberry.enum(EventType, name="EventType", description="What happened.")

_NO_DURATION = "A Duration is like 5m, 2h or 7d, or a number of seconds: from 5 minutes to 90 days."
_MAX_SAFE = 2**53 - 1  # what a JavaScript number holds


def _parse_big_int(value: object) -> BigInt:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MAX_SAFE:
        raise GraphQLError(f"A BigInt is a whole number between -{_MAX_SAFE} and {_MAX_SAFE}.")
    return BigInt(value)


def _parse_color(value: object) -> Color:
    if not isinstance(value, str):
        raise GraphQLError("A Color is a text.")
    try:
        return parse_color(value)
    except InvalidInput as error:  # (in our words: the domain's name a field that may be called otherwise here)
        raise GraphQLError("A Color is a CSS colour: a name, #rrggbb(aa), rgb(), rgba(), hsl() or hsla().") from error


def _parse_duration(value: object) -> Duration:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise GraphQLError(_NO_DURATION)
    try:
        return Duration(parse_ttl(value))
    except InvalidInput as error:
        raise GraphQLError(_NO_DURATION) from error


def _parse_moment(value: object) -> dt.datetime:
    """A time in UTC, which is what a time without an offset is taken for."""
    if not isinstance(value, str):
        raise GraphQLError("A DateTime is a text.")
    try:
        moment = dt.datetime.fromisoformat(value)
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:  # (the first and the last day of all have hours that UTC has not)
        raise GraphQLError("A DateTime is like 2026-01-31T12:00:00Z, between the years 1 and 9999.") from error


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
    Color: strawberry.scalar(
        name="Color",
        description="A CSS colour: a name, #rgb(a), #rrggbb(aa), rgb(), rgba(), hsl(), hsla() or `transparent`.",
        specified_by_url="https://www.w3.org/TR/css-color-4/",
        serialize=lambda color: f"#{color.format()}",
        parse_value=_parse_color,
    ),
    dt.datetime: strawberry.scalar(
        name="DateTime",
        description="A date with a time as in ISO 8601, `2026-01-31T12:00:00Z`; in UTC where no offset is given.",
        serialize=dt.datetime.isoformat,
        parse_value=_parse_moment,
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description="A time from 5 minutes to 90 days: `5m`, `2h`, `7d`, or a number of seconds.",
        serialize=lambda duration: int(duration.total_seconds()),
        parse_value=_parse_duration,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file of a multipart request (GraphQL multipart request specification).",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        parse_value=_parse_upload,
        parse_literal=_refuse_literal,
    ),
}
