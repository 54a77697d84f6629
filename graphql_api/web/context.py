"""What every handler can reach: the services, the addresses in links, and who is calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.errors import Unauthenticated
from graphql_api.services.accounts import Accounts
from graphql_api.services.library import Library
from graphql_api.services.limits import WITHOUT_KEY, Allowance, Limits
from graphql_api.services.metrics import Metrics
from graphql_api.services.mirror import Mirror
from graphql_api.services.placeholders import Placeholders
from graphql_api.services.presets import Presets
from graphql_api.services.renderer import Renderer
from graphql_api.services.spool import Spool
from graphql_api.web.address import caller_address


@dataclass(frozen=True, slots=True)
class Context:
    """The services of one application. `failing` names what does not work; nothing when all is well."""

    library: Library
    renderer: Renderer
    presets: Presets
    mirror: Mirror
    placeholders: Placeholders
    accounts: Accounts
    spool: Spool
    limits: Limits
    metrics: Metrics
    public_url: str
    source_url: str
    failing: Callable[[], Awaitable[list[str]]]


CONTEXT = web.AppKey("context", Context)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


# What the answer's headers tell of: see web/middleware.py.
ALLOWANCE: web.RequestKey[Allowance] = web.RequestKey("allowance", Allowance)
PRINCIPAL: web.RequestKey[Principal] = web.RequestKey("principal", Principal)
UPLOADS: web.RequestKey[bool] = web.RequestKey("uploads", bool)


async def authenticate(request: web.Request) -> Principal:
    """Who is calling, one request of the API counted. Unauthenticated for a credential that is no good, RateLimited."""
    principal = await identify(request)
    allowance = await request.app[CONTEXT].limits.count_request(principal)
    if allowance is not None:
        request[ALLOWANCE] = allowance
        if not allowance.granted:
            raise allowance.refusal("requests", WITHOUT_KEY if principal.team is None else "")
    return principal


async def identify(request: web.Request) -> Principal:
    """As `authenticate`, for what is not counted: images. RateLimited for who has tried too many keys."""
    context, address, secret = request.app[CONTEXT], caller_address(request), None
    try:
        secret = _bearer(request)
        if secret is not None:
            # Before anything is looked up: trying out keys must cost us nothing.
            _refuse(request, await context.limits.check_authentication(secret, address))
        principal = await context.accounts.authenticate(secret, address)
    except Unauthenticated:
        if (allowance := await context.limits.count_failure(secret, address)) is not None:
            request[ALLOWANCE] = allowance
        raise
    if secret is not None:
        context.limits.remember(secret)
    request[PRINCIPAL] = principal
    return principal


def _refuse(request: web.Request, allowance: Allowance | None) -> None:
    if allowance is not None:
        request[ALLOWANCE] = allowance
        raise allowance.refusal("credentials that are not valid")


async def admit_uploader(request: web.Request) -> Principal:
    """As `authenticate`, where guests may upload as well; the answer tells what is left of their uploads."""
    principal = await request.app[CONTEXT].accounts.admit_guest(await authenticate(request))
    request[PRINCIPAL] = principal
    request[UPLOADS] = True
    return principal


def _bearer(request: web.Request) -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("The Authorization header must be 'Bearer <API key>'.")
    return secret.strip()
