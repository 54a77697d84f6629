"""What the `tintype` command does about people, teams, keys and usage, beside whatever server may be running."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from graphql_api.config import Settings
from graphql_api.db import database
from graphql_api.domain.account import Principal, Status, Team
from graphql_api.domain.duration import parse_duration
from graphql_api.domain.key import NewKey, Profile, Scope
from graphql_api.errors import InvalidInput, NotFound
from graphql_api.wiring import Services, open_services

ResultT = TypeVar("ResultT")

_LONGEST = dt.timedelta(days=36_500)  # of a key; who wants more wants for ever
_STATUS = {"approve": Status.ACTIVE, "suspend": Status.SUSPENDED, "reinstate": Status.ACTIVE}


async def prepare_database(settings: Settings) -> bool:
    """Migrate a SQLite file; of PostgreSQL, which others may be using, only ask."""
    if database.is_sqlite(settings.database_url):
        await database.migrate(settings.database_url)
    elif await database.pending_migrations(settings.database_url):
        print("tintype: the database is not up to date; run: tintype migrate", file=sys.stderr)
        return False
    return True


def with_services(settings: Settings, work: Callable[[Services], Awaitable[ResultT]]) -> ResultT:
    """Run `work` on an up-to-date database."""

    async def run() -> ResultT:
        if not await prepare_database(settings):
            raise SystemExit(1)
        async with open_services(settings) as services:
            return await work(services)

    return asyncio.run(run())


def create_user(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make a person; the first administrator comes so."""
    password = sys.stdin.readline().rstrip("\n") if arguments.password_stdin else None

    async def create(services: Services) -> str | None:
        team = await services.teams.find_or_make(arguments.team) if arguments.team else None
        user = await services.people.make(arguments.email, password, team, admin=arguments.admin)
        return None if password is not None else services.people.reset_link(user)

    link = with_services(settings, create)
    print(f"tintype: made the user {arguments.email}.", file=sys.stderr)
    if link:
        print(f"tintype: they choose their password here, within two hours:\n{link}", file=sys.stderr)
    return 0


def change_user(settings: Settings, arguments: argparse.Namespace) -> int:
    """Approve, suspend, reinstate."""

    async def change(services: Services) -> None:
        user = await services.people.find(arguments.email)
        await services.teams.change_status(Principal(), user, _STATUS[arguments.status])

    with_services(settings, change)
    return 0


def delete_user(settings: Settings, arguments: argparse.Namespace) -> int:
    """Erase a person, and the teams in which they were alone."""

    async def delete(services: Services) -> None:
        if (user := await services.people.find(arguments.email)) is None:
            raise NotFound("There is no such user.")
        await services.teams.delete_person(Principal(), user)
        await services.teams.erase_deleted()

    with_services(settings, delete)
    return 0


def print_link(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print the link that would be mailed: for servers without mail, and for mail that never came."""

    async def make(services: Services) -> str:
        if (user := await services.people.find(arguments.email)) is None:
            raise NotFound("There is no such user.")
        people = services.people
        return people.verification_link(user) if arguments.purpose == "verify" else people.reset_link(user)

    print(with_services(settings, make))
    return 0


def create_key(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make a key, and the team if it is not there; print the key alone."""
    asked = NewKey(
        name=arguments.name,
        scopes=frozenset(Scope(word) for word in arguments.scope or ("read", "write")),
        profile=Profile(arguments.profile),
    )
    lifetime = _lifetime(arguments.expires_in)

    async def create(services: Services) -> str:
        if await services.teams.find(arguments.team) is None:
            print(f"tintype: making the team {arguments.team}.", file=sys.stderr)
        team = await services.teams.find_or_make(arguments.team)
        return await services.keys.make_for(team, asked, lifetime=lifetime)

    print(with_services(settings, create))
    return 0


def set_plan(settings: Settings, arguments: argparse.Namespace) -> int:
    """Put a team on a plan."""
    with_services(settings, lambda services: services.quotas.change_plan(Principal(), arguments.team, arguments.plan))
    print(f"tintype: {arguments.team} is on the plan {arguments.plan}.", file=sys.stderr)
    return 0


def delete_team(settings: Settings, arguments: argparse.Namespace) -> int:
    """End a team with all that it owns."""

    async def delete(services: Services) -> None:
        await services.teams.delete_by_operator(await _team(services, arguments.team))

    with_services(settings, delete)
    print(f"tintype: {arguments.team} and all that it owned is gone.", file=sys.stderr)
    return 0


def export_team(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write everything that a team owns into one archive, which is there once it is whole."""
    target = Path(arguments.output)
    partial = target.with_name(f"{target.name}.part")

    async def export(services: Services) -> None:
        team = await _team(services, arguments.team)
        await services.exports.record(Principal(), team)
        with await asyncio.to_thread(partial.open, "wb") as file:
            async for piece in services.exports.stream(team):
                file.write(piece)
        await asyncio.to_thread(partial.replace, target)

    with_services(settings, export)
    return 0


def recount_usage(settings: Settings, arguments: argparse.Namespace) -> int:
    """Hold what is counted against what is there; 1 when they differ and nothing was done about it."""
    found = with_services(settings, lambda services: services.quotas.recount(repair=arguments.repair))
    wrong = [recount for recount in found if not recount.is_right]
    for recount in wrong:
        counted, there = recount.counted, recount.found
        verdict = "repaired" if arguments.repair else "WRONG"
        print(f"{verdict}  {recount.team}: counted {counted[0]} images, {counted[1]} bytes;", end=" ")
        print(f"there are {there[0]} images, {there[1]} bytes")
    print(f"{len(found)} teams, {len(found) - len(wrong)} counted right.")
    return 1 if wrong and not arguments.repair else 0


async def _team(services: Services, name: str) -> Team:
    if (team := await services.teams.find(name)) is None:
        raise NotFound("There is no such team.")
    return team


def _lifetime(text: str | None) -> dt.timedelta | None:
    if text is None:
        return None
    try:
        lifetime = parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("expires-in", "--expires-in must be like 12h or 90d, or a number of seconds.") from error
    if not dt.timedelta(0) < lifetime <= _LONGEST:
        raise InvalidInput("expires-in", f"--expires-in must be more than nothing and at most {_LONGEST.days}d.")
    return lifetime
