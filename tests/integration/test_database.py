"""Rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import uuid

import pytest
from tortoise.migrations.api import migrate as run_migrations

from graphql_api.db import blobs, database, keys, media, teams, usage, users, words
from graphql_api.domain.account import Role
from graphql_api.domain.key import NewKey, Profile, Scope, digest
from graphql_api.domain.media import Changes
from graphql_api.errors import Conflict
from tests.conftest import migrate
from tests.rows import NOW, SHA, fill


async def test_a_media_comes_back_as_it_went_in(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        (made,) = await fill(team, [NOW.replace(microsecond=123_456)])

        assert await media.find(made.id) == made
        assert await media.find_by_uid(made.uid) == made
        assert await media.find_many([made.id, uuid.uuid4()]) == {made.id: made}
        assert await media.find(uuid.uuid4()) is None
        assert await media.find_by_uid("nothing") is None


async def test_a_first_query_that_is_cancelled_keeps_nobody_out(database_url: str) -> None:
    await migrate(database_url)
    for steps in range(4):
        async with database.open_database(database_url):
            first = asyncio.create_task(database.check())
            for _ in range(steps):
                await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

            await asyncio.wait_for(database.check(), timeout=10)


async def test_updates_change_what_they_name(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        (made,) = await fill(team, [NOW])
        later = NOW + dt.timedelta(hours=1)
        await media.update(made.id, Changes(name="new", alt_text=None), None, later)
        changed = await media.find(made.id)

        assert changed
        assert (changed.name, changed.alt_text, changed.public, changed.updated_at) == ("new", None, False, later)


async def test_tags_keep_their_order_and_are_shared(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        one, two = await fill(team, [NOW, NOW])
        await words.set_tags(team.id, one.id, ["b", "a"])
        await words.set_tags(team.id, two.id, ["a", "c"])
        await words.set_tags(team.id, one.id, ["z", "a"])
        await words.set_tags(team.id, two.id, [])

        assert await words.tags_of([one.id, two.id]) == {one.id: ("z", "a")}


async def test_references_are_counted_whoever_runs_at_the_same_time(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):

        async def hold() -> None:
            async with database.transaction():
                await blobs.add_reference(SHA, 5)

        await asyncio.gather(*(hold() for _ in range(20)))
        for _ in range(20):
            async with database.transaction():
                assert not await blobs.delete_unreferenced(SHA)
                await blobs.drop_reference(SHA)

        assert await blobs.unreferenced(limit=10) == [SHA]
        assert await blobs.delete_unreferenced(SHA)
        assert await blobs.unreferenced(limit=10) == []


async def test_a_transaction_that_fails_leaves_nothing(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        with pytest.raises(LookupError):
            async with database.transaction():
                await blobs.adopt(SHA)
                raise LookupError

        assert await blobs.unreferenced(limit=10) == []


async def test_two_who_make_the_same_team_get_one(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        made = await asyncio.gather(*(teams.find_or_make("t") for _ in range(8)))

        assert len({team.id for team in made}) == 1


@pytest.mark.parametrize("profile", list(Profile))
async def test_a_key_is_found_by_its_secret_alone(database_url: str, profile: Profile) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        made, secret = await keys.make(team.id, NewKey("name", frozenset({Scope.READ}), profile))
        found = await keys.find(secret)

        assert found
        assert (found.key, found.team, found.status) == (made, team, None)
        assert await keys.find(secret + "x") is None
        assert await keys.find(digest(secret)) is None
        stored = str(await database.connection().execute_query_dict("SELECT * FROM api_key"))
        assert secret not in stored


async def test_an_address_is_one_user(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        await users.make("a@b.example", "a", None)

        with pytest.raises(Conflict):
            await users.make("a@b.example", "b", None, admin=True)


async def test_migrating_twice_at_once_is_harmless(database_url: str) -> None:
    await asyncio.gather(*(asyncio.create_task(_migrate_alone(database_url)) for _ in range(3)))

    assert await database.pending_migrations(database_url) == 0


async def _migrate_alone(url: str) -> None:
    import sys

    code = f"import asyncio; from graphql_api.db.database import migrate; asyncio.run(migrate({url!r}))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


async def test_the_tables_are_those_of_the_models(database_url: str) -> None:
    """What migrations make must be what the models say: tortoise drops indexes when it rebuilds a table."""
    from tortoise.migrations.autodetector import MigrationAutodetector

    await database.migrate(database_url)
    async with database.open_database(database_url) as opened:
        assert opened.apps
        detector = MigrationAutodetector(opened.apps, database.AUTHORING["apps"])

        assert [writer.operations for writer in await detector.changes()] == []


async def test_no_table_or_index_is_lost_on_the_way(database_url: str) -> None:
    """Tortoise 1.1.9 drops secondary indexes when a migration rebuilds a SQLite table: compare with a fresh schema."""
    await database.migrate(database_url)
    async with database.open_database(database_url):
        migrated = await _indexes(database_url)

    assert {"media_list", "blob_refs"} <= migrated
    assert any("media_blob_id" in name for name in migrated)
    assert any("media_tag_tag_id" in name for name in migrated)


async def _indexes(url: str) -> set[str]:
    table, column = ("sqlite_master", "name") if database.is_sqlite(url) else ("pg_indexes", "indexname")
    rows = await database.connection().execute_query_dict(f"SELECT {column} AS name FROM {table}")
    return {row["name"] for row in rows}


async def test_who_was_there_before_accounts_keeps_what_they_have(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migration 0005 on rows of the release before it: owners, counts, and no quota out of nowhere."""
    with monkeypatch.context() as before:
        before.setattr(database, "run_migrations", functools.partial(run_migrations, target="models.0004_mirror"))
        await database.migrate(database_url)
    async with database.open_database(database_url):
        run, now = database.connection().execute_script, "'2026-01-01 00:00:00+00:00'"
        await run(
            f"INSERT INTO team (name, storage, created_at) VALUES ('old', 'aaaa', {now}), ('empty', 'bbbb', {now})"
        )
        await run(
            "INSERT INTO user_account (email, admin, team_id, created_at) "
            f"SELECT 'ann@example.com', TRUE, id, {now} FROM team WHERE name = 'old'"
        )
        await run(f"INSERT INTO blob (sha256, size, refs) VALUES ('{SHA}', 7, 2)")
        for number in (1, 2):
            await run(
                "INSERT INTO media (id, uid, team_id, blob_id, name, public, format, width, height, frames, has_alpha, "
                "bytes, attributes, created_at, updated_at) "
                f"SELECT '{uuid.UUID(int=number)}', 'uid{number}', id, '{SHA}', 'n', TRUE, 'png', 1, 1, 1, FALSE, "
                f"7, '{{}}', {now}, {now} FROM team WHERE name = 'old'"
            )
    await database.migrate(database_url)
    async with database.open_database(database_url):
        old, empty = await teams.find("old"), await teams.find("empty")
        assert old
        assert empty
        assert (old.plan, empty.plan) == ("unlimited", "unlimited")
        (member,) = await teams.members(old.id)
        assert (member.user.email, member.role) == ("ann@example.com", Role.OWNER)
        assert await teams.members(empty.id) == []
        counted = await usage.get(old.id)
        assert (counted.images, counted.bytes) == (2, 14)
        assert (await usage.get(empty.id)).images == 0
