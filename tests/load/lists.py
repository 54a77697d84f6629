"""Lists: a page of 50 media with ten fields each, the first and the thousandth of 100,000 rows, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import asyncpg

from graphql_api.db import teams
from graphql_api.db.database import is_sqlite, open_database
from graphql_api.db.models import Blob, Media
from graphql_api.domain.ids import new_uid
from graphql_api.domain.page import Cursor
from tests.load.client import Load, generate, generators, post_json
from tests.load.figures import Report, Row, Tally, count_errors, format_latency, format_ratio, median_rate, percentile
from tests.load.servers import TEAM, Installation, MissingPeer, Server, new_installation, postgres, tintype

_ROWS = 100_000
_BATCH = 1_000
_SIZE = 50
_DEEP = 1_000  # which page is the deep one
_CLIENTS = 8
_ROUNDS = 4
_ROUND_SECONDS = 3.0
_WARM_UP_SECONDS = 0.5
_NEWEST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_STEP = dt.timedelta(seconds=37, microseconds=1)
_SHA256 = "b" * 64
_QUERY = """query Page($after: String) {
  mediaList(first: 50, after: $after) {
    nodes { id uid name url format width height bytes public createdAt }
    pageInfo { hasNextPage endCursor }
  }
}"""


def measure(folder: Path, report: Report) -> None:
    """Two rows for each database."""
    with generators() as pool:
        _measure(report, pool, new_installation(folder, "lists"), "SQLite")
        try:
            with postgres(folder) as url:
                _measure(report, pool, new_installation(folder, "lists-postgres", url), "PostgreSQL")
        except MissingPeer as error:
            report.rows.append(Row(what="mediaList on PostgreSQL", peer=str(error)))


def _measure(report: Report, pool: ProcessPoolExecutor, installation: Installation, database: str) -> None:
    deep = asyncio.run(fill(installation.database_url))
    with tintype(installation) as server:
        bodies = [_body(None), _body(deep)]
        _check_depth(server, bodies[1], deep)
        rounds = _compare(pool, server, bodies)
    first, thousandth = rounds
    report.add(_row(f"mediaList(first: {_SIZE}), page 1, {database}", first), first)
    report.add(_row(f"mediaList(first: {_SIZE}), page {_DEEP:,}, {database}", thousandth, than=first), thousandth)
    report.notes.append(
        f"Lists on {database}: {_ROWS:,} rows, {_CLIENTS} clients; the ratio is of the median latencies."
    )


# --- rows


async def fill(url: str) -> Cursor:
    """Write 100,000 rows into a migrated database; the position after which the deep page begins."""
    async with open_database(url):
        team = await teams.find_or_make(TEAM)
        await Blob.create(sha256=_SHA256, size=1_000_000, refs=_ROWS)
        places = list(_places())
        for start in range(0, _ROWS, _BATCH):
            await Media.bulk_create([_media(team.id, *place) for place in places[start : start + _BATCH]])
        if not is_sqlite(url):
            await _vacuum(url)
    created_at, media_id = places[(_DEEP - 1) * _SIZE - 1]
    return Cursor(created_at, media_id)


async def _vacuum(url: str) -> None:
    """What PostgreSQL's own housekeeping would do within a minute, in the middle of the measurement."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _places() -> Iterator[tuple[dt.datetime, uuid.UUID]]:
    """Times, newest first, and ids."""
    return ((_NEWEST - _STEP * number, uuid.uuid4()) for number in range(_ROWS))


def _media(team_id: int, created_at: dt.datetime, media_id: uuid.UUID) -> Media:
    return Media(
        id=media_id,
        uid=new_uid(),
        team_id=team_id,
        blob_id=_SHA256,
        name=f"IMG_{media_id.hex[:8]}.jpg",
        public=True,
        format="jpg",
        width=4160,
        height=3120,
        frames=1,
        has_alpha=False,
        bytes=3_500_000,
        created_at=created_at,
        updated_at=created_at,
    )


# --- requests


def _body(after: Cursor | None) -> bytes:
    return json.dumps({"query": _QUERY, "variables": {"after": after.format() if after else None}}).encode()


def _check_depth(server: Server, body: bytes, after: Cursor) -> None:
    """Whether the deep page is full and the right one: a wrong cursor would measure an empty list."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.key}"}
    request = urllib.request.Request(f"{server.url}/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        nodes = json.load(response)["data"]["mediaList"]["nodes"]
    newest = dt.datetime.fromisoformat(nodes[0]["createdAt"])
    if len(nodes) != _SIZE or newest != _NEWEST - _STEP * ((_DEEP - 1) * _SIZE):
        raise RuntimeError(f"page {_DEEP} is not the one that was asked for: {len(nodes)} nodes from {newest} on")


def _compare(pool: ProcessPoolExecutor, server: Server, bodies: Sequence[bytes]) -> list[list[Tally]]:
    """The rounds of every body, in turns."""
    loads = [post_json("/graphql", server.key, body) for body in bodies]
    for load in loads:
        generate(pool, _load(server, load, _WARM_UP_SECONDS))
    rounds: list[list[Tally]] = [[] for _ in loads]
    for _ in range(_ROUNDS):
        for load, tallies in zip(loads, rounds, strict=True):
            tallies.append(generate(pool, _load(server, load, _ROUND_SECONDS)))
    return rounds


def _load(server: Server, request: bytes, seconds: float) -> Load:
    return Load(server.port, request, _CLIENTS, seconds, refused=b'"errors"')


def _row(what: str, rounds: Sequence[Tally], *, than: Sequence[Tally] | None = None) -> Row:
    return Row(
        what=what,
        figure=f"{median_rate(rounds):.0f}/s",
        peer=f"page 1 {median_rate(than):.0f}/s" if than else "",
        ratio=format_ratio(_medians(rounds), _medians(than)) if than else "",
        aim="<= 1.3" if than else "",
        latency=format_latency(rounds),
        errors=count_errors(rounds),
    )


def _medians(rounds: Sequence[Tally]) -> list[float]:
    return [percentile(tally.latencies, 50) for tally in rounds]
