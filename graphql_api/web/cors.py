"""Pages of other origins may use the API, as anybody or with a key; never with the cookie of who has signed in here.

`*` goes without `Access-Control-Allow-Credentials`: no browser shows such a page an answer to a request with cookies.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from http import HTTPStatus

from aiohttp import web

from graphql_api.domain.ids import is_uid

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = (
    "Authorization, Content-Type, GraphQL-Require-Preflight, Apollo-Require-Preflight, X-Apollo-Operation-Name, "
    "Idempotency-Key, Img-Api-Profile, X-Request-Id"
)
_EXPOSED = (
    "X-Request-Id, Retry-After, WWW-Authenticate, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "X-RateLimit-Limit-Daily, X-RateLimit-Remaining-Daily, "
    "X-Monthly-Uploads-Limit, X-Monthly-Uploads-Used, X-Monthly-Uploads-Remaining, "
    "X-Storage-Limit, X-Storage-Used, X-Storage-Remaining"
)
_OPEN = ("/graphql", "/v1/", "/openapi.yaml", "/src/", "/original/", "/uploads")
_SECONDS = "7200"  # the longest that Chromium remembers


async def allow(_: web.Request) -> web.Response:
    """OPTIONS: what a page of another origin may send."""
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": _SECONDS,
    }
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)


def set_origin(path: str, headers: MutableMapping[str, str]) -> None:
    """On every answer of the API, every image and every viewer link: any page may read it."""
    if path == "/" or path.startswith(_OPEN) or is_uid(path[1:]):
        headers.setdefault("Access-Control-Allow-Origin", "*")
        headers.setdefault("Access-Control-Expose-Headers", _EXPOSED)
