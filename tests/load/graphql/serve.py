"""A server of the comparison: `python -m tests.load.graphql.serve <stock|rows|tintype> <port>`, one process each.

`stock` and `rows` are Strawberry as its documentation sets it up; `tintype` is the whole application as it is served,
with the static types in the place of its own.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import strawberry
from aiohttp import web
from aiohttp.typedefs import Handler
from strawberry.aiohttp.views import GraphQLView

from graphql_api import log, server
from graphql_api.config import Settings
from graphql_api.db.database import Database, open_database, use
from schema import run
from schema.build import SCHEMA
from schema.engine import TintypeSchema
from tests.load.graphql import rows, static
from tests.load.running import HOST


def main() -> None:
    """Serve until a signal."""
    name, port = sys.argv[1], int(sys.argv[2])
    if name == "tintype":
        _serve_tintype(port)
    else:
        app = web.Application()
        app.router.add_post(
            "/graphql", GraphQLView(schema=strawberry.Schema((rows if name == "rows" else static).Query))
        )
        if name == "rows":
            _add_database(app)
        web.run_app(app, host=HOST, port=port, access_log=None, print=None)


def _serve_tintype(port: int) -> None:
    settings = Settings()
    made = TintypeSchema(
        static.Query, extensions=SCHEMA.extensions, execution_context_class=SCHEMA.execution_context_class
    )
    setattr(run, "SCHEMA", made)  # noqa: B010 (no export, which mypy would want)
    log.configure(settings.log_format)
    server.serve(settings, server.bind(HOST, port, shared=False), workers=1, welcome=None)


def _add_database(app: web.Application) -> None:
    opened: list[Database] = []

    async def keep_open(_: web.Application) -> AsyncIterator[None]:
        async with open_database(Settings().database_url) as database:
            opened.append(database)
            yield

    @web.middleware
    async def in_database(request: web.Request, handler: Handler) -> web.StreamResponse:
        use(opened[0])
        return await handler(request)

    app.cleanup_ctx.append(keep_open)
    app.middlewares.append(in_database)


if __name__ == "__main__":
    main()
