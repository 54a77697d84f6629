"""GraphQL as a stream: graphql-transport-ws over a WebSocket, Server-Sent Events (graphql-sse, distinct connections).

The protocol of the socket is Strawberry's; who may connect, what is run and how it is sent is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import weakref
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any

import orjson
import structlog
from aiohttp import WSCloseCode, web
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import CompleteMessage, Message
from strawberry.types.graphql import OperationType

from graphql_api.domain.account import Principal
from graphql_api.errors import InvalidInput, RateLimited, TintypeError
from graphql_api.web.context import CONTEXT, authenticate, identify
from schema.answers import hang_up, present_refusal, taken, write
from schema.build import SCHEMA
from schema.requests import Operation as Asked
from schema.requests import parse_operation
from schema.run import Answer, Call, stream

log = structlog.get_logger("tintype")

SOCKETS = web.AppKey("sockets", weakref.WeakSet[web.WebSocketResponse])

_PROTOCOL = "graphql-transport-ws"
_MAX_MESSAGE = 256 * 1024  # bytes of one from a client
_MAX_OPERATIONS = 50  # of one socket at a time, before it is known whose they are
_INIT_SECONDS = 10
_PING_SECONDS = 15
_LOOK_SECONDS = 2  # how often it is seen whether a client of events is still there: aiohttp does not say
_TOO_MANY = 4429


# --- sockets


@dataclass(slots=True)
class Socket:
    """One WebSocket: the request that opened it, and what its client said first (Strawberry sets it)."""

    request: web.Request
    response: web.WebSocketResponse
    connection_params: Mapping[str, object] = field(default_factory=dict)
    held: ExitStack = field(default_factory=ExitStack)  # its place among the streams of its caller

    async def principal(self) -> Principal:
        """Who is at the other end, one operation counted. Unauthenticated, RateLimited."""
        return await authenticate(self.request, self._header())

    async def identity(self) -> Principal:
        """The same, and nothing is counted."""
        return await identify(self.request, self._header())

    def _header(self) -> str | None:
        said = {name.lower(): value for name, value in self.connection_params.items()}
        header = said.get("authorization")
        if header is not None and not isinstance(header, str):
            raise InvalidInput("Authorization", "'Authorization' must be a text.")
        return header


class Handler(BaseGraphQLTransportWSHandler[Socket, None]):
    """Strawberry's side of the protocol, with our answers."""

    unsent = 0  # bytes

    async def handle(self) -> None:
        """From the first message to the last."""
        with self.context.held:
            await super().handle()
        if (
            self.context.response.close_code == WSCloseCode.ABNORMAL_CLOSURE
        ):  # what was not taken is waited for no longer
            hang_up(self.context.request)

    async def run_operation(self, operation: Operation[Socket, None]) -> None:
        """Send the answers; what never ran is told as `error`, which is the end of it."""
        socket, begun = self.context, False
        try:
            asked = _read(operation, socket.request)
            call = Call(socket.request, await socket.principal(), socket.identity)
            with socket.request.app[CONTEXT].limits.stream(call.principal):
                async with contextlib.aclosing(stream(asked, call, set(OperationType))) as answers:
                    async for answer in answers:
                        if not begun and "data" not in answer.body:
                            await _refuse(operation, answer.body)
                            return
                        begun, payload = True, orjson.Fragment(answer.content)
                        await operation.send_operation_message(_message(operation, "next", payload))
        except TintypeError as error:
            await _refuse(operation, present_refusal(error, socket.request))
        except WebSocketDisconnected:
            pass
        except Exception:
            log.exception("socket_failed")
            await _refuse(operation, present_refusal(TintypeError(), socket.request))
        else:
            await operation.send_operation_message(CompleteMessage(id=operation.id, type="complete"))

    async def send_message(self, message: Message) -> None:
        """Send it. Who leaves too much unread, or anything for too long, is hung up on."""
        socket, text = self.context, self.view.encode_json(message)
        if self.unsent > socket.request.app[CONTEXT].graphql.max_response_bytes:
            hang_up(socket.request)
            raise WebSocketDisconnected
        self.unsent += len(text)
        try:
            async with taken(socket.request):
                await socket.response.send_str(str(text))
        except (RuntimeError, ConnectionResetError) as error:
            raise WebSocketDisconnected from error
        finally:
            self.unsent -= len(text)


def _read(operation: Operation[Socket, None], request: web.Request) -> Asked:
    """What is asked. InvalidInput; Forbidden where only trusted documents run."""
    said = {"query": operation.query, "variables": operation.variables, "operationName": operation.operation_name}
    asked = parse_operation(said, request.app[CONTEXT].documents)
    if asked.comes_in_parts:
        raise InvalidInput(None, "@defer and @stream need multipart/mixed or text/event-stream.")
    return asked


async def _refuse(operation: Operation[Socket, None], body: Mapping[str, Any]) -> None:
    with contextlib.suppress(WebSocketDisconnected):
        await operation.send_operation_message(_message(operation, "error", body["errors"]))


def _message(operation: Operation[Socket, None], kind: str, payload: object) -> Any:
    return {"id": operation.id, "type": kind, "payload": payload}


class SocketView(GraphQLView[Socket, None]):
    """Strawberry's view, for its sockets alone."""

    graphql_transport_ws_handler_class = Handler

    async def get_context(self, request: web.Request, response: web.Response | web.WebSocketResponse) -> Socket:
        """What the operations of this socket share."""
        if not isinstance(response, web.WebSocketResponse):
            raise TypeError(response)
        return Socket(request, response)

    async def on_ws_connect(self, context: Socket) -> None:
        """Refuse, before the first operation, who has a credential that is no good, and who has too many streams."""
        try:
            principal = await context.principal()
            context.held.enter_context(context.request.app[CONTEXT].limits.stream(principal))
        except RateLimited as error:
            await context.response.close(code=_TOO_MANY, message=str(error).encode()[:120])
            raise ConnectionRejectionError from error
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
    schema=SCHEMA,  # (never asked: see Handler)
    graphql_ide=None,
    subscription_protocols=(_PROTOCOL,),
    connection_init_wait_timeout=dt.timedelta(seconds=_INIT_SECONDS),
    max_subscriptions_per_connection=_MAX_OPERATIONS,
)


async def say_goodbye(app: web.Application) -> None:
    """End all that is listened to: a server that stops would wait for it."""
    app[CONTEXT].live.end()
    closing = (socket.close(code=WSCloseCode.GOING_AWAY, message=b"The server is stopping.") for socket in app[SOCKETS])
    await asyncio.gather(*closing, return_exceptions=True)


def is_socket(request: web.Request) -> bool:
    """Whether a WebSocket is asked for."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def open_socket(request: web.Request) -> web.StreamResponse:
    """GET /graphql that becomes a WebSocket."""
    return await _VIEW(request)


# --- events


async def send_events(operation: Asked, call: Call) -> web.StreamResponse:
    """The answers to an operation as events: `next` with each, `complete` at the end. RateLimited."""
    request = call.request
    # An address that a page of somebody else's can make a browser open must change nothing.
    kinds = {OperationType.QUERY, OperationType.SUBSCRIPTION} if request.method == "GET" else set(OperationType)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    with request.app[CONTEXT].limits.stream(call.principal):
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):  # the client is gone
            async with contextlib.aclosing(stream(operation, call, kinds)) as answers:
                async for answer in _with_pings(answers, response, request):
                    await write(response, b"event: next\ndata: " + answer.content + b"\n\n", request)
            await write(response, b"event: complete\ndata:\n\n", request)
    return response


async def _with_pings(
    answers: AsyncGenerator[Answer, None], response: web.StreamResponse, request: web.Request
) -> AsyncGenerator[Answer, None]:
    """The answers; while there are none, a comment now and then. ConnectionResetError once nobody is there."""
    while True:
        silent = 0.0
        coming = asyncio.ensure_future(anext(answers, None))
        try:
            while not (await asyncio.wait([coming], timeout=(look := min(_LOOK_SECONDS, _PING_SECONDS))))[0]:
                _refuse_gone(request)
                if (silent := silent + look) >= _PING_SECONDS:
                    await write(response, b": ping\n\n", request)
                    silent = 0.0
        except BaseException:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await coming
            raise
        if (answer := coming.result()) is None:
            return
        yield answer


def _refuse_gone(request: web.Request) -> None:
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError
