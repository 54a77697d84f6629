"""Cache hits: one stored rendition over and over, against nginx with the same bytes in a file."""

from __future__ import annotations

import asyncio
import statistics
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.load.client import Load, generate, generators, get
from tests.load.figures import Report, Row, Tally, count_errors, format_latency, format_ratio, median_rate
from tests.load.photo import take_photo
from tests.load.processes import cpu_seconds
from tests.load.servers import MissingPeer, Server, new_installation, nginx, tintype
from tests.load.uploading import upload_photo

_CONNECTIONS = 16
_ROUNDS = 4
_ROUND_SECONDS = 3.0
_WARM_UP_SECONDS = 0.5
_NAME = "rendition.webp"


@dataclass(slots=True)
class Side:
    """A server, what it is asked, and what came of it; `cpu` is its processor time for each good answer, in seconds."""

    server: Server
    path: str
    rounds: list[Tally]
    cpu: list[float]


def measure(folder: Path, report: Report) -> None:
    """One row; without nginx half of it."""
    with ExitStack() as stack:
        pool = stack.enter_context(generators())
        server = stack.enter_context(tintype(new_installation(folder, "hits")))
        path = f"{asyncio.run(upload_photo(server, take_photo(folder)))}.webp?w=640"
        root = folder / "hits" / "root"
        root.mkdir()
        size = _fetch(f"{server.url}{path}", root / _NAME)
        ours, theirs = Side(server, path, [], []), None
        missing = ""
        try:
            theirs = Side(stack.enter_context(nginx(folder, root)), f"/{_NAME}", [], [])
        except MissingPeer as error:
            missing = str(error)
        _compare(pool, [side for side in (ours, theirs) if side])
    report.add(_row(ours, theirs, missing), [*ours.rounds, *(theirs.rounds if theirs else ())])
    report.notes.append(_note(ours, theirs, size))


def _fetch(url: str, target: Path) -> int:
    """Have the rendition made, and keep it; its size in bytes."""
    with urllib.request.urlopen(url, timeout=60) as response:
        return target.write_bytes(response.read())


def _compare(pool: ProcessPoolExecutor, sides: Sequence[Side]) -> None:
    for side in sides:
        generate(pool, _load(side, _WARM_UP_SECONDS))
    for _ in range(_ROUNDS):
        for side in sides:
            before = cpu_seconds(side.server.pid)
            tally = generate(pool, _load(side, _ROUND_SECONDS))
            side.rounds.append(tally)
            side.cpu.append((cpu_seconds(side.server.pid) - before) / max(1, len(tally.latencies)))


def _load(side: Side, seconds: float) -> Load:
    return Load(side.server.port, get(side.path), _CONNECTIONS, seconds)


def _row(ours: Side, theirs: Side | None, missing: str) -> Row:
    return Row(
        what="cache hit, a stored 640 px WEBP",
        figure=f"{median_rate(ours.rounds):.0f}/s",
        peer=f"nginx {median_rate(theirs.rounds):.0f}/s" if theirs else missing,
        ratio=_ratio(ours, theirs, lambda side: [tally.rate for tally in side.rounds]),
        latency=format_latency(ours.rounds),
        errors=count_errors([*ours.rounds, *(theirs.rounds if theirs else ())]),
    )


def _ratio(ours: Side, theirs: Side | None, of: Callable[[Side], Sequence[float]]) -> str:
    return format_ratio(of(ours), of(theirs)) if theirs else ""


def _note(ours: Side, theirs: Side | None, size: int) -> str:
    """A client that has no time left flatters the slower server: so the servers' own time is told as well."""
    sides = [("Tintype", ours), *([("nginx", theirs)] if theirs else [])]
    spent = ", ".join(f"{name} {statistics.median(side.cpu) * 1e6:.0f} us" for name, side in sides)
    busy = ", ".join(f"{name} {_busy(side.rounds):.0%}" for name, side in sides)
    return (
        f"Hits: {size} bytes, {_CONNECTIONS} keep-alive connections, own asyncio client; processor time a hit: {spent} "
        f"(imaging workers aside); the client's core was busy: {busy}."
    )


def _busy(rounds: Sequence[Tally]) -> float:
    return sum(tally.client_cpu for tally in rounds) / sum(tally.seconds for tally in rounds)
