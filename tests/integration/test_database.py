"""Rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import random
import uuid
from collections.abc import Sequence

import pytest
from tortoise.migrations.api import migrate as run_migrations

from graphql_api.db import blobs, database, keys, media, teams, usage, users
from graphql_api.domain.account import Role, Team
from graphql_api.domain.format import Format
from graphql_api.domain.key import NewKey, Profile, Scope, digest
from graphql_api.domain.media import Changes, Media, Original
from graphql_api.domain.page import Cursor, Page, PageRequest
from graphql_api.errors import Conflict

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SHA = "a" * 64


def make_media(team: Team, *, created: dt.datetime = NOW, expires: dt.datetime | None = None) -> Media:
    return Media(
        id=uuid.uuid4(),
        uid=uuid.uuid4().hex[:12],
        team_id=team.id,
        storage=team.storage,
        name="näme 🖼.jpg",
        caption=None,
        alt_text="alt",
        public=False,
        original=Original(Format.WEBP, 300, 200, 4, has_alpha=True),
        bytes=3_000_000_000,
        sha256=SHA,
        attributes={"a": "ü"},
        created_at=created,
        updated_at=created,
        expires_at=expires,
    )


async def fill(team: Team, moments: Sequence[dt.datetime]) -> list[Media]:
    """Media made at these moments, newest first as the list has them."""
    await blobs.add_reference(SHA, 5)
    made = [make_media(team, created=moment) for moment in moments]
    for item in made:
        await media.insert(item)
    return sorted(made, key=lambda item: (item.created_at, item.id), reverse=True)


def cursor(item: Media) -> Cursor:
    return Cursor(item.created_at, item.id)


async def test_a_media_comes_back_as_it_went_in(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        (made,) = await fill(team, [NOW.replace(microsecond=123_456)])

        assert await media.find(made.id) == made
        assert await media.find_by_uid(made.uid) == made
        assert await media.find_many([made.id, uuid.uuid4()]) == {made.id: made}
        assert await media.find(uuid.uuid4()) is None
        assert await media.find_by_uid("nothing") is None


async def test_pages_walk_the_whole_list_both_ways_with_ties(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        other = await teams.find_or_make("other")
        chance = random.Random(3)
        moments = [
            NOW + dt.timedelta(seconds=chance.randrange(5), microseconds=chance.choice([0, 1])) for _ in range(30)
        ]
        expected = await fill(team, moments)
        await media.insert(make_media(other))

        forward: list[Media] = []
        page: Page[Media] = await media.page(team.id, PageRequest(first=7), NOW)
        while True:
            forward += page.items
            if not page.has_next:
                break
            page = await media.page(team.id, PageRequest(first=7, after=cursor(page.items[-1])), NOW)
        backward: list[Media] = []
        page = await media.page(team.id, PageRequest(last=7), NOW)
        while True:
            backward = [*page.items, *backward]
            if not page.has_previous:
                break
            page = await media.page(team.id, PageRequest(last=7, before=cursor(page.items[0])), NOW)

        assert forward == expected
        assert backward == expected
        assert await media.count(team.id, NOW) == 30


async def test_windows_between_two_cursors(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        rows = await fill(team, [NOW + dt.timedelta(seconds=second) for second in range(10)])

        async def page(**arguments: object) -> list[Media]:
            return list((await media.page(team.id, PageRequest(**arguments), NOW)).items)  # type: ignore[arg-type]

        assert await page(first=3, after=cursor(rows[1]), before=cursor(rows[8])) == rows[2:5]
        assert await page(last=3, after=cursor(rows[1]), before=cursor(rows[8])) == rows[5:8]
        assert await page(first=9, after=cursor(rows[1]), before=cursor(rows[3])) == rows[2:3]
        assert await page(first=2, before=cursor(rows[5])) == rows[0:2]
        assert await page(last=2, after=cursor(rows[5])) == rows[8:10]
        assert await page(first=5, after=cursor(rows[8]), before=cursor(rows[1])) == []
        assert await page(first=0) == []
        await media.delete(rows[4])
        assert await page(first=2, after=cursor(rows[4])) == rows[5:7]


async def test_what_is_inserted_between_two_pages_is_neither_doubled_nor_lost(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        rows = await fill(team, [NOW + dt.timedelta(seconds=second) for second in range(6)])
        first = await media.page(team.id, PageRequest(first=3), NOW)
        await media.insert(make_media(team, created=NOW + dt.timedelta(minutes=1)))
        second = await media.page(team.id, PageRequest(first=3, after=cursor(first.items[-1])), NOW)

        assert [*first.items, *second.items] == rows


async def test_a_list_is_an_index_walk(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        rows = await fill(team, [NOW + dt.timedelta(seconds=second) for second in range(300)])
        connection = database.connection()
        query = media.page_query(media.listed(team.id, NOW), PageRequest(first=50, after=cursor(rows[100])))
        sql, parameters = query.get_parameterized_sql(connection.query_class.SQL_CONTEXT)
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite(database_url) else "EXPLAIN"
        if not database.is_sqlite(database_url):
            await connection.execute_script("ANALYZE media; SET enable_seqscan = off")
        plan = str([dict(row) for row in (await connection.execute_query(f"{explain} {sql}", parameters))[1]])

        assert "media_list" in plan, plan
        assert "SCAN media" not in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


async def test_what_has_expired_is_in_no_list(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        await blobs.add_reference(SHA, 5)
        await media.insert(make_media(team, expires=NOW - dt.timedelta(seconds=1)))
        await media.insert(alive := make_media(team, expires=NOW + dt.timedelta(seconds=1)))

        assert (await media.page(team.id, PageRequest(), NOW)).items == (alive,)
        assert await media.count(team.id, NOW) == 1


async def test_updates_change_what_they_name(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        (made,) = await fill(team, [NOW])
        later = NOW + dt.timedelta(hours=1)
        await media.update(made.id, Changes(name="new", alt_text=None), None, later)
        changed = await media.find(made.id)

        assert changed
        assert (changed.name, changed.alt_text, changed.public, changed.updated_at) == ("new", None, False, later)


async def test_tags_keep_their_order_and_are_shared(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        one, two = await fill(team, [NOW, NOW])
        await media.set_tags(team.id, one.id, ["b", "a"])
        await media.set_tags(team.id, two.id, ["a", "c"])
        await media.set_tags(team.id, one.id, ["z", "a"])
        await media.set_tags(team.id, two.id, [])

        assert await media.tags_of([one.id, two.id]) == {one.id: ("z", "a")}


async def test_references_are_counted_whoever_runs_at_the_same_time(database_url: str) -> None:
    await database.migrate(database_url)
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
    await database.migrate(database_url)
    async with database.open_database(database_url):
        with pytest.raises(LookupError):
            async with database.transaction():
                await blobs.adopt(SHA)
                raise LookupError

        assert await blobs.unreferenced(limit=10) == []


async def test_two_who_make_the_same_team_get_one(database_url: str) -> None:
    await database.migrate(database_url)
    async with database.open_database(database_url):
        made = await asyncio.gather(*(teams.find_or_make("t") for _ in range(8)))

        assert len({team.id for team in made}) == 1


@pytest.mark.parametrize("profile", list(Profile))
async def test_a_key_is_found_by_its_secret_alone(database_url: str, profile: Profile) -> None:
    await database.migrate(database_url)
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
    await database.migrate(database_url)
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
