"""What is not the API: GraphiQL and its files, and the questions of an orchestrator."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.web.address import is_from_inside
from graphql_api.web.context import CONTEXT
from graphql_api.web.errors import json_response

STATIC = Path(__file__).with_name("static")
_GRAPHIQL = STATIC / "graphiql" / "index.html"
_ASSETS = STATIC / "graphiql" / "assets"
_PAGES = STATIC / "pages"

# Everything comes from here; GraphiQL's editor sets styles by script, and rendered images may live on a CDN.
_GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data: blob: http: https:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def graphiql() -> web.StreamResponse:
    """The GraphiQL page; a plain sentence when `make setup` has not built it."""
    headers = {
        "Content-Security-Policy": _GRAPHIQL_POLICY,
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "Referrer-Policy": "no-referrer",
    }
    if not _GRAPHIQL.exists():
        return web.Response(text="GraphiQL is not built: run `make setup`.", status=404, headers=headers)
    return web.Response(body=_GRAPHIQL.read_bytes(), content_type="text/html", charset="utf-8", headers=headers)


async def get_health(_: web.Request) -> web.Response:
    """The process answers."""
    return json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def get_readiness(request: web.Request) -> web.Response:
    """Database, storage and every codec work; otherwise 503 and what does not."""
    failing = await request.app[CONTEXT].failing()
    body = {"status": "unavailable" if failing else "ok", "failing": failing}
    return json_response(body, 503 if failing else 200, {"Cache-Control": "no-store"})


async def get_metrics(request: web.Request) -> web.Response:
    """What this process counts, for Prometheus; to others than neighbours there is no such page."""
    if not is_from_inside(request):
        raise web.HTTPNotFound
    metrics = request.app[CONTEXT].metrics
    return web.Response(
        body=metrics.render(), headers={"Content-Type": metrics.content_type, "Cache-Control": "no-store"}
    )


def static_files() -> web.Application:
    """The pages' own files, once they are built; the pages themselves come with their policy, from `graphiql`."""
    app = web.Application(middlewares=[_cache_assets])
    app.router.add_static("/pages/", _PAGES)
    if _ASSETS.is_dir():
        app.router.add_static("/graphiql/assets/", _ASSETS)
    return app


@web.middleware
async def _cache_assets(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Built assets carry their hash in their name: they never change. Others may, with the next version."""
    response = await handler(request)
    if response.status == HTTPStatus.OK:
        built = request.path.startswith("/static/graphiql/")
        response.headers["Cache-Control"] = "public, max-age=" + ("31536000, immutable" if built else "3600")
    return response
