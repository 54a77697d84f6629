"""The `tintype` command. Imaging workers import this module when they are spawned: keep its head light.

What a command needs is imported inside it, for the same reason.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from graphql_api import __version__

if TYPE_CHECKING:
    from graphql_api.app import Services
    from graphql_api.config import Settings

ResultT = TypeVar("ResultT")

_PROFILES = ("g1", "g3", "g4", "app", "test", "live", "sk")
_SCOPES = ("read", "write")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0, or 1 with one line on standard error."""
    from graphql_api.config import ConfigurationError, load_settings
    from graphql_api.db.database import UnreachableError
    from graphql_api.errors import TintypeError

    arguments = _parser().parse_args(argv)
    command: Callable[[Settings, argparse.Namespace], int] = arguments.command
    try:
        return command(load_settings(), arguments)
    except (ConfigurationError, UnreachableError, TintypeError) as error:
        print(f"tintype: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a folder that cannot be made or written
        print(f"tintype: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tintype", description="A self-hosted image service.")
    parser.add_argument("--version", action="version", version=f"tintype {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve HTTP until interrupted")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1, help="web processes that share the port")
    serve.add_argument("--demo", action="store_true", help="on the first start make a demo team and key")
    serve.set_defaults(command=_serve)

    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(command=_migrate)

    doctor = commands.add_parser("doctor", help="say what works here and what does not")
    doctor.set_defaults(command=_doctor)

    user = commands.add_parser("user", help="people").add_subparsers(required=True, metavar="COMMAND")
    create = user.add_parser("create", help="make a user")
    create.add_argument("--email", required=True)
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    create.add_argument("--team", help="the user's team; made if it is not there")
    create.add_argument("--admin", action="store_true", help="may administer the installation")
    create.set_defaults(command=_create_user)

    key = commands.add_parser("key", help="API keys").add_subparsers(required=True, metavar="COMMAND")
    create = key.add_parser("create", help="make an API key and print it, alone, on standard output")
    create.add_argument("--team", required=True, help="the key's team; made if it is not there")
    create.add_argument("--name", default="default")
    create.add_argument("--scope", action="append", choices=_SCOPES, help="may be repeated; default: all")
    create.add_argument("--profile", choices=_PROFILES, default="g4", help="the API whose words the key expects")
    create.set_defaults(command=_create_key)
    return parser


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    from graphql_api import log, server

    log.configure(settings.log_format)
    try:
        listening = server.bind(arguments.host, arguments.port, shared=arguments.workers > 1)
    except server.PortTakenError as error:
        print(f"tintype: {error}", file=sys.stderr)
        return 1
    if not asyncio.run(_prepare_database(settings)):
        return 1
    welcome = asyncio.run(_make_demo(settings)) if arguments.demo else None
    return server.serve(settings, listening, workers=arguments.workers, welcome=welcome)


async def _prepare_database(settings: Settings) -> bool:
    """Migrate a SQLite file; of PostgreSQL, which others may be using, only ask."""
    from graphql_api.db import database

    if database.is_sqlite(settings.database_url):
        await database.migrate(settings.database_url)
    elif await database.pending_migrations(settings.database_url):
        print("tintype: the database is not up to date; run: tintype migrate", file=sys.stderr)
        return False
    return True


async def _make_demo(settings: Settings) -> str | None:
    """On the very first start: a team, a key, and what to do with them."""
    from graphql_api.app import open_services
    from graphql_api.domain.account import Profile, Scope
    from graphql_api.server import welcome_text

    async with open_services(settings) as services:
        if await services.accounts.has_keys():
            return None
        team = await services.accounts.make_team("demo")
        key = await services.accounts.make_key(team, "demo", Profile.G4, list(Scope))
    return welcome_text(settings.public_url, key)


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from graphql_api.db import database

    asyncio.run(database.migrate(settings.database_url))
    print("tintype: the database is up to date.")
    return 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    async def check(services: Services) -> bool:
        found = await services.health.examine()
        for finding in found:
            print(f"{finding.state:4}  {finding.name:10}  {finding.note}".rstrip())
        return all(finding.works for finding in found)

    return 0 if _with_services(settings, check) else 1


def _create_user(settings: Settings, arguments: argparse.Namespace) -> int:
    password = sys.stdin.readline().rstrip("\n") if arguments.password_stdin else None

    async def create(services: Services) -> None:
        team = await services.accounts.make_team(arguments.team) if arguments.team else None
        await services.accounts.make_user(arguments.email, password, team, admin=arguments.admin)

    _with_services(settings, create)
    print(f"tintype: made the user {arguments.email}.", file=sys.stderr)
    return 0


def _create_key(settings: Settings, arguments: argparse.Namespace) -> int:
    from graphql_api.domain.account import Profile, Scope

    async def create(services: Services) -> str:
        if not await services.accounts.has_team(arguments.team):
            print(f"tintype: making the team {arguments.team}.", file=sys.stderr)
        team = await services.accounts.make_team(arguments.team)
        scopes = [Scope(word) for word in arguments.scope or _SCOPES]
        return await services.accounts.make_key(team, arguments.name, Profile(arguments.profile), scopes)

    print(_with_services(settings, create))
    return 0


def _with_services(settings: Settings, work: Callable[[Services], Awaitable[ResultT]]) -> ResultT:
    """Run `work` on an up-to-date database, beside whatever server may be running on it."""

    async def run() -> ResultT:
        if not await _prepare_database(settings):
            raise SystemExit(1)
        async with open_services(settings) as services:
            return await work(services)

    from graphql_api.app import open_services

    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
