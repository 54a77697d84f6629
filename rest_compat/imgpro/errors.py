"""Errors as img.pro says them: an object since generation 4, two texts before it (contracts/imgpro.md 1.9)."""

from __future__ import annotations

import contextlib
from http import HTTPStatus

from aiohttp import web

from graphql_api import errors
from graphql_api.errors import TintypeError
from graphql_api.web.context import REQUEST_ID, identify
from graphql_api.web.errors import error_headers, json_response, status_of
from rest_compat.imgpro.generation import Generation, generation_of, is_legacy

# Ours -> (status, their type, their code); the nearest ancestor counts.
_WORDS: dict[type[TintypeError], tuple[HTTPStatus, str, str]] = {
    TintypeError: (HTTPStatus.INTERNAL_SERVER_ERROR, "api_error", "server_error"),
    errors.InvalidInput: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request_error", "validation_error"),
    errors.Unauthenticated: (HTTPStatus.UNAUTHORIZED, "authentication_error", "unauthorized"),
    errors.Forbidden: (HTTPStatus.FORBIDDEN, "permission_error", "forbidden"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, "invalid_request_error", "not_found"),
    errors.Conflict: (HTTPStatus.CONFLICT, "invalid_request_error", "conflict"),
    errors.IdempotencyConflict: (HTTPStatus.CONFLICT, "idempotency_error", "idempotency_key_conflict"),
    errors.IdempotencyInProgress: (HTTPStatus.CONFLICT, "idempotency_error", "idempotency_key_in_progress"),
    errors.DuplicateExternalId: (HTTPStatus.CONFLICT, "invalid_request_error", "external_id_duplicate"),
    errors.LimitExceeded: (HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_error", "rate_limited"),
    errors.QuotaExceeded: (HTTPStatus.FORBIDDEN, "quota_error", "quota_exceeded"),
    errors.Overloaded: (HTTPStatus.SERVICE_UNAVAILABLE, "api_error", "server_error"),
    errors.StorageFull: (HTTPStatus.INSUFFICIENT_STORAGE, "processing_error", "upload_failed"),
    errors.UpstreamFailed: (HTTPStatus.BAD_GATEWAY, "processing_error", "fetch_failed"),
    errors.UpstreamTimeout: (HTTPStatus.GATEWAY_TIMEOUT, "processing_error", "fetch_failed"),
    errors.NotConfigured: (HTTPStatus.NOT_IMPLEMENTED, "api_error", "server_error"),
}
# What is left of the plan of who uploads, for the answer's headers.
LEFT: web.RequestKey[dict[str, str]] = web.RequestKey("left", dict[str, str])

_BAD_REQUEST = (HTTPStatus.BAD_REQUEST, "invalid_request_error", "bad_request")
# What failed, where something of ours did.
_FAILED = {
    ("POST", "/v1/upload"): "upload_failed",
    ("POST", "/v1/images"): "upload_failed",
    ("POST", "/v1/import"): "import_failed",
    ("PATCH", "/v1/images"): "update_failed",
    ("DELETE", "/v1/images"): "delete_failed",
}
_RATE_LIMITED_BEFORE = "rate_limit_exceeded"  # generation 1 (seed 000)

# Every code that an answer can have.
CODES = frozenset({code for _, _, code in (*_WORDS.values(), _BAD_REQUEST)} | {*_FAILED.values(), _RATE_LIMITED_BEFORE})


def _words(error: TintypeError) -> tuple[HTTPStatus, str, str]:
    if isinstance(error, errors.InvalidInput) and error.field is None:
        return _BAD_REQUEST
    return next(_WORDS[base] for base in type(error).__mro__ if base in _WORDS)


def error_object(error: TintypeError) -> dict[str, object]:
    """The error since generation 4; what is wrong with a field stands in `details`, under the field's name."""
    _, kind, code = _words(error)
    body: dict[str, object] = {"type": kind, "code": code, "message": str(error)}
    if isinstance(error, errors.InvalidInput) and error.field is not None:
        body |= {"message": "Validation failed", "details": {error.field: str(error)}}
    if error.action is not None and error.action.type == "upgrade":
        body["action"] = {"type": "upgrade", "url": error.action.url, "label": error.action.label}
    elif error.retry_after is not None:
        body["action"] = {"type": "wait", "retry_after": error.retry_after}
    if isinstance(error, errors.QuotaExceeded) and error.usage:
        body["usage"] = dict(error.usage)
    return body


def error_texts(error: TintypeError) -> dict[str, object]:
    """The error before generation 4: a code, a message, and what can be done."""
    _, _, code = _words(error)
    body: dict[str, object] = {"error": code, "message": str(error)}
    if isinstance(error, errors.InvalidInput) and error.field is not None:
        body["errors"] = {error.field: [str(error)]}
    if error.action is not None and error.action.type == "upgrade":
        body["action"] = {"type": "upgrade", "url": error.action.url, "label": error.action.label}
    elif error.retry_after is not None:
        body["action"] = {"type": "wait", "label": "Try again later", "seconds": error.retry_after}
    if isinstance(error, errors.QuotaExceeded) and error.usage:
        body["usage"] = dict(error.usage)
    return body


def render_error(error: TintypeError, request: web.Request) -> web.Response:
    """The error in the words of the generation that asks."""
    generation = generation_of(request)
    status, _, code = _words(error)
    if not request.path.startswith("/v1/"):
        status = status_of(error)  # the viewer link gives an image: so it says what all addresses of that image say
    flat = _is_flat(request)
    body = error_texts(error) if flat else error_object(error)
    if status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.INSUFFICIENT_STORAGE):
        path = "/".join(request.path.split("/")[:3])
        code = _FAILED.get((request.method, path), code)
    if generation is Generation.G1:  # what generation 1 documents (seed 000)
        if isinstance(error, errors.QuotaExceeded):
            status = HTTPStatus.TOO_MANY_REQUESTS
        elif isinstance(error, errors.RateLimited):
            code = _RATE_LIMITED_BEFORE
    body |= {"error": code} if flat else {"code": code}
    headers = error_headers(error) | request.get(LEFT, {}) | {"X-Request-Id": request[REQUEST_ID]}
    return json_response(body if flat else {"error": body}, status, headers)


async def say(code: str, message: str, request: web.Request) -> object:
    """The body of an error that no handler came to see: a path, or a method, that there is not."""
    with contextlib.suppress(TintypeError):  # whose words are wanted is known by the key alone
        await identify(request)
    if _is_flat(request):
        return {"error": code, "message": message}
    return {"error": {"type": "invalid_request_error", "code": code, "message": message}}


def _is_flat(request: web.Request) -> bool:
    """Whether an error is two texts: the path decides, and where that is of no generation the key."""
    others = generation_of(request) is not Generation.G4 and not request.path.startswith("/v1/images")
    return is_legacy(request) or others
