"""What a request is answered: results and refusals as JSON, their statuses, and how much of all that is told.

Here alone are errors masked.

Statuses are those that the audits of `graphql-http` check; with `rules.draft` those of the draft of June 2026: 422 for
a document that cannot run, whatever is accepted, and 294 for a result with errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.types import ExecutionResult

from graphql_api.domain.limits import GraphQLRules
from graphql_api.errors import InvalidInput, NotFound, TintypeError
from graphql_api.web.context import CONTEXT, REQUEST_ID
from graphql_api.web.errors import error_headers, status_of
from schema.errors import error_extensions, format_error
from schema.requests import Malformed

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"

_MAX_REFUSALS = 8  # of a document that is not valid; somebody who guesses gets no further with more
_PARTIAL_SUCCESS = 294
_SEND_SECONDS = 60.0  # in which a client must have taken what it was sent


def present_result(result: Any, request: web.Request) -> dict[str, Any]:
    """The answer to an operation, without `data` where it never ran; or a part of one."""
    if hasattr(result, "has_next"):
        return _present_part(result, request)
    failed = _present_errors(result, request)
    body: dict[str, Any] = {"errors": failed} if failed else {}
    if not _never_ran(result):
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    return body


def _present_part(result: Any, request: web.Request) -> dict[str, Any]:
    body = dict(result.formatted)
    pairs = [(body, result)]
    for name in ("incremental", "completed"):
        pairs += zip(body.get(name, ()), getattr(result, name, None) or (), strict=True)
    for said, item in pairs:
        if errors := getattr(item, "errors", None):
            said["errors"] = _told(errors, request)
    return body


def _told(errors: Iterable[GraphQLError], request: web.Request) -> list[dict[str, Any]]:
    return [format_error(error, request[REQUEST_ID], syntax=isinstance(error, GraphQLSyntaxError)) for error in errors]


def _present_errors(result: ExecutionResult, request: web.Request) -> list[dict[str, Any]]:
    told = _told(result.errors or (), request)
    if not _never_ran(result):
        return told
    if not request.app[CONTEXT].graphql.suggestions:
        for error in told:  # by the names that are near a wrong one a schema can be guessed that nobody gave away
            error["message"] = str(error["message"]).partition(" Did you mean ")[0]
    if len(told) > _MAX_REFUSALS:
        more = f"{len(told) - _MAX_REFUSALS} more errors are not told."
        told = [*told[:_MAX_REFUSALS], plain_error(more, "GRAPHQL_VALIDATION_FAILED", request)]
    return told


def _never_ran(result: ExecutionResult) -> bool:
    return result.data is None and all(error.path is None for error in result.errors or ())


def present_refusal(error: TintypeError, request: web.Request) -> dict[str, Any]:
    """The answer to what never was an operation."""
    code = error.code.upper()
    if isinstance(error, InvalidInput) and error.field is None:
        code = "BAD_REQUEST"
    elif isinstance(error, NotFound):  # Apollo's words: its clients then send the document along
        code = "PERSISTED_QUERY_NOT_FOUND"
    coded = plain_error(str(error), code, request)
    coded["extensions"] |= error_extensions(error)
    return {"errors": [coded]}


def plain_error(message: str, code: str, request: web.Request) -> dict[str, Any]:
    """One of `errors`."""
    return {"message": message, "extensions": {"code": code, "requestId": request[REQUEST_ID]}}


def too_large(size: int, request: web.Request) -> dict[str, Any]:
    """The error in the place of an answer of so many bytes."""
    message = (
        f"The answer has {size} bytes, and may have {request.app[CONTEXT].graphql.max_response_bytes}: "
        "ask for fewer items or fields at once. What a mutation did is done."
    )
    return plain_error(message, "RESPONSE_TOO_LARGE", request)


def answer(body: Mapping[str, Any], request: web.Request, media_type: str) -> web.Response:
    """The response to an operation."""
    headers = {}
    if "data" not in body and (seconds := body["errors"][0]["extensions"].get("retryAfter")) is not None:
        headers["Retry-After"] = str(seconds)
    return respond(body, request, media_type, _status(body, media_type, request.app[CONTEXT].graphql), headers)


def refuse(error: TintypeError, request: web.Request, media_type: str) -> web.Response:
    """The response to a request that never was an operation."""
    status, draft = status_of(error), request.app[CONTEXT].graphql.draft
    if isinstance(error, Malformed) and not draft:
        status = HTTPStatus.BAD_REQUEST
    elif isinstance(error, NotFound):
        status = HTTPStatus.BAD_REQUEST if draft or media_type == GRAPHQL else HTTPStatus.OK
    return respond(present_refusal(error, request), request, media_type, status, error_headers(error))


def _status(body: Mapping[str, Any], media_type: str, rules: GraphQLRules) -> int:
    if "data" in body:
        partial = rules.draft and media_type == GRAPHQL and "errors" in body
        return _PARTIAL_SUCCESS if partial else HTTPStatus.OK
    code = body["errors"][0]["extensions"]["code"]
    if code == "RATE_LIMITED":
        return HTTPStatus.TOO_MANY_REQUESTS
    # Who accepts plain JSON only may be an old client, which reads the errors of a 200 alone.
    if media_type != GRAPHQL and not rules.draft:
        return HTTPStatus.OK
    if code == "EXECUTION_TIMEOUT":
        return HTTPStatus.SERVICE_UNAVAILABLE
    valid_text = rules.draft and code != "GRAPHQL_PARSE_FAILED"
    return HTTPStatus.UNPROCESSABLE_ENTITY if valid_text else HTTPStatus.BAD_REQUEST


def respond(
    body: object, request: web.Request, media_type: str, status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    """The response, unless it is too large: that is an error in its place."""
    content, rules = orjson.dumps(body), request.app[CONTEXT].graphql
    if len(content) > rules.max_response_bytes:
        large = {"errors": [too_large(len(content), request)]}
        content, status = orjson.dumps(large), _status(large, media_type, rules)
    return web.Response(
        body=content,
        status=status,
        reason="Partial Success" if status == _PARTIAL_SUCCESS else None,
        headers={
            "Content-Type": f"{media_type}; charset=utf-8",
            "Vary": "Accept",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )


async def write(response: web.StreamResponse, content: bytes, request: web.Request) -> None:
    """Send some of a stream. ConnectionResetError when the client is gone, or does not take it."""
    async with taken(request):
        await response.write(content)


@asynccontextmanager
async def taken(request: web.Request) -> AsyncIterator[None]:
    """What is sent in here must be taken, or the client is hung up on. ConnectionResetError."""
    try:
        async with asyncio.timeout(_SEND_SECONDS):
            yield
    except TimeoutError as error:
        hang_up(request)
        raise ConnectionResetError from error


def hang_up(request: web.Request) -> None:
    """End the connection at once: to close it would wait until what was sent is taken."""
    if request.transport is not None:
        request.transport.abort()
