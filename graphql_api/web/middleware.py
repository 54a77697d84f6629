"""Around every request: an id, a line in the log, and an answer in JSON whatever happens."""

from __future__ import annotations

import re
import time
import uuid
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.errors import TintypeError
from graphql_api.web.context import REQUEST_ID
from graphql_api.web.errors import error_body, json_response, render_error

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HUNG_UP = 499  # nginx's number, for the log alone
_QUIET = ("/healthz", "/readyz")

log = structlog.get_logger("tintype.access")


@web.middleware
async def identify_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id (its own, if that is harmless), bind it to the log, and log the outcome."""
    given = request.headers.get("X-Request-Id", "")
    request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
    request[REQUEST_ID] = request_id
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        response = await handler(request)
        if request.path not in _QUIET:
            # The path alone: a query may carry signatures.
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
    return response


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Word what nobody nearer to the caller has worded."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _from_http(error, request[REQUEST_ID])
    except TintypeError as error:
        if type(error) is TintypeError:
            log.exception("internal_error")
        return render_error(error, request[REQUEST_ID])
    except Exception:
        if request.transport is None or request.transport.is_closing():
            # The caller has hung up, most likely in the middle of its body: nobody is there to answer.
            return web.Response(status=_HUNG_UP, reason="Client Closed Request")
        log.exception("internal_error")
        return render_error(TintypeError(), request[REQUEST_ID])


def _from_http(error: web.HTTPException, request_id: str) -> web.StreamResponse:
    """Aiohttp's own refusals (no such route, no such method) in our shape."""
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    code = re.sub(r"\W+", "_", error.reason.lower())
    headers = {name: value for name, value in error.headers.items() if name in ("Allow", "Accept")}
    body = error_body(code, f"{error.reason}.", None, request_id)
    return json_response(body, error.status, headers | {"Cache-Control": "no-store"})


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, streamed ones too: its id, no guessing of content types, and nothing about our versions."""
    response.headers.setdefault("X-Request-Id", request.get(REQUEST_ID, ""))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers["Server"] = "Tintype"
