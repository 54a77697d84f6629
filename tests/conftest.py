"""What tests share: one pool of imaging workers, an application on a database of its own, real servers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from graphql_api.app import make_app
from graphql_api.config import Settings
from graphql_api.db import database
from graphql_api.domain.key import NewKey, Profile, Scope
from graphql_api.imaging.pool import Bounds, ImagingPool
from graphql_api.web.context import CONTEXT
from graphql_api.wiring import open_services
from tests.client import Client
from tests.postgres import Cluster, start_cluster
from tests.redis_server import Redis, start_redis
from tests.s3_server import ACCESS_KEY, S3, SECRET_KEY, start_s3

_CI = os.environ.get("CI") == "true"


def missing(server: str) -> None:
    """Fail where everything must run, skip loudly on a laptop."""
    message = f"{server} is not installed: sh tests/install-services.sh"
    if _CI:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def imaging() -> Iterator[ImagingPool]:
    pool = ImagingPool(Bounds(workers=2, memory_bytes=1536 * 1024 * 1024, seconds=30, queue=64))
    yield pool
    pool.stop()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Usual ones; those of tests that use `database_url` name that, and so run on both databases."""
    url = request.getfixturevalue("database_url") if "database_url" in request.fixturenames else ""
    return make_settings(tmp_path, database_url=url)


def make_settings(folder: Path, **changes: object) -> Settings:
    """Settings that read nothing of the environment."""
    return Settings(_env_file=None, data_dir=folder / "data", **changes)  # type: ignore[arg-type]


async def migrate(url: str) -> None:
    """A database that is up to date. Migrating takes seconds of one core: a new one is copied from the first."""
    if not database.is_sqlite(url):
        await _migrate_postgres(url)
        return
    path = Path(url.removeprefix("sqlite://"))
    if path.exists():
        await database.migrate(url)
        return
    if not _migrated:
        await database.migrate(url)
        _migrated.append(path.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated[0])


async def _migrate_postgres(url: str) -> None:
    server, _, name = url.rpartition("/")
    maintenance = await asyncpg.connect(f"{server}/postgres")
    try:
        if not await maintenance.fetchval("SELECT count(*) FROM pg_database WHERE datname = 'migrated'"):
            await database.migrate(url)
            await maintenance.execute(f'CREATE DATABASE migrated TEMPLATE "{name}"')
        elif await database.pending_migrations(url):
            await maintenance.execute(f'DROP DATABASE "{name}"')
            await maintenance.execute(f'CREATE DATABASE "{name}" TEMPLATE migrated')
    finally:
        await maintenance.close()


_migrated: list[bytes] = []


@asynccontextmanager
async def run_app(settings: Settings, imaging: ImagingPool | None = None) -> AsyncIterator[Client]:
    """A running application with a team `first`, and a client that has its keys, of each kind."""
    async with AsyncExitStack() as stack:
        await migrate(settings.database_url)
        async with open_services(settings, imaging) as services:
            keys = {}
            for name in ("first", "second"):
                team = await services.teams.find_or_make(name, plan="")
                keys[name] = await services.keys.make_for(team, NewKey("test", frozenset(Scope)))
            first = await services.teams.find_or_make("first")
            for name, scope in (("reader", Scope.READ), ("writer", Scope.WRITE)):
                keys[name] = await services.keys.make_for(first, NewKey(name, frozenset({scope})))
            for profile in (Profile.G1, Profile.TEST, Profile.LIVE, Profile.SK):
                keys[profile] = await services.keys.make_for(first, NewKey(profile, profile=profile))
        server = TestServer(make_app(settings, imaging))
        await stack.enter_async_context(server)
        client = Client(str(server.make_url("")), keys, settings, server.app[CONTEXT].renderer.settle)
        yield await stack.enter_async_context(client)


@pytest.fixture
async def client(settings: Settings, imaging: ImagingPool) -> AsyncIterator[Client]:
    async with run_app(settings, imaging) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    cluster = start_cluster()
    if cluster is None:
        missing("PostgreSQL")
        return
    yield cluster
    cluster.stop()


@pytest.fixture
async def early_in_the_minute() -> None:
    """Counters weigh the last minute by how much of it is in sight: who counts must not do so at the seam of two."""
    over = time.time() % 60 - 40
    if over > 0:
        await asyncio.sleep(20 - over)


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = start_redis()
    if server is None:
        missing("Redis")
        return
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    server = start_s3()
    if server is None:
        missing("Swift")
        return
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The endpoint, and its credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return s3_server


@pytest.fixture
def bucket(s3: S3) -> str:
    """The name of a new one."""
    name = f"t{uuid.uuid4().hex}"
    s3.make_bucket(name)
    return name


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database; each test that asks for one runs on both."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/test.db"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.create_database(f"t{uuid.uuid4().hex}")


def pytest_configure() -> None:
    """Forked workers would hang: make sure that nobody forks by accident."""
    multiprocessing.set_start_method("spawn", force=True)
