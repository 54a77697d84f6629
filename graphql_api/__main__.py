"""The `tintype` command. Imaging workers import this module when they are spawned: keep its head light.

What a command needs is imported inside it, for the same reason.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from graphql_api import __version__

if TYPE_CHECKING:
    from graphql_api.config import Settings
    from graphql_api.wiring import Services

_PROFILES = ("g1", "g3", "g4", "app", "test", "live", "sk")
_SCOPES = ("read", "write", "admin")


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

    _add_user_commands(commands.add_parser("user", help="people"))
    _add_team_commands(commands.add_parser("team", help="teams"))

    key = commands.add_parser("key", help="API keys").add_subparsers(required=True, metavar="COMMAND")
    create = key.add_parser("create", help="make an API key and print it, alone, on standard output")
    create.add_argument("--team", required=True, help="the key's team; made if it is not there")
    create.add_argument("--name", default="default")
    create.add_argument("--scope", action="append", choices=_SCOPES, help="may be repeated; default: read and write")
    create.add_argument("--profile", choices=_PROFILES, default="g4", help="the API whose words the key expects")
    create.add_argument("--expires-in", help="a time like 12h or 90d; for ever unless given")
    create.set_defaults(command=_admin("create_key"))

    usage = commands.add_parser("usage", help="quotas").add_subparsers(required=True, metavar="COMMAND")
    recount = usage.add_parser("recount", help="hold what is counted against what is there")
    recount.add_argument("--repair", action="store_true", help="make what is counted so")
    recount.set_defaults(command=_admin("recount_usage"))
    return parser


def _add_user_commands(parser: argparse.ArgumentParser) -> None:
    user = parser.add_subparsers(required=True, metavar="COMMAND")
    create = user.add_parser("create", help="make a user")
    create.add_argument("--email", required=True)
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    create.add_argument(
        "--team", help="the team that the user shall own, beside its owners so far; made if it is not there"
    )
    create.add_argument("--admin", action="store_true", help="may administer the installation")
    create.set_defaults(command=_admin("create_user"))
    for status, what in (("approve", "let in who awaits it"), ("suspend", "shut out"), ("reinstate", "let in again")):
        change = user.add_parser(status, help=what)
        change.add_argument("--email", required=True)
        change.set_defaults(command=_admin("change_user"), status=status)
    delete = user.add_parser("delete", help="erase a user, and the teams in which they were alone")
    delete.add_argument("--email", required=True)
    delete.set_defaults(command=_admin("delete_user"))
    link = user.add_parser("link", help="print the link that would be mailed")
    link.add_argument("--email", required=True)
    link.add_argument("--purpose", choices=("verify", "reset"), default="reset")
    link.set_defaults(command=_admin("print_link"))


def _add_team_commands(parser: argparse.ArgumentParser) -> None:
    team = parser.add_subparsers(required=True, metavar="COMMAND")
    plan = team.add_parser("plan", help="put a team on a plan")
    plan.add_argument("--team", required=True)
    plan.add_argument("--plan", required=True)
    plan.set_defaults(command=_admin("set_plan"))
    export = team.add_parser("export", help="write everything that a team owns into an archive (tar)")
    export.add_argument("--team", required=True)
    export.add_argument("--output", required=True, metavar="FILE")
    export.set_defaults(command=_admin("export_team"))
    delete = team.add_parser("delete", help="end a team with all that it owns, for good")
    delete.add_argument("--team", required=True)
    delete.set_defaults(command=_admin("delete_team"))


def _admin(name: str) -> Callable[[Settings, argparse.Namespace], int]:
    """A function of `admin`, which is imported when it is called."""

    def run(settings: Settings, arguments: argparse.Namespace) -> int:
        from graphql_api import admin

        function: Callable[[Settings, argparse.Namespace], int] = getattr(admin, name)
        return function(settings, arguments)

    return run


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    import structlog

    from graphql_api import log, server
    from graphql_api.admin import prepare_database
    from graphql_api.config import unknown_settings

    log.configure(settings.log_format)
    for name, nearest in unknown_settings().items():  # never with its value, which may be a secret
        structlog.get_logger(__name__).warning("unknown_setting", name=name, nearest=nearest)
    try:
        listening = server.bind(arguments.host, arguments.port, shared=arguments.workers > 1)
    except server.PortTakenError as error:
        print(f"tintype: {error}", file=sys.stderr)
        return 1
    if not asyncio.run(prepare_database(settings)):
        return 1
    welcome = asyncio.run(_make_demo(settings)) if arguments.demo else None
    return server.serve(settings, listening, workers=arguments.workers, welcome=welcome)


async def _make_demo(settings: Settings) -> str | None:
    """On the very first start: a team, a key, and what to do with them."""
    from graphql_api.domain.key import NewKey, Scope
    from graphql_api.server import welcome_text
    from graphql_api.wiring import open_services

    async with open_services(settings) as services:
        if await services.keys.has_any():
            return None
        team = await services.teams.find_or_make("demo")
        key = await services.keys.make_for(team, NewKey("demo", frozenset(Scope)))
    return welcome_text(settings.public_url, key)


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from graphql_api.db import database

    asyncio.run(database.migrate(settings.database_url))
    print("tintype: the database is up to date.")
    return 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    from graphql_api import log

    log.configure(settings.log_format)  # on standard error: what is found stands alone

    async def check(services: Services) -> bool:
        found = await services.health.examine()
        for finding in found:
            print(f"{finding.state:4}  {finding.name:10}  {finding.note}".rstrip())
        return all(finding.works for finding in found)

    from graphql_api.admin import with_services

    return 0 if with_services(settings, check) else 1


if __name__ == "__main__":
    sys.exit(main())
