"""Settings -> services: what runs below the edge, built in one place, in the order in which one needs the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from graphql_api.config import Settings
from graphql_api.db.database import Database, open_database
from graphql_api.domain.plan import MIB
from graphql_api.imaging.jobs import Models
from graphql_api.imaging.pool import Bounds, ImagingPool
from graphql_api.remote.fetch import Fetcher
from graphql_api.remote.mail import Mailer, parse_smtp_url
from graphql_api.remote.webhook import Sender
from graphql_api.services.accounts import Accounts
from graphql_api.services.audit import Audit
from graphql_api.services.cache import RenditionCache
from graphql_api.services.collections import Collections
from graphql_api.services.counters import Counters
from graphql_api.services.deliveries import Deliveries
from graphql_api.services.derivatives import Derivatives
from graphql_api.services.direct_uploads import DirectUploads
from graphql_api.services.documents import Documents
from graphql_api.services.events import Events
from graphql_api.services.exports import Exports
from graphql_api.services.health import Health
from graphql_api.services.idempotency import Idempotency
from graphql_api.services.intake import Intake
from graphql_api.services.keys import Keys
from graphql_api.services.library import Library
from graphql_api.services.limits import Limits
from graphql_api.services.links import Links
from graphql_api.services.live import Live
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
from graphql_api.services.versions import Versions
from graphql_api.services.webhooks import Webhooks
from graphql_api.storage.blob_store import BlobStore
from graphql_api.storage.local import LocalStore
from graphql_api.web.context import Context


@dataclass(frozen=True, slots=True)
class Services(Context):
    """What the edge has, and what only the application itself and the operator's commands need."""

    database: Database
    cache: RenditionCache
    health: Health
    originals: Originals
    deliveries: Deliveries


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
        limits = Limits(settings.rate_limit_scale, counters, metrics, settings.graphql_streams)
        plans, signer = settings.plans, settings.signer()
        store = await stack.enter_async_context(_open_store(settings))
        spool, originals, audit = Spool(settings.spool_folder), Originals(store), Audit(_now)
        office = Office(settings.upgrade_url, settings.upgrade_webhook_url, settings.upgrade_webhook_secret)
        upgrades = Upgrades(plans=plans, office=office, signer=signer, public_url=settings.public_url, clock=_now)
        events = Events(settings.source_url, _now)
        sender = Sender(settings.webhook_allowed_hosts)
        stack.push_async_callback(sender.close)
        deliveries = Deliveries(sender, _now)
        live = Live(settings.redis_url, metrics)
        stack.push_async_callback(live.close)
        events.listeners.extend([lambda _: deliveries.wake(), live.tell_of])
        quotas = Quotas(plans=plans, upgrades=upgrades, audit=audit, clock=_now)
        retention = dt.timedelta(days=settings.trash_days)
        trash = Trash(originals=originals, events=events, retention=retention, clock=_now)
        intake = Intake(
            originals=originals,
            spool=spool,
            imaging=imaging,
            fetcher=fetcher,
            limits=limits,
            quotas=quotas,
            trash=trash,
            events=events,
            picture_limits=settings.picture_limits,
            clock=_now,
        )
        library = Library(plans=plans, events=events, retention=retention, clock=_now)
        tokens = AccessTokens(signer, _now)
        accounts = Accounts(
            anonymous_uploads=settings.anonymous_uploads, plans=plans, signer=signer, tokens=tokens, clock=_now
        )
        teams = Teams(
            signer=signer,
            mailer=mailer,
            limits=limits,
            audit=audit,
            trash=trash,
            public_url=settings.public_url,
            clock=_now,
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
        health = Health(store=store, imaging=imaging, spool=spool)
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
            derivatives=Derivatives(library, renderer, intake),
            collections=Collections(_now),
            links=Links(signer, _now),
            webhooks=Webhooks(audit, _now, deliveries.wake),
            deliveries=deliveries,
            live=live,
            idempotency=Idempotency(_now),
            direct_uploads=DirectUploads(store, intake, live, signer, settings.public_url, _now),
            versions=Versions(library, intake, originals, quotas, events, _now),
            exports=Exports(store=store, signer=signer, audit=audit, public_url=settings.public_url, clock=_now),
            library=library,
            intake=intake,
            renderer=renderer,
            cache=cache,
            presets=Presets(_now),
            mirror=Mirror(library, intake, accounts, settings.transform_origins),
            placeholders=Placeholders(store, imaging),
            health=health,
            spool=spool,
            originals=originals,
            documents=Documents(settings.trusted, trusted_only=settings.trusted_documents_only),
            limits=limits,
            metrics=metrics,
            graphql=settings.graphql_rules,
            public_url=settings.public_url,
            source_url=settings.source_url,
            open_private_images=settings.open_private_images,
            failing=health.failing,
        )


@asynccontextmanager
async def _open_store(settings: Settings) -> AsyncIterator[BlobStore]:
    """The folder or the bucket, whose library takes a while to load, and is not for those who have none."""
    if settings.bucket is None:
        yield LocalStore(settings.media_folder)
        return
    from graphql_api.storage.s3 import open_s3

    async with open_s3(settings.bucket, settings.spool_folder) as store:
        yield store


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
