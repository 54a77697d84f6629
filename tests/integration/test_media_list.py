"""Lists of media: pages by keyset, filters, orders; on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pytest

from graphql_api.db import blobs, database, media, media_list, teams, words
from graphql_api.domain.account import Team
from graphql_api.domain.format import Format
from graphql_api.domain.media import Media, Original
from graphql_api.domain.media_filter import EVERYTHING, MediaFilter, Range
from graphql_api.domain.page import NEWEST_FIRST, Cursor, Order, OrderField, Page, PageRequest, cursor_of
from tests.conftest import migrate
from tests.rows import NOW, SHA, fill, make_media


def live(team: Team, wanted: MediaFilter = EVERYTHING) -> media_list.Among:
    return media_list.live(team.id, NOW, test=False, wanted=wanted)


def trashed(team: Team, wanted: MediaFilter = EVERYTHING) -> media_list.Among:
    return media_list.in_trash(team.id, NOW, NOW - dt.timedelta(days=30), test=False, wanted=wanted)


async def page_of(team: Team, request: PageRequest) -> Page[Media]:
    page = await media_list.page_of_all(team.id, NOW, request, test=False)
    assert page == await media_list.page(live(team), request)
    return page


def cursor(item: Media) -> Cursor:
    return cursor_of(item, NEWEST_FIRST)


async def test_pages_walk_the_whole_list_both_ways_with_ties(database_url: str) -> None:
    await migrate(database_url)
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
        page: Page[Media] = await page_of(team, PageRequest(first=7))
        while True:
            forward += page.items
            if not page.has_next:
                break
            page = await page_of(team, PageRequest(first=7, after=cursor(page.items[-1])))
        backward: list[Media] = []
        page = await page_of(team, PageRequest(last=7))
        while True:
            backward = [*page.items, *backward]
            if not page.has_previous:
                break
            page = await page_of(team, PageRequest(last=7, before=cursor(page.items[0])))

        assert forward == expected
        assert backward == expected
        assert await media_list.count(live(team)) == 30


async def test_windows_between_two_cursors(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        rows = await fill(team, [NOW + dt.timedelta(seconds=second) for second in range(10)])

        async def page(**arguments: object) -> list[Media]:
            return list((await page_of(team, PageRequest(**arguments))).items)  # type: ignore[arg-type]

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
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        rows = await fill(team, [NOW + dt.timedelta(seconds=second) for second in range(6)])
        first = await page_of(team, PageRequest(first=3))
        await media.insert(make_media(team, created=NOW + dt.timedelta(minutes=1)))
        second = await page_of(team, PageRequest(first=3, after=cursor(first.items[-1])))

        assert [*first.items, *second.items] == rows


_INDEXES = {
    OrderField.CREATED_AT: "media_list",
    OrderField.UPDATED_AT: "media_updated",
    OrderField.BYTES: "media_bytes",
    OrderField.NAME: "media_name",
}


async def test_a_list_is_an_index_walk(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        rows = await fill(team, [NOW + dt.timedelta(seconds=second) for second in range(300)])
        for item in rows[::5]:
            await media.set_deleted(item.id, NOW)
        async with database.transaction():
            connection = database.connection()
            if not database.is_sqlite(database_url):  # so few rows it would rather read whole, and sort
                await connection.execute_script(
                    "ANALYZE media; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
                )
            orders = [Order(field, ascending) for field in OrderField for ascending in (False, True)]
            asked = [(live(team), order, _INDEXES[order.field]) for order in orders]
            for among, order, index in (*asked, (trashed(team), NEWEST_FIRST, "media_trashed")):
                after = cursor_of(rows[100], order)
                query = media_list.page_query(among, PageRequest(first=50, after=after, order=order))
                sql, parameters = query.get_parameterized_sql(connection.query_class.SQL_CONTEXT)
                explain = "EXPLAIN QUERY PLAN" if database.is_sqlite(database_url) else "EXPLAIN"
                plan = str([dict(row) for row in (await connection.execute_query(f"{explain} {sql}", parameters))[1]])

                assert index in plan, plan
                assert "SCAN media" not in plan
                assert "TEMP B-TREE" not in plan
                assert "Sort" not in plan


async def test_what_has_expired_is_in_no_list(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team = await teams.find_or_make("t")
        await blobs.add_reference(SHA, 5)
        await media.insert(make_media(team, expires=NOW - dt.timedelta(seconds=1)))
        await media.insert(alive := make_media(team, expires=NOW + dt.timedelta(seconds=1)))

        assert (await page_of(team, PageRequest())).items == (alive,)
        assert await media_list.count(live(team)) == 1


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("field", list(OrderField))
async def test_every_order_walks_both_ways(database_url: str, field: OrderField, *, ascending: bool) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team, order, chance = await teams.find_or_make("t"), Order(field, ascending), random.Random(7)
        await blobs.add_reference(SHA, 5)
        made = [
            make_media(
                team,
                created=NOW - dt.timedelta(seconds=chance.randrange(5)),
                name=chance.choice(["a", "B", "b_", "ä", "%"]),
                bytes=chance.choice([1, 2**40, 7]),
            )
            for _ in range(20)
        ]
        for item in made:
            await media.insert(item)
        forward: list[Media] = []
        page = await page_of(team, PageRequest(first=6, order=order))
        while True:
            forward += page.items
            if not page.has_next:
                break
            after = cursor_of(page.items[-1], order)
            page = await page_of(team, PageRequest(first=6, after=after, order=order))
        backward: list[Media] = []
        page = await page_of(team, PageRequest(last=6, order=order))
        while True:
            backward = [*page.items, *backward]
            if not page.has_previous:
                break
            before = cursor_of(page.items[0], order)
            page = await page_of(team, PageRequest(last=6, before=before, order=order))
        values = [getattr(item, field) for item in forward]

        assert forward == backward
        assert {item.id for item in forward} == {item.id for item in made}
        if field is not OrderField.NAME:  # (names are in the order of the database's language)
            assert values == sorted(values, reverse=not ascending)


WANTED = [
    (MediaFilter(), "abc"),
    (MediaFilter(ids=()), ""),
    (MediaFilter(uids=("aaaaaaaaaaab", "aaaaaaaaaaac", "other")), "bc"),
    (MediaFilter(formats=(Format.PNG,)), "b"),
    (MediaFilter(bytes=Range(10, 20)), "b"),
    (MediaFilter(bytes=Range(most=20)), "ab"),
    (MediaFilter(width=Range(300)), "bc"),
    (MediaFilter(height=Range(most=100)), "a"),
    (MediaFilter(created=Range(NOW - dt.timedelta(hours=1))), "ab"),
    (MediaFilter(created=Range(most=NOW - dt.timedelta(hours=1))), "bc"),
    (MediaFilter(public=True), "a"),
    (MediaFilter(animated=True), "c"),
    (MediaFilter(animated=False), "ab"),
    (MediaFilter(expires_before=NOW + dt.timedelta(days=2)), "b"),
    (MediaFilter(search="SUN"), "ab"),
    (MediaFilter(search="sun beach"), "b"),
    (MediaFilter(search="100%"), "a"),
    (MediaFilter(search="x_y"), ""),
    (MediaFilter(tags_any=("cat", "dog")), "ab"),
    (MediaFilter(tags_all=("cat", "dog")), "b"),
    (MediaFilter(tags_all=("CAT ",)), "ab"),
    (MediaFilter(labels={"site": "example.com"}), "ab"),
    (MediaFilter(labels={"site": "example.com", "size": "0"}), "b"),
    (MediaFilter(labels={"site": "other"}), ""),
    (MediaFilter(attributes={"artist": "Ann"}), "a"),
    (MediaFilter(attributes={"a'b.c[0]": "'x'"}), "b"),
    (MediaFilter(attributes={"artist": "Bob"}), ""),
    (MediaFilter(tags_any=("cat",), public=False, search="sun"), "b"),
]


async def test_filters_find_what_they_say(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        team, other = await teams.find_or_make("t"), await teams.find_or_make("other")
        await blobs.add_reference(SHA, 5)
        hour, png = dt.timedelta(hours=1), Original(Format.PNG, 300, 200)
        small, moving = Original(Format.JPEG, 100, 100), Original(Format.GIF, 400, 300, 5)
        rows = {
            "a": make_media(
                team,
                uid="aaaaaaaaaaaa",
                name="Sunset 100%.jpg",
                public=True,
                original=small,
                bytes=5,
                attributes={"artist": "Ann"},
            ),
            "b": make_media(
                team,
                uid="aaaaaaaaaaab",
                created=NOW - hour,
                caption="at the BEACH, in the sun",
                original=png,
                bytes=20,
                attributes={"a'b.c[0]": "'x'"},
                expires=NOW + 24 * hour,
            ),
            "c": make_media(team, uid="aaaaaaaaaaac", created=NOW - 2 * hour, original=moving, bytes=2**33, name="x-y"),
        }
        foreign = make_media(other, name="sun", public=True)
        for item in (*rows.values(), foreign):
            await media.insert(item)
        for item, tags, labels in (
            (rows["a"], ["cat"], {"site": "example.com"}),
            (rows["b"], ["dog", "cat"], {"site": "example.com", "size": "0"}),
        ):
            await words.set_tags(team.id, item.id, tags)
            await words.set_labels(team.id, item.id, labels)
        await words.set_tags(other.id, foreign.id, ["cat"])
        await words.set_labels(other.id, foreign.id, {"site": "example.com"})
        names = {item.id: name for name, item in rows.items()} | {foreign.id: "FOREIGN"}

        async def found_by(here: Callable[..., media_list.Among], empty: Callable[..., media_list.Among]) -> None:
            for wanted, expected in WANTED:
                found = await media_list.page(here(team, wanted), PageRequest())
                assert sorted(names[item.id] for item in found.items) == sorted(expected), wanted
                assert await media_list.count(here(team, wanted)) == len(expected)
                assert await media_list.count(empty(team, wanted)) == 0

        await found_by(live, trashed)
        assert await words.count_tags(live(team), 10) == [("cat", 2), ("dog", 1)]
        assert await words.labels_of([rows["b"].id]) == {rows["b"].id: {"site": "example.com", "size": "0"}}
        for item in (*rows.values(), foreign):
            await media.set_deleted(item.id, NOW)
        await found_by(trashed, live)
