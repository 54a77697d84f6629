"""GraphQL: requests for each second of the server's processor time, against other servers, ORM objects, and plain lists.

Processor time, because a server that waits for a client or a database is not slow, and because other programs on the
machine take from both sides of a ratio.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import strawberry

from tests.load.client import Load, generate, generators, post_json
from tests.load.figures import Report, Tally, count_errors, format_columns, format_ratio, median_rate
from tests.load.graphql import static
from tests.load.lists import fill
from tests.load.peers.install import install_npm
from tests.load.processes import cpu_seconds
from tests.load.running import free_port, listens, running, wait_until
from tests.load.servers import Installation, MissingPeer, Server, new_installation, postgres, tintype

_ROOT = Path(__file__).parents[3]
_PEERS = _ROOT / "tests" / "load" / "peers" / "graphql"
_NAMES = {
    "yoga": "graphql-yoga",
    "apollo": "Apollo Server",
    "mercurius": "mercurius",
    "mercurius-jit": "mercurius, jit",
}
_CLIENTS = 8
_ROUNDS = 4
_ROUND_SECONDS = 1.5
_WARM_UP_SECONDS = 2.0  # (V8 compiles what runs often)
_FIELDS = "id uid name url format width height bytes public createdAt"
_LIST = "{ mediaList(first: 50) { nodes { %s } pageInfo { hasNextPage endCursor } } }"
_OF_MEDIA = {
    "the list": "",
    "with rendition": " rendition(transform: { width: 640, format: WEBP }) { url width height }",
    "with responsive": " responsive(transform: { width: 640 }) { src srcSet sizes sources { type srcSet } }",
}


@dataclass(slots=True)
class Side:
    """A server, what it is asked, and what came of it: good answers for each second of its processor time."""

    name: str
    server: Server
    body: bytes
    rounds: list[Tally] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rates)


def measure(folder: Path, report: Report) -> None:
    """Three tables: the same static page of six servers; pages of two databases; what is planned for each image."""
    with generators() as pool:
        _measure_static(folder, report, pool)
        _measure_rows(folder, report, pool, new_installation(folder, "graphql-sqlite"), "SQLite")
        try:
            with postgres(folder) as url:
                _measure_rows(folder, report, pool, new_installation(folder, "graphql-postgres", url), "PostgreSQL")
        except MissingPeer as error:
            report.notes.append(str(error))


# --- static data


def _measure_static(folder: Path, report: Report, pool: ProcessPoolExecutor) -> None:
    with ExitStack() as stack:
        home = folder / "graphql-static"
        home.mkdir()
        sides = [Side("Strawberry, stock", stack.enter_context(_python(home, "stock", {})), static.BODY)]
        try:
            sides += [Side(_NAMES[name], stack.enter_context(_node(home, name)), static.BODY) for name in _NAMES]
        except MissingPeer as error:
            report.notes.append(str(error))
        environment = new_installation(home, "tintype").environment
        sides.append(Side("Tintype", stack.enter_context(_python(home, "tintype", environment)), static.BODY))
        _check_same(sides)
        _compare(pool, sides)
    against = {"stock": sides[0]}
    if len(sides) > len(_NAMES):
        against["yoga"] = sides[1]
    _add_table(report, "50 media in memory", sides, against)


def _check_same(sides: Sequence[Side]) -> None:
    """Whether all answer the same data: who leaves something out is fast."""
    answers = [json.loads(_ask(side))["data"] for side in sides]
    for answer in answers:
        for edge in answer["mediaList"]["edges"]:
            edge["node"]["createdAt"] = edge["node"]["createdAt"][:19]  # JavaScript has no microseconds
    if any(answer != answers[0] for answer in answers):
        raise RuntimeError("the servers do not answer the same")


@contextmanager
def _python(folder: Path, name: str, environment: Mapping[str, str]) -> Iterator[Server]:
    home, port = folder / f"python-{name}", free_port()
    home.mkdir()
    command = [sys.executable, "-m", "tests.load.graphql.serve", name, str(port)]
    variables = {**(environment or os.environ), "PYTHONPATH": str(_ROOT)}
    with running(command, home, environment=variables) as process:
        wait_until(process, home, lambda: listens(port))
        yield Server(port, process.pid)


@contextmanager
def _node(folder: Path, name: str) -> Iterator[Server]:
    node = install_npm("graphql")
    home, port = folder / f"node-{name}", free_port()
    home.mkdir()
    (home / "schema.graphql").write_text(strawberry.Schema(static.Query).as_str())
    (home / "data.json").write_text(static.data())
    command = [str(node.program), str(_PEERS / "serve.mjs"), name, str(port)]
    command += [str(home / "schema.graphql"), str(home / "data.json")]
    with running(command, home, environment={**node.environment, "NODE_ENV": "production"}) as process:
        wait_until(process, home, lambda: listens(port))
        yield Server(port, process.pid)


# --- rows


def _measure_rows(
    folder: Path, report: Report, pool: ProcessPoolExecutor, installation: Installation, database: str
) -> None:
    asyncio.run(fill(installation.database_url))
    with tintype(installation) as server:
        home = folder / f"graphql-rows-{database}"
        home.mkdir()
        bodies = {name: _body(_FIELDS + more) for name, more in _OF_MEDIA.items()}
        ours = [Side(f"Tintype, {name}", server, body) for name, body in bodies.items()]
        with _python(home, "rows", installation.environment) as stock:
            theirs = Side("Strawberry and ORM objects, the list", stock, bodies["the list"])
            _compare(pool, [theirs, *ours])
    _add_table(
        report, f"50 of 100,000 media on {database}", [theirs, *ours], {"ORM objects": theirs, "the list": ours[0]}
    )


def _body(fields: str) -> bytes:
    return json.dumps({"query": _LIST % fields}).encode()


# --- measuring


def _ask(side: Side) -> bytes:
    headers = {"Content-Type": "application/json"}
    if side.server.key:
        headers["Authorization"] = f"Bearer {side.server.key}"
    request = urllib.request.Request(f"{side.server.url}/graphql", side.body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: bytes = response.read()
        return answer


def _compare(pool: ProcessPoolExecutor, sides: Sequence[Side]) -> None:
    for side in sides:
        generate(pool, _load(side, _WARM_UP_SECONDS))
    for _ in range(_ROUNDS):
        for side in sides:
            before = cpu_seconds(side.server.pid)
            tally = generate(pool, _load(side, _ROUND_SECONDS))
            side.rounds.append(tally)
            side.rates.append(len(tally.latencies) / (cpu_seconds(side.server.pid) - before))


def _load(side: Side, seconds: float) -> Load:
    request = post_json("/graphql", side.server.key, side.body)
    return Load(side.server.port, request, _CLIENTS, seconds, refused=b'"errors"')


def _add_table(report: Report, title: str, sides: Sequence[Side], against: Mapping[str, Side]) -> None:
    head = [f"GraphQL, {title}", "requests a CPU second", *(f"x {name}" for name in against), "requests/s", "errors"]
    lines = [head]
    for side in sides:
        ratios = [format_ratio(side.rates, other.rates) for other in against.values()]
        lines.append(
            [side.name, f"{side.rate:.0f}", *ratios, f"{median_rate(side.rounds):.0f}", count_errors(side.rounds)]
        )
        if complaint := next((tally.complaint for tally in side.rounds if tally.complaint), ""):
            report.notes.append(f"{side.name}: the first error was: {' '.join(complaint.split())}")
    report.tables.append(format_columns(lines))
