"""GraphQL over HTTP: negotiation, the kinds of request, CSRF, and status codes.

Our own, because Strawberry's stock view answers 500 to a dozen malformed requests and holds uploads in memory
(docs/adr/0004-own-graphql-view.md). Statuses are those that the audits of `graphql-http` check.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_api.domain.account import Principal
from graphql_api.errors import InvalidInput, NotFound, TintypeError
from graphql_api.services.documents import Documents
from graphql_api.web import pages
from graphql_api.web.accept import preferred
from graphql_api.web.context import CONTEXT, REQUEST_ID, authenticate
from graphql_api.web.errors import error_headers, status_of
from graphql_api.web.uploads import parse_json, read_bounded
from schema import live
from schema.build import SCHEMA
from schema.context import make_context
from schema.errors import error_extensions, format_error
from schema.limits import MAX_QUERY
from schema.multipart import read_multipart

_GRAPHQL = "application/graphql-response+json"
_JSON = "application/json"
_HTML = "text/html"
_EVENTS = "text/event-stream"

_FORM = "multipart/form-data"
_SHA256 = re.compile(r"[0-9a-f]{64}")

_ALLOWED = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}

# A browser sends a form across origins without asking; a header of these it would have to ask for.
_PREFLIGHT_HEADERS = ("GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name")


@dataclass(frozen=True, slots=True)
class Operation:
    """A well-formed GraphQL-over-HTTP request."""

    query: str
    variables: dict[str, object] | None
    name: str | None


async def handle(request: web.Request) -> web.StreamResponse:
    """GET and POST /graphql."""
    if live.is_socket(request):
        return await live.open_socket(request)
    accepted = preferred(request.headers.get("Accept"), (_GRAPHQL, _JSON, _HTML, _EVENTS), default=_JSON)
    if request.method == "GET" and accepted == _HTML:
        return pages.graphiql()
    media_type = accepted if accepted in (_GRAPHQL, _EVENTS) else _JSON
    try:
        if accepted is None:
            raise web.HTTPNotAcceptable
        return await _execute(request, media_type)
    except TintypeError as error:
        return _refuse(error, request, media_type)
    except web.HTTPException as error:
        body = {"errors": [_plain(f"{error.reason}.", "BAD_REQUEST", request)]}
        allow = {name: value for name, value in error.headers.items() if name == "Allow"}
        return _respond(body, media_type, error.status, allow)


async def _execute(request: web.Request, media_type: str) -> web.StreamResponse:
    services = request.app[CONTEXT]
    principal = await authenticate(request)
    async with AsyncExitStack() as stack:
        operation = _parse(await _read(request, principal, stack), services.documents)
        if media_type == _EVENTS:
            return await live.send_events(request, principal, operation.query, operation.variables, operation.name)
        try:
            result = await SCHEMA.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=make_context(
                    principal, services, request.headers.get("User-Agent", ""), functools.partial(authenticate, request)
                ),
                operation_name=operation.name,
                allowed_operation_types=_ALLOWED[request.method],
            )
        except InvalidOperationTypeError as error:
            if request.method == "GET":
                raise web.HTTPMethodNotAllowed(request.method, ["POST"]) from error
            result = PreExecutionError(
                data=None, errors=[GraphQLError("Subscriptions need text/event-stream or a WebSocket.")]
            )
        except CannotGetOperationTypeError as error:
            unknown = GraphQLError(f"{error.as_http_error_reason().rstrip('.')}.")
            result = PreExecutionError(data=None, errors=[unknown])
    return _answer(result, request, media_type)


async def _read(request: web.Request, principal: Principal, stack: AsyncExitStack) -> object:
    """The request's parameters; files of a form live as long as the stack."""
    if request.method == "GET":
        return _from_query(request.query)
    content_type = request.content_type if "Content-Type" in request.headers else ""
    if content_type == _JSON:
        return parse_json(await read_bounded(request))
    if content_type != _FORM:
        raise web.HTTPUnsupportedMediaType
    _refuse_forgery(request)
    await request.app[CONTEXT].intake.expect_upload(principal)
    return await read_multipart(request, request.app[CONTEXT].spool, stack, limit=principal.plan.max_file_bytes)


def _refuse_forgery(request: web.Request) -> None:
    """No form of a foreign page may speak for a user: a form must show that somebody asked for it.

    JSON shows it by its content type, and a GET cannot change anything.
    """
    if not any(request.headers.get(name) for name in _PREFLIGHT_HEADERS):
        raise InvalidInput(None, f"A multipart request must carry a header '{_PREFLIGHT_HEADERS[0]}', with any value.")


def _from_query(query: Mapping[str, str]) -> dict[str, object]:
    """The parameters of a GET; an empty one is as good as none."""
    parameters: dict[str, object] = {name: value for name, value in query.items() if value}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = parse_json(str(parameters[name]))
    return parameters


def _parse(parameters: object, documents: Documents) -> Operation:
    if not isinstance(parameters, dict):
        raise InvalidInput(None, "A GraphQL request must be a JSON object; batches are not supported.")
    variables, name = (parameters.get(key) for key in ("variables", "operationName"))
    if not isinstance(variables, dict | None):
        raise InvalidInput(None, "'variables' must be an object.")
    if not isinstance(name, str | None):
        raise InvalidInput(None, "'operationName' must be a text.")
    return Operation(_document(parameters, documents), variables, name)


def _document(parameters: Mapping[str, object], documents: Documents) -> str:
    """The document of a request, by itself or by its digest. InvalidInput, NotFound, Forbidden."""
    query, digest = parameters.get("query"), _digest(parameters)
    if digest is not None and not query:
        return documents.find(digest)
    if not isinstance(query, str) or not query:
        raise InvalidInput(None, "'query' must be a text.")
    if len(query) > MAX_QUERY:
        raise InvalidInput(None, f"'query' has at most {MAX_QUERY} characters.")
    if digest is not None:
        documents.register(digest, query)
    documents.admit(query)
    return query


def _digest(parameters: Mapping[str, object]) -> str | None:
    """The digest that a request names its document by: Apollo's extension, or `documentId`. InvalidInput."""
    extensions, document_id = parameters.get("extensions"), parameters.get("documentId")
    if not isinstance(extensions, dict | None):
        raise InvalidInput(None, "'extensions' must be an object.")
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None and document_id is None:
        return None
    if isinstance(persisted, dict) and persisted.get("version") == 1:
        document_id = persisted.get("sha256Hash")
    digest = document_id.removeprefix("sha256:").lower() if isinstance(document_id, str) else ""
    if not _SHA256.fullmatch(digest):
        raise InvalidInput(None, "A document is named by the SHA-256 of its text, in hexadecimal.")
    return digest


def _answer(result: ExecutionResult, request: web.Request, media_type: str) -> web.Response:
    request_id = request[REQUEST_ID]
    never_ran = result.data is None and all(error.path is None for error in result.errors or ())
    failed = [
        format_error(error, request_id, syntax=isinstance(error, GraphQLSyntaxError)) for error in result.errors or ()
    ]
    body: dict[str, object] = {"errors": failed} if failed else {}
    if not never_ran:
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    # Who accepts plain JSON only may be an old client, which reads the errors of a 200 alone.
    status = HTTPStatus.BAD_REQUEST if never_ran and media_type == _GRAPHQL else HTTPStatus.OK
    return _respond(body, media_type, status)


def _refuse(error: TintypeError, request: web.Request, media_type: str) -> web.Response:
    """A request that never was an operation."""
    code, status = error.code.upper(), status_of(error)
    if isinstance(error, InvalidInput) and error.field is None:
        code = "BAD_REQUEST"
    elif isinstance(error, NotFound):  # Apollo's words: its clients then send the document along
        code, status = "PERSISTED_QUERY_NOT_FOUND", HTTPStatus.BAD_REQUEST if media_type == _GRAPHQL else HTTPStatus.OK
    coded = _plain(str(error), code, request)
    coded["extensions"] |= error_extensions(error)
    return _respond({"errors": [coded]}, media_type, status, error_headers(error))


def _plain(message: str, code: str, request: web.Request) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, "requestId": request[REQUEST_ID]}}


def _respond(body: object, media_type: str, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers={"Vary": "Accept", "Cache-Control": "no-store", **(headers or {})},
        content_type=media_type,
        charset="utf-8",
    )
