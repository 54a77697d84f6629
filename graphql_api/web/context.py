"""What every handler can reach: the services, the addresses in links, and who is calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.errors import Unauthenticated
from graphql_api.services.accounts import Accounts
from graphql_api.services.library import Library
from graphql_api.services.mirror import Mirror
from graphql_api.services.placeholders import Placeholders
from graphql_api.services.presets import Presets
from graphql_api.services.renderer import Renderer
from graphql_api.services.spool import Spool


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
    public_url: str
    source_url: str
    failing: Callable[[], Awaitable[list[str]]]


CONTEXT = web.AppKey("context", Context)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


async def authenticate(request: web.Request) -> Principal:
    """Who is calling, by `Authorization: Bearer <key>`. Unauthenticated for a credential that is no good."""
    context = request.app[CONTEXT]
    return await context.accounts.authenticate(_bearer(request), request.remote or "")


def _bearer(request: web.Request) -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("The Authorization header must be 'Bearer <API key>'.")
    return secret.strip()
