"""GraphQL over HTTP: negotiation, what runs, one operation or a batch, and for how long.

Our own, because Strawberry's stock view answers 500 to a dozen malformed requests and holds uploads in memory
(docs/adr/0004-own-graphql-view.md). schema/requests.py reads what a request says, schema/answers.py words its answer.
"""

from __future__ import annotations

import asyncio
import functools
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_api.domain.account import Principal
from graphql_api.errors import InvalidInput, RateLimited, TintypeError
from graphql_api.web import pages
from graphql_api.web.accept import preferred
from graphql_api.web.context import CONTEXT, authenticate
from schema import live
from schema.answers import GRAPHQL, JSON, answer, plain_error, present_refusal, present_result, refuse, respond
from schema.build import SCHEMA, schema_in_parts
from schema.context import GraphQLContext, make_context
from schema.cost import Meter
from schema.federation import subgraph
from schema.parts import MIXED, comes_in_parts, is_whole, present_part, send_parts
from schema.requests import Operation, parse_operation, read_parameters, split_batch

_HTML = "text/html"
_EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Call:
    """What the operations of one request share: who asks, until when (by the loop's clock), and what it costs."""

    request: web.Request
    principal: Principal
    deadline: float
    meter: Meter = field(default_factory=Meter)


async def handle(request: web.Request) -> web.StreamResponse:
    """GET and POST /graphql."""
    if live.is_socket(request):
        return await live.open_socket(request)
    accepted = preferred(request.headers.get("Accept"), (GRAPHQL, JSON, _HTML, _EVENTS, MIXED), default=JSON)
    if request.method == "GET" and accepted == _HTML:
        return pages.graphiql()
    media_type = accepted if accepted in (GRAPHQL, _EVENTS) else JSON
    try:
        if accepted is None:
            raise web.HTTPNotAcceptable
        return await _serve(request, media_type)
    except TintypeError as error:
        return refuse(error, request, media_type)
    except web.HTTPException as error:
        body = {"errors": [plain_error(f"{error.reason}.", "BAD_REQUEST", request)]}
        allow = {name: value for name, value in error.headers.items() if name == "Allow"}
        return respond(body, request, media_type, error.status, allow)


async def _serve(request: web.Request, media_type: str) -> web.StreamResponse:
    rules, principal = request.app[CONTEXT].graphql, await authenticate(request)
    async with AsyncExitStack() as stack:
        parameters = await read_parameters(request, principal, stack)
        if media_type == _EVENTS:
            operation = parse_operation(parameters, request.app[CONTEXT].documents)
            return await live.send_events(request, principal, operation.query, operation.variables, operation.name)
        call = Call(request, principal, asyncio.get_running_loop().time() + rules.seconds)
        if (batch := split_batch(parameters, rules.batch)) is None:
            operation = parse_operation(parameters, request.app[CONTEXT].documents)
            if comes_in_parts(operation.query):
                return await _answer_in_parts(operation, call, media_type)
            return answer(await _run(operation, call), request, media_type)
        # One after the other, as they would come without a batch: a later one may build on what an earlier one did.
        return respond([await _run_item(item, call) for item in batch], request, media_type, 200)


async def _run_item(parameters: object, call: Call) -> dict[str, Any]:
    """The answer to one request of a batch, in which it fails alone."""
    try:
        return await _run(parse_operation(parameters, call.request.app[CONTEXT].documents), call)
    except TintypeError as error:
        return present_refusal(error, call.request)


async def _answer_in_parts(operation: Operation, call: Call, media_type: str) -> web.StreamResponse:
    """The response to an operation that may come in parts. InvalidInput for who does not take parts."""
    request = call.request
    if preferred(request.headers.get("Accept"), (MIXED,), default=MIXED) is None:
        raise InvalidInput(None, "@defer and @stream need 'Accept: multipart/mixed' or 'text/event-stream'.")
    kinds = {OperationType.QUERY} if request.method == "GET" else {OperationType.QUERY, OperationType.MUTATION}
    results = await schema_in_parts().stream(
        operation.query,
        variable_values=operation.variables,
        context_value=_context(call),
        operation_name=operation.name,
        allowed_operation_types=kinds,
    )
    first = await anext(results)
    _raise_refusal(first)
    if is_whole(first):
        await results.aclose()
        return answer(present_part(first, request), request, media_type)
    return await send_parts(request, results, first)


def _raise_refusal(result: Any) -> None:
    """RateLimited, where the cost was too much for this minute; InvalidInput for a kind that does not come in parts."""
    for error in result.errors or ():
        if error.path is None and isinstance(error.original_error, RateLimited):
            raise error.original_error
        if isinstance(error.original_error, InvalidOperationTypeError):
            raise InvalidInput(None, "Mutations are sent by POST, and subscriptions need text/event-stream.")


def _context(call: Call) -> GraphQLContext:
    agent, again = call.request.headers.get("User-Agent", ""), functools.partial(authenticate, call.request)
    return make_context(call.principal, call.request.app[CONTEXT], agent, again, call.meter)


async def _run(operation: Operation, call: Call) -> dict[str, Any]:
    """The answer to an operation. RateLimited."""
    request, services = call.request, call.request.app[CONTEXT]
    try:
        result = await _execute(operation, call)
    except TimeoutError:
        seconds = services.graphql.seconds
        message = f"The query took more than {seconds:g} seconds, and was ended: ask for fewer items or fields at once."
        return {"errors": [plain_error(message, "EXECUTION_TIMEOUT", request)]}
    _raise_refusal(result)
    return present_result(result, request)


async def _execute(operation: Operation, call: Call) -> ExecutionResult:
    """The result. TimeoutError for a query.

    A mutation is not ended: all that it does has time limits of its own, and Tortoise, interrupted where a transaction
    begins, keeps its connection for ever.
    """
    try:
        async with asyncio.timeout_at(call.deadline):
            return await _ask(operation, call, OperationType.QUERY)
    except InvalidOperationTypeError as error:
        if call.request.method == "GET":
            raise web.HTTPMethodNotAllowed("GET", ["POST"]) from error
    try:
        return await _ask(operation, call, OperationType.MUTATION)
    except InvalidOperationTypeError:
        needs = GraphQLError("Subscriptions need text/event-stream or a WebSocket.")
        return PreExecutionError(data=None, errors=[needs])


async def _ask(operation: Operation, call: Call, kind: OperationType) -> ExecutionResult:
    """The result of an operation of this kind. InvalidOperationTypeError for another, of which nothing was run."""
    try:
        schema = subgraph() if call.request.app[CONTEXT].graphql.federation else SCHEMA
        return await schema.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=_context(call),
            operation_name=operation.name,
            allowed_operation_types={kind},
        )
    except CannotGetOperationTypeError as error:
        unknown = GraphQLError(f"{error.as_http_error_reason().rstrip('.')}.")
        return PreExecutionError(data=None, errors=[unknown])
