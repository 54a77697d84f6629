"""The composition root: Settings -> services -> web.Application. Everything is built here and knows nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from graphql_api.config import Settings
from graphql_api.db.database import Database, open_database, use
from graphql_api.domain.plan import MIB
from graphql_api.imaging.jobs import Models
from graphql_api.imaging.pool import Bounds, ImagingPool
from graphql_api.remote.fetch import Fetcher
from graphql_api.remote.mail import Mailer, parse_smtp_url
from graphql_api.services.accounts import Accounts
from graphql_api.services.audit import Audit
from graphql_api.services.cache import RenditionCache
from graphql_api.services.counters import Counters
from graphql_api.services.exports import Exports
from graphql_api.services.health import Health
from graphql_api.services.keys import Keys
from graphql_api.services.library import Library, Tools
from graphql_api.services.limits import Limits
from graphql_api.services.metrics import Metrics
from graphql_api.services.mirror import Mirror
from graphql_api.services.originals import Originals
from graphql_api.services.passwords import Passwords
from graphql_api.services.people import Door, People
from graphql_api.services.placeholders import Placeholders
from graphql_api.services.presets import Presets
from graphql_api.services.quotas import Quotas
from graphql_api.services.renderer import Renderer
from graphql_api.services.sign_ins import SignIns
from graphql_api.services.spool import Spool
from graphql_api.services.teams import Teams
from graphql_api.services.tokens import AccessTokens
from graphql_api.services.trash import Trash
from graphql_api.services.upgrades import Office, Upgrades
from graphql_api.storage.local import LocalStore
from graphql_api.web import account, cdn, cors, exports, images, middleware, pages
from graphql_api.web.address import TRUSTED_PROXIES
from graphql_api.web.context import CONTEXT, Context
from rest_compat.dialect import mount
from rest_compat.imgpro.routes import IMGPRO
from schema import view

log = structlog.get_logger("tintype")

_HOUSEKEEPING_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that runs below the edge, and the database it runs in."""

    database: Database
    accounts: Accounts
    people: People
    sign_ins: SignIns
    teams: Teams
    keys: Keys
    quotas: Quotas
    upgrades: Upgrades
    audit: Audit
    trash: Trash
    exports: Exports
    library: Library
    renderer: Renderer
    cache: RenditionCache
    presets: Presets
    mirror: Mirror
    placeholders: Placeholders
    health: Health
    spool: Spool
    originals: Originals
    limits: Limits
    metrics: Metrics


@asynccontextmanager
async def open_services(settings: Settings, imaging: ImagingPool | None = None) -> AsyncIterator[Services]:
    """The services of these settings, closed in the opposite order; an `imaging` that is given stays open."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_url))
        if imaging is None:
            imaging = ImagingPool(_bounds(settings))
            stack.push_async_callback(imaging.close)
        fetcher = Fetcher(
            allowed_hosts=settings.import_allowed_hosts,
            host_map=settings.import_host_map,
            seconds=settings.import_seconds,
        )
        stack.push_async_callback(fetcher.close)
        mailer = Mailer(parse_smtp_url(settings.smtp_url) if settings.smtp_url else None, settings.mail_from)
        stack.push_async_callback(mailer.close)
        metrics = Metrics()
        counters = Counters(settings.redis_url, metrics)
        stack.push_async_callback(counters.close)
        limits = Limits(settings.rate_limit_scale, counters, metrics)
        plans, signer = settings.plans, settings.signer()
        store = LocalStore(settings.media_folder)
        spool, originals, audit = Spool(settings.spool_folder), Originals(store), Audit(_now)
        office = Office(settings.upgrade_url, settings.upgrade_webhook_url, settings.upgrade_webhook_secret)
        upgrades = Upgrades(plans=plans, office=office, signer=signer, public_url=settings.public_url, clock=_now)
        quotas = Quotas(plans=plans, upgrades=upgrades, audit=audit, clock=_now)
        trash = Trash(originals=originals, retention=dt.timedelta(days=settings.trash_days), clock=_now)
        tools = Tools(
            originals=originals,
            spool=spool,
            imaging=imaging,
            fetcher=fetcher,
            limits=limits,
            quotas=quotas,
            trash=trash,
            picture_limits=settings.picture_limits,
            clock=_now,
        )
        library, tokens = Library(tools), AccessTokens(signer, _now)
        accounts = Accounts(
            anonymous_uploads=settings.anonymous_uploads, plans=plans, signer=signer, tokens=tokens, clock=_now
        )
        teams = Teams(
            signer=signer, mailer=mailer, audit=audit, trash=trash, public_url=settings.public_url, clock=_now
        )
        stack.push_async_callback(teams.close)
        passwords = Passwords()
        people = People(
            door=Door(settings.sign_up, settings.public_url, settings.require_verified_email),
            signer=signer,
            passwords=passwords,
            mailer=mailer,
            limits=limits,
            audit=audit,
            teams=teams,
            clock=_now,
        )
        sign_ins = SignIns(
            signer=signer,
            tokens=tokens,
            passwords=passwords,
            people=people,
            limits=limits,
            audit=audit,
            verified_only=settings.require_verified_email,
            clock=_now,
        )
        cache = RenditionCache(
            store,
            max_bytes=settings.rendition_cache_mb * MIB,
            hot_bytes=settings.hot_renditions_mb * MIB,
            clock=_now,
        )
        stack.push_async_callback(cache.close)
        renderer = Renderer(
            store=store,
            cache=cache,
            imaging=imaging,
            spool=spool,
            library=library,
            limits=settings.picture_limits,
            public_metadata=settings.public_metadata,
        )
        stack.push_async_callback(renderer.settle)
        yield Services(
            database=database,
            accounts=accounts,
            people=people,
            sign_ins=sign_ins,
            teams=teams,
            keys=Keys(audit=audit, clock=_now),
            quotas=quotas,
            upgrades=upgrades,
            audit=audit,
            trash=trash,
            exports=Exports(store=store, signer=signer, audit=audit, public_url=settings.public_url, clock=_now),
            library=library,
            renderer=renderer,
            cache=cache,
            presets=Presets(_now),
            mirror=Mirror(library, accounts, settings.transform_origins),
            placeholders=Placeholders(store, imaging),
            health=Health(store=store, imaging=imaging, spool=spool),
            spool=spool,
            originals=originals,
            limits=limits,
            metrics=metrics,
        )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        workers=settings.imaging_workers,
        memory_bytes=settings.imaging_memory_bytes,
        seconds=settings.imaging_seconds,
        queue=settings.imaging_queue,
        max_pixels=settings.max_pixels,
        models=Models(settings.segmentation_model, settings.face_model),
        recycle_bytes=settings.imaging_recycle_mb * MIB,
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def make_app(settings: Settings, imaging: ImagingPool | None = None) -> web.Application:
    """The whole application; its services open when it starts and close when it ends."""
    database: list[Database] = []

    @web.middleware
    async def in_database(request: web.Request, handler: Handler) -> web.StreamResponse:
        # Handlers run in tasks that did not inherit the context in which the database was opened.
        with use(database[0]):
            return await handler(request)

    app = web.Application(
        middlewares=[
            middleware.measure,
            middleware.identify_request,
            middleware.answer_errors,
            in_database,
        ],
    )

    app[TRUSTED_PROXIES] = tuple(settings.trusted_proxies)

    async def run_services(app: web.Application) -> AsyncIterator[None]:
        async with open_services(settings, imaging) as services:
            database[:] = [services.database]
            app[CONTEXT] = Context(
                library=services.library,
                renderer=services.renderer,
                presets=services.presets,
                mirror=services.mirror,
                placeholders=services.placeholders,
                accounts=services.accounts,
                people=services.people,
                sign_ins=services.sign_ins,
                teams=services.teams,
                keys=services.keys,
                quotas=services.quotas,
                upgrades=services.upgrades,
                audit=services.audit,
                trash=services.trash,
                exports=services.exports,
                spool=services.spool,
                limits=services.limits,
                metrics=services.metrics,
                public_url=settings.public_url,
                source_url=settings.source_url,
                failing=services.health.failing,
            )
            has_models = settings.segmentation_model is not None or settings.face_model is not None
            keeping = asyncio.create_task(_keep_house(services, has_models=has_models))
            yield
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    app.cleanup_ctx.append(run_services)
    app.on_response_prepare.append(middleware.set_headers)
    app.on_response_prepare.append(middleware.set_allowance)
    app.on_response_prepare.append(cors.set_origin)
    _add_routes(app)
    return app


def _add_routes(app: web.Application) -> None:
    router = app.router
    router.add_get("/graphql", view.handle, allow_head=False)
    router.add_post("/graphql", view.handle)
    router.add_options("/graphql", cors.allow)
    router.add_get("/src/{storage}/{name}", images.get_image)
    router.add_options("/src/{storage}/{name}", cors.allow)
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
        "originals": lambda: services.originals.sweep(_now()),
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
