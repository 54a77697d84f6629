"""REST beside GraphQL: the same list and the same image in both, and what an image costs that the client has already."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.load.client import Load, generate, generators, get, post_json
from tests.load.figures import Report, Row, Tally, count_errors, format_latency, format_ratio, median_rate
from tests.load.lists import fill
from tests.load.photo import make_small
from tests.load.servers import Server, new_installation, tintype
from tests.load.uploading import upload_photo

_SIZE = 50
_CLIENTS = 8
_ROUNDS = 3
_ROUND_SECONDS = 3.0
_WARM_UP_SECONDS = 0.5
_FIELDS = "uid name caption url format width height bytes public createdAt expiresAt tags labels { key value } attributes { key value }"
_LIST = f"{{ mediaList(first: {_SIZE}) {{ nodes {{ {_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}"
_ONE = f"query ($uid: String!) {{ media(by: {{ uid: $uid }}) {{ {_FIELDS} }} }}"


def measure(folder: Path, report: Report) -> None:
    """Four rows."""
    installation = new_installation(folder, "rest")
    asyncio.run(fill(installation.database_url))
    with generators() as pool, tintype(installation) as server:
        path = asyncio.run(upload_photo(server, make_small(folder)))
        loads = _loads(server, path)
        rounds = _compare(pool, server, loads)
    lists, one = rounds[f"mediaList(first: {_SIZE})"], rounds["media(by:)"]
    for what, theirs in (
        (f"GET /v1/media?limit={_SIZE}", lists),
        (f"GET /v1/images?limit={_SIZE}", lists),
        ("GET /v1/images/{id}", one),
        ("304 of an image", None),
    ):
        report.add(_row(what, rounds[what], theirs), rounds[what])
    report.notes.append(
        f"REST: 100,000 rows on SQLite, {_CLIENTS} clients; the peer is GraphQL with the fields that the Image object has, "
        "but for the three sizes."
    )


def _loads(server: Server, path: str) -> dict[str, Load]:
    key = {"Authorization": f"Bearer {server.key}"}
    uid = path.rpartition("/")[2]
    with urllib.request.urlopen(f"{server.url}{path}.png", timeout=30) as response:
        known = {"If-None-Match": response.headers["ETag"]}
    queries = {f"mediaList(first: {_SIZE})": {"query": _LIST}, "media(by:)": {"query": _ONE, "variables": {"uid": uid}}}
    requests = {
        **{what: get(what.removeprefix("GET "), key) for what in _lists()},
        "GET /v1/images/{id}": get(f"/v1/images/{uid}", key),
        **{what: post_json("/graphql", server.key, json.dumps(body).encode()) for what, body in queries.items()},
    }
    loads = {
        what: Load(server.port, request, _CLIENTS, _ROUND_SECONDS, refused=b'"errors"')
        for what, request in requests.items()
    }
    image = Load(server.port, get(f"{path}.png", known), _CLIENTS, _ROUND_SECONDS, good=b"HTTP/1.1 304")
    return loads | {"304 of an image": image}


def _lists() -> Sequence[str]:
    return [f"GET /v1/{name}?limit={_SIZE}" for name in ("media", "images")]


def _compare(pool: ProcessPoolExecutor, server: Server, loads: dict[str, Load]) -> dict[str, list[Tally]]:
    """The rounds of every request, in turns."""
    for load in loads.values():
        generate(pool, Load(server.port, load.request, _CLIENTS, _WARM_UP_SECONDS, good=load.good))
    rounds: dict[str, list[Tally]] = {what: [] for what in loads}
    for _ in range(_ROUNDS):
        for what, load in loads.items():
            rounds[what].append(generate(pool, load))
    return rounds


def _row(what: str, ours: Sequence[Tally], theirs: Sequence[Tally] | None) -> Row:
    return Row(
        what=what,
        figure=f"{median_rate(ours):.0f}/s",
        peer=f"GraphQL {median_rate(theirs):.0f}/s" if theirs else "",
        ratio=format_ratio([tally.rate for tally in ours], [tally.rate for tally in theirs]) if theirs else "",
        latency=format_latency(ours),
        errors=count_errors([*ours, *(theirs or ())]),
    )
