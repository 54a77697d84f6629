"""Around every request: an id, a line in the log, and an answer in JSON whatever happens."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.errors import TintypeError
from graphql_api.services.limits import Allowance
from graphql_api.web import cors
from graphql_api.web.context import ALLOWANCE, CONTEXT, PRINCIPAL, REQUEST_ID, UPLOADS, WORDS
from graphql_api.web.errors import error_body, json_response, render_error

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HUNG_UP = 499  # nginx's number, for the log alone
_QUIET = ("/healthz", "/readyz", "/metrics")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger("tintype.access")


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id (its own, if that is harmless) for the log and the answer; log and count the outcome."""
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(16)
    # (Never unbound: each request of a connection has its own, and no two at once.)
    structlog.contextvars.bind_contextvars(request_id=request_id)
    started, status = time.perf_counter(), _HUNG_UP
    try:
        response = await handler(request)
        status = response.status
        if request.content.exception() is not None:  # nobody knows where the next request would begin
            response.force_close()
    except web.HTTPException as error:  # a redirection
        status = error.status
        raise
    finally:
        _tell(request, status, time.perf_counter() - started)
    return response


def _tell(request: web.Request, status: int, seconds: float) -> None:
    """Count the answer and its time, under the route's template (paths are without end), and write them down."""
    resource = request.match_info.route.resource
    route = "none" if resource is None else resource.canonical
    method = request.method if request.method in _METHODS else "other"
    request.app[CONTEXT].metrics.answered(method, route, status, seconds)
    if request.path not in _QUIET:
        # The path alone: a query may carry signatures.
        log.info("request", method=request.method, path=request.path, status=status, ms=round(seconds * 1000, 1))


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Word what nobody nearer to the caller has worded."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return await _from_http(error, request)
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


async def _from_http(error: web.HTTPException, request: web.Request) -> web.StreamResponse:
    """Aiohttp's own refusals (no such route, no such method) in the words of whose path it is, or in our shape."""
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    code, message = re.sub(r"\W+", "_", error.reason.lower()), f"{error.reason}."
    body: object = error_body(code, message, None, request[REQUEST_ID])
    for prefix, word in request.app[WORDS].items():
        if request.path.startswith(prefix):
            body = await word(code, message, request)
    headers = {name: value for name, value in error.headers.items() if name in ("Allow", "Accept")}
    return json_response(body, error.status, headers | {"Cache-Control": "no-store"})


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, streamed ones and errors too.

    Its id, no guessing of content types, nothing about our versions, who may read it, and what is left of what was
    counted.
    """
    headers = response.headers
    headers.setdefault("X-Request-Id", request.get(REQUEST_ID, ""))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers["Server"] = "Tintype"
    cors.set_origin(request.path, headers)
    uploads: Sequence[Allowance] = ()
    if request.get(UPLOADS):
        uploads = await request.app[CONTEXT].limits.uploads_left(request[PRINCIPAL])
        _tell_uploads(response, uploads)
    counted = request.get(ALLOWANCE)
    if asked := (*uploads, *([counted] if counted else [])):
        least = min(asked, key=lambda allowance: (allowance.remaining, -allowance.reset_seconds))
        headers["RateLimit-Limit"] = str(least.limit)
        headers["RateLimit-Remaining"] = str(least.remaining)
        headers["RateLimit-Reset"] = str(least.reset_seconds)


def _tell_uploads(response: web.StreamResponse, left: Sequence[Allowance]) -> None:
    """What is left of a guest's uploads, as img.pro says it (contracts/imgpro.md 1.8): an hour, then a day."""
    for allowance, suffix in zip(left, ("", "-Daily"), strict=False):
        response.headers[f"X-RateLimit-Limit{suffix}"] = str(allowance.limit)
        response.headers[f"X-RateLimit-Remaining{suffix}"] = str(allowance.remaining)
    if left:
        response.headers["X-RateLimit-Reset"] = str(round(time.time()) + left[0].reset_seconds)
