"""GraphQL as a stream: graphql-transport-ws over a WebSocket, Server-Sent Events (graphql-sse, distinct connections).

The protocol of the socket is Strawberry's; who may connect, what is counted and what is told of errors is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import weakref
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any

import orjson
from aiohttp import WSCloseCode, web
from graphql import GraphQLError, SourceLocation
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from graphql_api.domain.account import Principal
from graphql_api.errors import InvalidInput, TintypeError
from graphql_api.web.context import CONTEXT, authenticate
from schema.answers import present_errors
from schema.build import SCHEMA, TintypeSchema, schema_in_parts
from schema.context import GraphQLContext, make_context
from schema.limits import MAX_QUERY
from schema.parts import comes_in_parts, present_part

Result = ExecutionResult | PreExecutionError

SOCKETS = web.AppKey("sockets", weakref.WeakSet[web.WebSocketResponse])

_PROTOCOL = "graphql-transport-ws"
_MAX_MESSAGE = 256 * 1024  # bytes of one from a client
_MAX_OPERATIONS = 50  # of one socket at a time
_INIT_SECONDS = 10
_PING_SECONDS = 15


@dataclass(slots=True)
class Socket:
    """One WebSocket: the request that opened it, and what its client said first (Strawberry sets it)."""

    request: web.Request
    connection_params: Mapping[str, object] = field(default_factory=dict)

    async def principal(self) -> Principal:
        """Who is at the other end, one operation counted. Unauthenticated, RateLimited."""
        said = {name.lower(): value for name, value in self.connection_params.items()}
        header = said.get("authorization")
        if header is not None and not isinstance(header, str):
            raise InvalidInput("Authorization", "'Authorization' must be a text.")
        return await authenticate(self.request, header)

    async def begin(self) -> GraphQLContext:
        """The context of one operation."""
        agent = self.request.headers.get("User-Agent", "")
        return make_context(await self.principal(), self.request.app[CONTEXT], agent, self.principal)


class LiveSchema:
    """The schema as the socket's protocol asks for it: each operation checked, each error masked."""

    def __init__(self, schema: TintypeSchema) -> None:
        self._schema = schema

    async def stream(self, query: object, *, context_value: Socket, **options: Any) -> AsyncGenerator[Result, None]:
        """The results of an operation; what is refused is its only one."""
        return _masked(self._results(query, context_value, options), context_value.request)

    async def _results(self, query: object, socket: Socket, options: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
        try:
            text = _checked(query, socket.request)
            context = await socket.begin()
        except TintypeError as error:
            yield PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
            return
        variables = options.get("variable_values")
        if not isinstance(variables, dict | None):
            yield PreExecutionError(data=None, errors=[GraphQLError("'variables' must be an object.")])
            return
        results = await self._schema.stream(
            text,
            variable_values=variables,
            context_value=context,
            operation_name=options.get("operation_name"),
        )
        async with contextlib.aclosing(results):
            async for result in results:
                yield result


def _checked(query: object, request: web.Request) -> str:
    """The document. InvalidInput; Forbidden where only trusted ones run."""
    if not isinstance(query, str) or not query or len(query) > MAX_QUERY:
        raise InvalidInput("query", f"'query' must be a text of at most {MAX_QUERY} characters.")
    if comes_in_parts(query):
        raise InvalidInput("query", "@defer and @stream need multipart/mixed or text/event-stream.")
    request.app[CONTEXT].documents.admit(query)
    return query


async def _masked(results: AsyncGenerator[Any, None], request: web.Request) -> AsyncGenerator[Result, None]:
    """The same, with errors as they may be told."""
    async with contextlib.aclosing(results):
        async for result in results:
            if result.errors:
                result.errors = [_plain(error) for error in present_errors(result, request)]
            yield result


def _plain(said: Mapping[str, Any]) -> GraphQLError:
    error = GraphQLError(said["message"], path=said.get("path"), extensions=said["extensions"])
    error.locations = [SourceLocation(**at) for at in said["locations"]] if "locations" in said else None
    return error


class SocketView(GraphQLView[Socket, None]):
    """Strawberry's view, for its sockets alone."""

    async def get_context(
        self,
        request: web.Request,
        response: web.Response | web.WebSocketResponse,  # noqa: ARG002 (Strawberry's signature)
    ) -> Socket:
        """What the operations of this socket share."""
        return Socket(request)

    async def on_ws_connect(self, context: Socket) -> None:
        """Refuse who has a credential that is no good, before the first operation."""
        try:
            await context.principal()
        except TintypeError as error:
            raise ConnectionRejectionError from error

    async def create_websocket_response(self, request: web.Request, subprotocol: str | None) -> web.WebSocketResponse:
        """A socket with a limit on what it takes, that notices when the other end is gone."""
        protocols = [subprotocol] if subprotocol else []
        socket = web.WebSocketResponse(protocols=protocols, max_msg_size=_MAX_MESSAGE, heartbeat=_PING_SECONDS)
        await socket.prepare(request)
        request.app[SOCKETS].add(socket)
        return socket

    def is_websocket_origin_allowed(self, *_: object, **__: object) -> bool:
        """Pages of any origin, as over HTTP: a cookie counts for our own pages alone (`identify`)."""
        return True

    def decode_json(self, data: str | bytes) -> object:
        """A message of the protocol. JSONDecodeError for anything else, which Strawberry would trip over."""
        message = orjson.loads(data)
        if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
            raise JSONDecodeError("no message", str(data), 0)
        if not isinstance(message.get("payload"), dict | None):
            raise JSONDecodeError("no payload", str(data), 0)
        if message.get("payload") is None:
            message.pop("payload", None)
        return message

    def encode_json(self, data: object) -> str:
        """JSON, as text: the protocol has no other messages."""
        return orjson.dumps(data).decode()


_VIEW = SocketView(
    schema=LiveSchema(SCHEMA),  # type: ignore[arg-type]
    graphql_ide=None,
    subscription_protocols=(_PROTOCOL,),
    connection_init_wait_timeout=dt.timedelta(seconds=_INIT_SECONDS),
    max_subscriptions_per_connection=_MAX_OPERATIONS,
)


async def say_goodbye(app: web.Application) -> None:
    """End all that is listened to: a server that stops would wait for it."""
    app[CONTEXT].live.end()
    sockets: weakref.WeakSet[web.WebSocketResponse] = app[SOCKETS]
    for socket in list(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"The server is stopping.")


def is_socket(request: web.Request) -> bool:
    """Whether a WebSocket is asked for."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def open_socket(request: web.Request) -> web.StreamResponse:
    """GET /graphql that becomes a WebSocket."""
    return await _VIEW(request)


async def send_events(
    request: web.Request, principal: Principal, query: str, variables: dict[str, object] | None, name: str | None
) -> web.StreamResponse:
    """The results of an operation as events: `next` with each, `complete` at the end."""
    again = functools.partial(authenticate, request)
    context = make_context(principal, request.app[CONTEXT], request.headers.get("User-Agent", ""), again)
    schema = schema_in_parts() if comes_in_parts(query) else SCHEMA
    results = await schema.stream(query, variable_values=variables, context_value=context, operation_name=name)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    try:
        async with contextlib.aclosing(results):
            async for result in _with_pings(results, response):
                await response.write(b"event: next\ndata: " + orjson.dumps(present_part(result, request)) + b"\n\n")
        await response.write(b"event: complete\ndata:\n\n")
    except ConnectionResetError:
        pass  # the client is gone
    return response


async def _with_pings(results: AsyncGenerator[Any, None], response: web.StreamResponse) -> AsyncGenerator[Any, None]:
    """The results; while there are none, a comment now and then, which also finds out that nobody listens."""
    while True:
        coming = asyncio.ensure_future(anext(results, None))
        try:
            while not (await asyncio.wait([coming], timeout=_PING_SECONDS))[0]:
                await response.write(b": ping\n\n")
        except BaseException:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await coming
            raise
        if (result := coming.result()) is None:
            return
        yield result
