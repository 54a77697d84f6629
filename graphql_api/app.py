"""The application: its routes, what runs around each request, and the chores it does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.config import Settings
from graphql_api.db.database import Database, use
from graphql_api.imaging.pool import ImagingPool
from graphql_api.web import account, cdn, cors, direct_uploads, exports, images, malformed, middleware, pages
from graphql_api.web.address import TRUSTED_PROXIES
from graphql_api.web.context import CONTEXT, WORDS
from graphql_api.wiring import Services, open_services
from rest_compat.dialect import mount
from rest_compat.imgpro.routes import IMGPRO
from schema import live, view

log = structlog.get_logger("tintype")

_HOUSEKEEPING_SECONDS = 3600


def make_app(settings: Settings, imaging: ImagingPool | None = None) -> web.Application:
    """The whole application; its services open when it starts and close when it ends."""
    database: list[Database] = []

    @web.middleware
    async def in_database(request: web.Request, handler: Handler) -> web.StreamResponse:
        # Handlers run in tasks that did not inherit the context in which the database was opened.
        use(database[0])
        return await handler(request)

    malformed.install()
    app = web.Application(
        middlewares=[
            middleware.observe,
            middleware.answer_errors,
            in_database,
        ],
        handler_args={"max_line_size": malformed.MAX_LINE},
    )

    app[TRUSTED_PROXIES] = tuple(settings.trusted_proxies)

    async def run_services(app: web.Application) -> AsyncIterator[None]:
        async with open_services(settings, imaging) as services:
            database[:] = [services.database]
            app[CONTEXT] = services
            has_models = settings.segmentation_model is not None or settings.face_model is not None
            chores = [
                asyncio.create_task(_keep_house(services, has_models=has_models)),
                asyncio.create_task(services.deliveries.run()),
                asyncio.create_task(services.live.run()),
            ]
            yield
            for chore in chores:
                chore.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await chore

    app[live.SOCKETS] = weakref.WeakSet()
    app[WORDS] = {}
    app.cleanup_ctx.append(run_services)
    app.on_shutdown.append(live.say_goodbye)
    app.on_response_prepare.append(middleware.set_headers)
    _add_routes(app)
    return app


def _add_routes(app: web.Application) -> None:
    router = app.router
    router.add_get("/graphql", view.handle, allow_head=False)
    router.add_post("/graphql", view.handle)
    router.add_options("/graphql", cors.allow)
    router.add_get("/src/{storage}/{name}", images.get_image)
    router.add_options("/src/{storage}/{name}", cors.allow)
    router.add_get("/original/{storage}/{name}", images.get_original)
    router.add_options("/original/{storage}/{name}", cors.allow)
    router.add_put(direct_uploads.PATH, direct_uploads.put_file)
    router.add_options(direct_uploads.PATH, cors.allow)
    router.add_get(cdn.PREFIX + "{options:[^/]*}/{source:.*}", cdn.get_image)
    router.add_options(cdn.PREFIX + "{options:[^/]*}/{source:.*}", cors.allow)
    for method, path, handler in account.ROUTES:
        router.add_route(method, path, handler)
    router.add_get("/export", exports.get_export, allow_head=False)
    router.add_get("/healthz", pages.get_health)
    router.add_get("/readyz", pages.get_readiness)
    router.add_get("/metrics", pages.get_metrics)
    app.add_subapp("/static/", pages.static_files())
    mount(app, IMGPRO)


async def _keep_house(services: Services, *, has_models: bool) -> None:
    """At the start, have the imaging workers up before the first picture; then, each hour, remove what is over."""
    if failing := await services.health.failing():
        log.error("not_ready", failing=failing)
    if has_models:
        for finding in await services.health.examine():
            if not finding.works:
                log.error("does_not_work", part=finding.name, reason=finding.note)
    chores: dict[str, Callable[[], Awaitable[int]]] = {
        "spool": services.spool.sweep,
        "over": services.trash.sweep,
        "ended teams": services.teams.erase_deleted,
        "sign-ins": services.sign_ins.sweep,
        "audit": services.audit.sweep,
        "webhooks": services.webhooks.sweep,
        "uploads": services.direct_uploads.sweep,
        "idempotency keys": services.idempotency.sweep,
        "originals": lambda: services.originals.sweep(dt.datetime.now(dt.UTC)),
        "renditions": services.cache.clear,
    }
    while True:
        for name, chore in chores.items():
            try:
                if removed := await chore():
                    log.info("house_kept", chore=name, removed=removed)
            except Exception:
                log.exception("housekeeping_failed", chore=name)
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
