"""Who is calling: the one place that looks at a connection's peer and at what proxies say of it."""

from __future__ import annotations

from aiohttp import web

from graphql_api.domain.address import Network, caller, is_inside

TRUSTED_PROXIES: web.AppKey[tuple[Network, ...]] = web.AppKey("trusted_proxies", tuple)

_FORWARDED = "X-Forwarded-For"
# What proxies add; even one that adds no address mostly adds one of these.
_TRACES = (_FORWARDED, "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via")


def caller_address(request: web.Request) -> str:
    """The address of the caller, for limits, logs and the audit trail; empty where there is none."""
    trusted = request.app[TRUSTED_PROXIES]
    # Nothing is read of the header that would not be believed.
    forwarded = request.headers.getall(_FORWARDED, ()) if trusted else ()
    return caller(request.remote or "", forwarded, trusted)


def is_from_inside(request: web.Request) -> bool:
    """Whether the machine itself or its private network asks, and not somebody else through a proxy there."""
    return is_inside(request.remote or "") and not any(name in request.headers for name in _TRACES)
