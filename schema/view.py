"""GraphQL over HTTP: negotiation, and one operation or a batch of them.

Our own, because Strawberry's stock view answers 500 to a dozen malformed requests and holds uploads in memory
(docs/adr/0004-own-graphql-view.md). schema/requests.py reads what a request says, schema/run.py runs it,
schema/answers.py words its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web
from strawberry.types.graphql import OperationType

from graphql_api.errors import InvalidInput, TintypeError
from graphql_api.web import pages
from graphql_api.web.accept import preferred
from graphql_api.web.context import CONTEXT, authenticate, identify
from schema import live
from schema.answers import GRAPHQL, JSON, answer, plain_error, present_refusal, refuse, respond
from schema.parts import MIXED, send_parts
from schema.requests import Operation, parse_operation, read_parameters, split_batch
from schema.run import Call, run, stream

_HTML = "text/html"
_EVENTS = "text/event-stream"

# Apollo Client 3 takes parts in the first format that was proposed for them, and reads nothing out of others.
_OLD_PARTS = ";deferspec="
_OTHER_PARTS = (
    "Parts have 'pending' and 'completed' here, which the format of 'deferSpec' has not: "
    "accept 'multipart/mixed' without it, or leave @defer and @stream out"
)


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
    rules, documents, principal = (
        request.app[CONTEXT].graphql,
        request.app[CONTEXT].documents,
        await authenticate(request),
    )
    async with AsyncExitStack() as stack:
        parameters = await read_parameters(request, principal, stack)
        call = Call(request, principal, functools.partial(identify, request))
        if media_type == _EVENTS:
            return await live.send_events(parse_operation(parameters, documents), call)
        until = asyncio.get_running_loop().time() + rules.seconds
        if (batch := split_batch(parameters, rules.batch)) is None:
            operation = parse_operation(parameters, documents)
            if operation.comes_in_parts:
                return await _answer_in_parts(operation, call, media_type)
            return answer(await run(operation, call, until), request, media_type)
        # One after the other, as they would come without a batch: a later one may build on what an earlier one did.
        return respond([await _run_item(item, call, until) for item in batch], request, media_type, 200)


async def _run_item(parameters: object, call: Call, until: float) -> dict[str, Any]:
    """The answer to one request of a batch, in which it fails alone."""
    try:
        return await run(parse_operation(parameters, call.request.app[CONTEXT].documents), call, until)
    except TintypeError as error:
        return present_refusal(error, call.request)


async def _answer_in_parts(operation: Operation, call: Call, media_type: str) -> web.StreamResponse:
    """The response to an operation that may come in parts. InvalidInput, HTTPNotAcceptable for who takes none."""
    request = call.request
    accept = request.headers.get("Accept", "")
    if preferred(accept, (MIXED,), default=MIXED) is None:
        raise InvalidInput(None, "@defer and @stream need 'Accept: multipart/mixed' or 'text/event-stream'.")
    ours = ",".join(kind for kind in accept.split(",") if _OLD_PARTS not in kind.replace(" ", "").lower())
    if ours != accept and preferred(ours, (MIXED,), default=JSON) != MIXED:
        raise web.HTTPNotAcceptable(reason=_OTHER_PARTS)
    kinds = {OperationType.QUERY} if request.method == "GET" else {OperationType.QUERY, OperationType.MUTATION}
    async with contextlib.aclosing(stream(operation, call, kinds)) as answers:
        first = await anext(answers)
        if not first.body.get("hasNext"):  # refused, or with nothing left for later
            return answer(first.body, request, media_type)
        return await send_parts(request, first, answers)
