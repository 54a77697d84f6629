"""Errors as img.pro's generation 4 says them (contracts/imgpro.md 1.9)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from graphql_api import errors
from graphql_api.domain.key import Profile
from graphql_api.errors import TintypeError
from graphql_api.web.context import REQUEST_ID, profile_of
from graphql_api.web.errors import error_headers, json_response

# Ours -> (status, their type, their code); the nearest ancestor counts.
_WORDS: dict[type[TintypeError], tuple[HTTPStatus, str, str]] = {
    TintypeError: (HTTPStatus.INTERNAL_SERVER_ERROR, "api_error", "server_error"),
    errors.InvalidInput: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request_error", "validation_error"),
    errors.Unauthenticated: (HTTPStatus.UNAUTHORIZED, "authentication_error", "unauthorized"),
    errors.Forbidden: (HTTPStatus.FORBIDDEN, "permission_error", "forbidden"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, "invalid_request_error", "not_found"),
    errors.Conflict: (HTTPStatus.CONFLICT, "invalid_request_error", "conflict"),
    errors.DuplicateExternalId: (HTTPStatus.CONFLICT, "invalid_request_error", "external_id_duplicate"),
    errors.LimitExceeded: (HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_error", "rate_limited"),
    errors.QuotaExceeded: (HTTPStatus.FORBIDDEN, "quota_error", "quota_exceeded"),
    errors.Overloaded: (HTTPStatus.SERVICE_UNAVAILABLE, "api_error", "server_error"),
    errors.StorageFull: (HTTPStatus.INSUFFICIENT_STORAGE, "processing_error", "upload_failed"),
    errors.UpstreamFailed: (HTTPStatus.BAD_GATEWAY, "processing_error", "fetch_failed"),
    errors.UpstreamTimeout: (HTTPStatus.GATEWAY_TIMEOUT, "processing_error", "fetch_failed"),
    errors.NotConfigured: (HTTPStatus.NOT_IMPLEMENTED, "api_error", "server_error"),
}
_BAD_REQUEST = (HTTPStatus.BAD_REQUEST, "invalid_request_error", "bad_request")


def render_error(error: TintypeError, request: web.Request) -> web.Response:
    """The error in their shape; what is wrong with a field stands in `details`, under the field's name."""
    status, kind, code = next(_WORDS[base] for base in type(error).__mro__ if base in _WORDS)
    body: dict[str, object] = {"type": kind, "code": code, "message": str(error)}
    if isinstance(error, errors.InvalidInput):
        if error.field is None:
            status, body["type"], body["code"] = _BAD_REQUEST
        else:
            body |= {"message": "Validation failed", "details": {error.field: str(error)}}
    if profile_of(request) is Profile.G1:  # what generation 1 documents (seed 000)
        if isinstance(error, errors.QuotaExceeded):
            status = HTTPStatus.TOO_MANY_REQUESTS
        elif isinstance(error, errors.RateLimited):
            body["code"] = "rate_limit_exceeded"
    if error.action is not None and error.action.type == "upgrade":
        body["action"] = {"type": "upgrade", "url": error.action.url, "label": error.action.label}
    elif error.retry_after is not None:
        body["action"] = {"type": "wait", "retry_after": error.retry_after}
    headers = error_headers(error) | {"X-Request-Id": request[REQUEST_ID]}
    return json_response({"error": body}, status, headers)
