"""Requests that are no HTTP, or longer than we read: aiohttp refuses them before any route is known.

Its own answer says what its parser thought, and quotes what the client sent: its key, where a header was too long.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus

import structlog
from aiohttp import web, web_server
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong

from graphql_api.web.errors import error_body, json_response

# Bytes of a request's first line. aiohttp's 8,190 are fewer than a query of MAX_QUERY characters has in an address.
MAX_LINE = 64 * 1024

log = structlog.get_logger("tintype.access")


class _Handler(web.RequestHandler):
    """aiohttp's, with our words."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse it; the connection ends."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or request.writer.output_size:
            return super().handle_error(request, status, exc, message)
        request_id = secrets.token_hex(16)
        log.info("malformed_request", request_id=request_id, error=type(exc).__name__, status=status)
        headers = {"Cache-Control": "no-store", "X-Request-Id": request_id}
        refusal = json_response(error_body("invalid_input", _words(exc), None, request_id), status, headers)
        refusal.force_close()
        return refusal


def _words(error: BaseException | None) -> str:
    if isinstance(error, LineTooLong):
        return f"A line of the request's head is longer than {error.args[1]} bytes."
    if isinstance(error, ContentEncodingError):
        return "The body's Content-Encoding must be gzip or deflate."
    return "This is not a valid HTTP request."


def install() -> None:
    """Answer so in this process: aiohttp has no place in which to name a handler of one's own."""
    web_server.RequestHandler = _Handler  # type: ignore[attr-defined]
