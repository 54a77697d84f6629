"""Errors in GraphQL's words: expected failures of a mutation as data, everything else as coded top-level errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import Enum
from typing import TypeVar

import strawberry
import structlog
from graphql import GraphQLError

from graphql_api import errors
from graphql_api.errors import Action, TintypeError

ValueT = TypeVar("ValueT")

log = structlog.get_logger(__name__)


@strawberry.enum(description="What went wrong; stable.")
class ErrorCode(Enum):
    """The codes of the error tree, in GraphQL's spelling."""

    INVALID_INPUT = strawberry.enum_value("invalid_input", description="A value is not acceptable; `path` names it.")
    UNSUPPORTED_MEDIA = strawberry.enum_value("unsupported_media", description="The file is no image that can be read.")
    TOO_LARGE = strawberry.enum_value("too_large", description="The file or the result passes a limit.")
    INVALID_CREDENTIALS = strawberry.enum_value(
        "invalid_credentials", description="No such person, or not this password."
    )
    BAD_SIGNATURE = strawberry.enum_value(
        "bad_signature", description="A link that is not ours, was used, or has expired."
    )
    NOT_FOUND = strawberry.enum_value("not_found", description="There is no such thing, or it is not yours.")
    CONFLICT = strawberry.enum_value("conflict", description="The request contradicts what is there.")
    EXTERNAL_ID_DUPLICATE = strawberry.enum_value(
        "external_id_duplicate", description="Another media of the team has this external id."
    )
    BATCH_REJECTED = strawberry.enum_value(
        "batch_rejected", description="Another item failed of a batch that is done as a whole."
    )
    LIMIT_EXCEEDED = strawberry.enum_value("limit_exceeded", description="There is no room for this now.")
    QUOTA_EXCEEDED = strawberry.enum_value("quota_exceeded", description="The plan has no room for one more.")
    RATE_LIMITED = strawberry.enum_value("rate_limited", description="Too many requests; try again later.")
    OVERLOADED = strawberry.enum_value("overloaded", description="The server has too much to do; try again later.")
    TOOK_TOO_LONG = strawberry.enum_value("took_too_long", description="The image took more time than one may have.")
    STORAGE_UNAVAILABLE = strawberry.enum_value(
        "storage_unavailable", description="The server's storage does not answer; try again later."
    )
    STORAGE_FULL = strawberry.enum_value("storage_full", description="The server's storage takes no more.")
    UPSTREAM_FAILED = strawberry.enum_value("upstream_failed", description="The URL did not give its file.")
    UPSTREAM_TIMEOUT = strawberry.enum_value("upstream_timeout", description="The URL did not answer in time.")
    NOT_CONFIGURED = strawberry.enum_value("not_configured", description="This server was set up without it.")


@strawberry.type(description="What can be done about an error.")
class ErrorAction:
    """An Action."""

    type: str = strawberry.field(description="`upgrade`, or `wait`.")
    label: str = strawberry.field(description="The same in words, for a button.")
    url: str | None = strawberry.field(description="Where it is done; it needs no sign-in.")
    seconds: int | None = strawberry.field(description="How long to wait.")


@strawberry.interface(description="Why a mutation, or one item of a batch, did nothing.")
class UserError:
    """An expected failure."""

    code: ErrorCode = strawberry.field(description="What went wrong; stable.")
    message: str = strawberry.field(description="The same in words for people.")
    path: list[str] | None = strawberry.field(
        description="The field of the input that is to blame, where one is. In a batch the place of the item, from 0, "
        "follows `input`."
    )
    action: ErrorAction | None = strawberry.field(
        default=None, description="What can be done about it, where something can."
    )


@strawberry.type(description="A value of the input is not acceptable.")
class InputError(UserError):
    """InvalidInput and below."""


@strawberry.type(description="The object is not there, or not yours.")
class NotFoundError(UserError):
    """NotFound and below."""


@strawberry.type(description="The request contradicts what is there.")
class ConflictError(UserError):
    """Conflict and below."""


@strawberry.type(description="A limit of the plan or of the server is reached.")
class LimitError(UserError):
    """LimitExceeded and below."""

    retry_after: int | None = strawberry.field(
        default=None, description="Seconds after which the same may succeed, where known."
    )


@strawberry.type(description="The server that a URL names did not give its file.")
class UpstreamError(UserError):
    """UpstreamFailed and below."""


@strawberry.type(description="This server was set up without what the request needs.")
class NotConfiguredError(UserError):
    """NotConfigured."""


ERROR_TYPES = (InputError, NotFoundError, ConflictError, LimitError, UpstreamError, NotConfiguredError)
_TYPES: dict[type[TintypeError], type[UserError]] = {
    errors.InvalidInput: InputError,
    errors.BadSignature: InputError,
    errors.NotFound: NotFoundError,
    errors.Conflict: ConflictError,
    errors.UpstreamFailed: UpstreamError,
    errors.NotConfigured: NotConfiguredError,
}


@contextmanager
def within(*names: str | int) -> Iterator[None]:
    """What is not acceptable in here lies below these names of the input."""
    try:
        yield
    except errors.InvalidInput as error:
        raise error.at(".".join(map(str, (*names, *([error.field] if error.field else ()))))) from error


def not_null(field: str, value: ValueT | None) -> ValueT:
    """A value that an update may leave out, but not clear. InvalidInput."""
    if value is None:
        raise errors.InvalidInput(field, f"'{field}' may be left out, but not be null.")
    return value


def user_error(error: TintypeError, at: int | None = None) -> UserError:
    """The failure as data, of a batch's item with its place in there.

    Those of no kind that a mutation answers with (no key, our own bugs) are raised again.
    """
    code, message = ErrorCode._value2member_map_.get(error.code), str(error)
    item = [] if at is None else [str(at)]
    path = ["input", *item, *error.field.split(".")] if error.field else None
    if not isinstance(code, ErrorCode):
        raise error
    if isinstance(error, errors.LimitExceeded):
        action = present_action(error.action) if error.action else None
        return LimitError(code=code, message=message, path=path, action=action, retry_after=error.retry_after)
    kind = next(_TYPES[base] for base in type(error).__mro__ if base in _TYPES)
    return kind(code=code, message=message, path=path)


def present_action(action: Action) -> ErrorAction:
    """What can be done about an error, in GraphQL's words."""
    return ErrorAction(type=action.type, label=action.label, url=action.url, seconds=action.seconds)


# Messages of graphql-core about the request itself are safe; of anything else only our own errors' are.
_MASKED = "Something went wrong."

# Strawberry's words for a null where a value may only be left out: they hold Python's names of types, and addresses.
_NULL = re.compile(r"Expected value of type '.*', found null\. ((?:Field|Argument)(?: '\w+')?) of type 'Maybe\[.*")


def format_error(error: GraphQLError, request_id: str, *, syntax: bool) -> dict[str, object]:
    """A top-level error as the client sees it: coded, masked, with the request id."""
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    formatted: dict[str, object] = {"message": _NULL.sub(r"\1 may be left out, but not be null.", error.message)}
    if error.locations:
        formatted["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path:
        formatted["path"] = error.path
    formatted["extensions"] = {"code": _code(error, original, syntax=syntax), "requestId": request_id}
    if isinstance(original, TintypeError):
        formatted["message"] = str(original)
        formatted["extensions"] |= error_extensions(original)  # type: ignore[operator]
    elif original is not None:
        log.error("graphql_internal_error", exc_info=original, path=error.path)
        formatted["message"] = _MASKED
    return formatted


def _code(error: GraphQLError, original: Exception | None, *, syntax: bool) -> str:
    if isinstance(original, TintypeError):
        return original.code.upper()
    if original is not None:
        return "INTERNAL_SERVER_ERROR"
    if error.path is not None:
        return "BAD_USER_INPUT"
    if error.extensions and "code" in error.extensions:  # by schema/cost.py
        return str(error.extensions["code"])
    return "GRAPHQL_PARSE_FAILED" if syntax else "GRAPHQL_VALIDATION_FAILED"


def error_extensions(error: TintypeError) -> dict[str, object]:
    """What an error says beside its words and its code, as far as it does."""
    action = asdict(error.action) if error.action else None
    named: Sequence[tuple[str, object]] = (
        ("field", error.field),
        ("retryAfter", error.retry_after),
        ("action", action),
    )
    return {name: value for name, value in named if value is not None}
