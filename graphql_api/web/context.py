"""What every handler can reach: the services, the addresses in links, and who is calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.key import Profile
from graphql_api.domain.limits import GraphQLRules
from graphql_api.errors import Unauthenticated
from graphql_api.services.accounts import Accounts
from graphql_api.services.audit import Audit
from graphql_api.services.collections import Collections
from graphql_api.services.derivatives import Derivatives
from graphql_api.services.direct_uploads import DirectUploads
from graphql_api.services.documents import Documents
from graphql_api.services.exports import Exports
from graphql_api.services.idempotency import Idempotency
from graphql_api.services.intake import Intake
from graphql_api.services.keys import Keys
from graphql_api.services.library import Library
from graphql_api.services.limits import WITHOUT_KEY, Allowance, Limits
from graphql_api.services.links import Links
from graphql_api.services.live import Live
from graphql_api.services.metrics import Metrics
from graphql_api.services.mirror import Mirror
from graphql_api.services.people import People
from graphql_api.services.placeholders import Placeholders
from graphql_api.services.presets import Presets
from graphql_api.services.quotas import Quotas
from graphql_api.services.renderer import Renderer
from graphql_api.services.sign_ins import SignIns
from graphql_api.services.spool import Spool
from graphql_api.services.teams import Teams
from graphql_api.services.trash import Trash
from graphql_api.services.upgrades import Upgrades
from graphql_api.services.versions import Versions
from graphql_api.services.webhooks import Webhooks
from graphql_api.web.address import caller_address


@dataclass(frozen=True, slots=True)
class Context:
    """The services of one application. `failing` names what does not work; nothing when all is well."""

    library: Library
    intake: Intake
    renderer: Renderer
    presets: Presets
    mirror: Mirror
    placeholders: Placeholders
    accounts: Accounts
    people: People
    sign_ins: SignIns
    teams: Teams
    keys: Keys
    quotas: Quotas
    upgrades: Upgrades
    audit: Audit
    trash: Trash
    versions: Versions
    derivatives: Derivatives
    collections: Collections
    links: Links
    webhooks: Webhooks
    live: Live
    direct_uploads: DirectUploads
    idempotency: Idempotency
    exports: Exports
    spool: Spool
    documents: Documents
    limits: Limits
    metrics: Metrics
    graphql: GraphQLRules
    public_url: str
    source_url: str
    open_private_images: bool
    failing: Callable[[], Awaitable[list[str]]]


CONTEXT = web.AppKey("context", Context)
# How a dialect says what never reached one of its handlers, by the beginning of its paths: code, message, request.
WORDS = web.AppKey("words", dict[str, Callable[[str, str, web.Request], Awaitable[object]]])
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


# What the answer's headers tell of: see web/middleware.py.
ALLOWANCE: web.RequestKey[Allowance] = web.RequestKey("allowance", Allowance)
PRINCIPAL: web.RequestKey[Principal] = web.RequestKey("principal", Principal)
UPLOADS: web.RequestKey[bool] = web.RequestKey("uploads", bool)


_PORTS = {"http": 80, "https": 443}  # what browsers leave out


async def authenticate(request: web.Request, header: str | None = None) -> Principal:
    """Who is calling, one request of the API counted. Unauthenticated for a credential that is no good, RateLimited."""
    principal = await identify(request, header)
    allowance = await request.app[CONTEXT].limits.count_request(principal)
    if allowance is not None:
        request[ALLOWANCE] = allowance
        if not allowance.granted:
            raise allowance.refusal("requests", WITHOUT_KEY if principal.team is None else "")
    return principal


async def identify(request: web.Request, header: str | None = None) -> Principal:
    """Who is calling, by `Authorization: Bearer <key or token>`, or the cookie of a page of ours; nothing is counted.

    A `header` that came by another way counts as the request's own. Unauthenticated for a credential that is no good
    here; RateLimited for who has tried too many.
    """
    context, address, secret = request.app[CONTEXT], caller_address(request), None
    try:
        secret = _bearer(header if header is not None else request.headers.get("Authorization"))
        if secret is not None:
            # Before anything is looked up: trying out keys must cost us nothing.
            _refuse(request, await context.limits.check_authentication(secret, address))
        principal = await _principal(request, secret, address)
    except Unauthenticated:
        if (allowance := await context.limits.count_failure(secret, address)) is not None:
            request[ALLOWANCE] = allowance
        raise
    if secret is not None:
        context.limits.remember(secret)
    request[PRINCIPAL] = principal
    return principal


async def _principal(request: web.Request, secret: str | None, address: str) -> Principal:
    accounts = request.app[CONTEXT].accounts
    if secret is None and (cookie := session_cookie(request)) is not None:
        return await accounts.authenticate_cookie(cookie, address)
    principal = await accounts.authenticate(secret, address)
    if principal.key is not None and principal.key.profile is Profile.SK:
        raise Unauthenticated("Keys that begin with sk_ are for /api/external alone.")
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


def profile_of(request: web.Request) -> Profile | None:
    """The API generation whose words the caller expects, as far as a key told it."""
    principal = request.get(PRINCIPAL)
    return principal.key.profile if principal is not None and principal.key is not None else None


def session_cookie(request: web.Request) -> str | None:
    """The cookie of who has signed in on a page, unless another site's page may have sent it."""
    if "Cookie" not in request.headers:
        return None
    cookie = request.cookies.get(cookie_name(request.app[CONTEXT].public_url))
    # (A socket begins with a GET, and could then do anything.)
    harmless = request.method in ("GET", "HEAD") and "Upgrade" not in request.headers
    return cookie if cookie and (harmless or is_same_origin(request)) else None


def cookie_name(public_url: str) -> str:
    """Browsers take a `__Host-` cookie from the very host alone, and only over TLS."""
    return "__Host-tintype" if public_url.startswith("https://") else "tintype"


def is_same_origin(request: web.Request) -> bool:
    """Whether a page of ours, or no page at all, sent this: browsers say where a POST comes from."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
    # Under other names we are spoken to as under our own: what a page without TLS sends to a server with it is foreign.
    public = request.app[CONTEXT].public_url
    here = _origin(public), _origin(f"{public.partition('://')[0]}://{request.host}")
    return (sent := _origin(origin)) is not None and sent in here


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port of an address; None for what is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _bearer(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("The Authorization header must be 'Bearer <API key>'.")
    return secret.strip()
