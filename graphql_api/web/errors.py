"""Errors in the words of HTTP: a status by nearest ancestor, and one JSON shape for the native routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus

import orjson
from aiohttp import web

from graphql_api import errors
from graphql_api.errors import TintypeError

_STATUS: dict[type[TintypeError], HTTPStatus] = {
    TintypeError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnsupportedMedia: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.LimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.QuotaExceeded: HTTPStatus.FORBIDDEN,  # with 429 naive clients would try again for the rest of the month
    errors.Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.UpstreamFailed: HTTPStatus.BAD_GATEWAY,
    errors.UpstreamTimeout: HTTPStatus.GATEWAY_TIMEOUT,
    errors.NotConfigured: HTTPStatus.NOT_IMPLEMENTED,
}


def status_of(error: TintypeError) -> HTTPStatus:
    """The status of the error's nearest ancestor that has one; 400 where a body cannot be read at all."""
    if type(error) is errors.InvalidInput and error.field is None:
        return HTTPStatus.BAD_REQUEST
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def error_headers(error: TintypeError) -> dict[str, str]:
    """What an error says in headers. Never cached: the same URL may be good in a moment."""
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def error_body(code: str, message: str, field: str | None, request_id: str) -> dict[str, dict[str, object]]:
    """The one shape of an error on the native routes."""
    named = {"field": field} if field else {}
    return {"error": {"code": code, "message": message, **named, "requestId": request_id}}


def json_response(body: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def render_error(error: TintypeError, request_id: str) -> web.Response:
    """The error on a native route."""
    body = error_body(error.code, str(error), error.field, request_id)
    if error.action is not None:
        body["error"]["action"] = asdict(error.action)
    return json_response(body, status_of(error), error_headers(error))
