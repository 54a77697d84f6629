"""Opening and migrating the database that a URL names. Inside `open_database` every query module finds it by itself."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import OperationalError
from tortoise.migrations.api import migrate as run_migrations
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from graphql_api.errors import StorageFull

log = structlog.get_logger("tintype")

# An open database, for `use`.
Database = TortoiseContext

_APP = "models"
# Any number, as long as nobody else in the same PostgreSQL database takes it for a lock of their own.
_ADVISORY_LOCK = 7_465_747_970
_POOL = "maxsize=10"
# How SQLite and PostgreSQL say that the disk is full.
_FULL = ("database or disk is full", "No space left on device")


def is_sqlite(url: str) -> bool:
    """Whether the database is a file."""
    return url.startswith("sqlite://")


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """The database, for the tasks that are started in here; others `use` what this gives."""
    async with TortoiseContext() as context:
        await context.init(config=_config(url))
        if is_sqlite(url):
            _file(url).parent.mkdir(parents=True, exist_ok=True)
            # Left to the first query, which may be cancelled, tortoise would keep its lock and aiosqlite its thread.
            await connection().create_connection(with_db=True)
        yield context


def use(opened: Database) -> None:
    """Make this the database of the current task, to its end. Any number of tasks may, at the same time.

    (`with opened:` may not: tortoise 1.1.9 keeps one token per context, and mixes the tasks up.)
    """
    _current_context.set(opened)


class UnreachableError(Exception):
    """The database does not answer; the message is one line without its password."""


async def reach(url: str) -> None:
    """Raise UnreachableError unless the PostgreSQL that the URL names lets us in."""
    try:
        await (await asyncpg.connect(_postgres(url, "postgresql"))).close()
    except ValueError as error:
        # Its own words quote the part that it could not read, which may be the password.
        raise UnreachableError("the database's URL cannot be read (is its password percent-encoded?)") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise UnreachableError(f"the database {_place(url)} does not answer: {type(error).__name__}") from error


def _place(url: str) -> str:
    """Host and name of the database, without who and how."""
    return url.partition("://")[2].partition("?")[0].rpartition("@")[2]


async def pending_migrations(url: str) -> int:
    """How many migrations the database still lacks."""
    if not is_sqlite(url):
        # Tortoise takes a database that is out of reach for an empty one.
        await reach(url)
    async with TortoiseContext() as context:
        config = _config(url)
        await context.init(config=config)
        executor = MigrationExecutor(connection(), config["apps"])
        return len(await executor.plan())


async def migrate(url: str) -> None:
    """Bring the tables up to date; two at once wait for each other."""
    if is_sqlite(url):
        await _migrate_sqlite(url)
        return
    await reach(url)
    connection = await asyncpg.connect(_postgres(url, "postgresql"))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        await _migrate(url)
    finally:
        await connection.close()


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite://").partition("?")[0])


async def _migrate_sqlite(url: str) -> None:
    """With foreign keys off: tortoise rebuilds tables by dropping them, which would cascade into other tables."""
    path = _file(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        await _migrate(f"{url}{'&' if '?' in url else '?'}foreign_keys=OFF")
    async with open_database(url):
        broken = await connection().execute_query_dict("PRAGMA foreign_key_check")
        if broken:
            raise RuntimeError(f"the migration left {len(broken)} rows that point nowhere")


async def _migrate(url: str) -> None:
    async with TortoiseContext():
        await run_migrations(config=_config(url))


async def check() -> None:
    """Raise unless the database answers."""
    await connection().execute_query("SELECT 1")


Afterwards = Callable[[], Awaitable[None]]

# What is to be done once the transaction under way is committed; None outside of one.
_afterwards: ContextVar[list[Afterwards] | None] = ContextVar("afterwards", default=None)


def after_commit(act: Afterwards) -> None:
    """In a transaction: do this once all that it writes is written for good, and never if it is not."""
    if (waiting := _afterwards.get()) is None:
        raise RuntimeError("there is no transaction under way")
    waiting.append(act)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All that is written inside happens, or none of it. Keep it short: SQLite lets nobody else in meanwhile."""
    if (waiting := _afterwards.get()) is not None:
        already = len(waiting)
        try:
            async with _transaction():
                yield
        except BaseException:
            del waiting[already:]
            raise
        return
    acts: list[Afterwards] = []
    token = _afterwards.set(acts)
    try:
        async with _transaction():
            yield
    finally:
        _afterwards.reset(token)
    for act in acts:
        try:
            await act()
        except Exception:  # it is committed: what comes after must not make it look undone
            log.exception("after_commit_failed")


@asynccontextmanager
async def _begun(context: TransactionContext) -> AsyncIterator[None]:
    """The context; where it is cancelled while it begins, what it took is given back: tortoise does not do that."""
    try:
        await context.__aenter__()
    except BaseException as error:
        if hasattr(context, "token"):  # it has the connection, or SQLite's lock
            with contextlib.suppress(Exception):
                await context.__aexit__(type(error), error, error.__traceback__)
        raise
    try:
        yield
    except BaseException as error:
        await context.__aexit__(type(error), error, error.__traceback__)
        raise
    await context.__aexit__(None, None, None)


@asynccontextmanager
async def _transaction() -> AsyncIterator[None]:
    try:
        async with _begun(in_transaction()):
            yield
    except (OperationalError, sqlite3.OperationalError, asyncpg.DiskFullError) as error:
        # (Tortoise words the errors of statements, but not those of COMMIT.)
        if any(words in str(error) for words in _FULL):
            raise StorageFull("The server's storage is full; nothing was saved.") from error
        raise


def connection() -> BaseDBAsyncClient:
    """The connection of the open database, or of the transaction under way."""
    (only,) = get_connections().all()
    return only


class _Session(asyncpg.Connection):
    """A connection of the pool whose session nobody changes, but within a transaction."""

    def get_reset_query(self) -> str:
        """Nothing: it would double the round trips of each query. What is left of a transaction is ended anyway."""
        return ""


def _config(url: str) -> dict[str, Any]:
    # Tortoise keeps prepared statements by connection name: one name for two dialects would mix them up.
    name = "sqlite" if is_sqlite(url) else "postgres"
    return {
        "connections": {name: url if is_sqlite(url) else _pooled(url)},
        "apps": {
            _APP: {
                "models": ["graphql_api.db.models"],
                "default_connection": name,
                "migrations": "graphql_api.db.migrations",
            }
        },
    }


def _postgres(url: str, scheme: str) -> str:
    return f"{scheme}://{url.partition('://')[2]}"


def _pooled(url: str) -> dict[str, Any]:
    address = _postgres(url, "asyncpg")
    pooled: dict[str, Any] = expand_db_url(
        address if "maxsize=" in address else f"{address}{'&' if '?' in address else '?'}{_POOL}"
    )
    pooled["credentials"]["connection_class"] = _Session
    return pooled


# What `make migrations` compares the models with; no database is touched.
AUTHORING = _config("sqlite://:memory:")
