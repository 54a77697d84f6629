"""Cache misses over HTTP beside ipx and thumbor: the same picture, the same sizes, renditions that look equally good.

Every server has as many processes for images as the machine has cores, and all are measured in turns within one run.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from graphql_api.domain.media import Format
from tests.load.asking import BadAnswer, ask_all
from tests.load.bare import Job, bare_pool, reads_heic, render_all
from tests.load.figures import Report, Tally, merge
from tests.load.peers import notes
from tests.load.peers.calibration import NOMINAL, SAMPLE_WIDTHS, Level, calibrate
from tests.load.peers.contenders import CannotRead, Contender, start_ipx, start_thumbor, start_tintype
from tests.load.peers.install import install_ipx, install_thumbor
from tests.load.peers.sources import Source, make_sources
from tests.load.peers.table import Entry, PeersRow, format_nominal, format_peers
from tests.load.processes import watch_trees
from tests.load.servers import MissingPeer

_PAIRS = (
    ("jpg", Format.JPEG),
    ("jpg", Format.WEBP),
    ("jpg", Format.AVIF),
    ("png", Format.WEBP),
    ("webp", Format.WEBP),
    ("avif", Format.AVIF),
    ("heic", Format.JPEG),
)
_CLIENTS = (1, 4, 16)
_ROUNDS = 3
_TURN_SECONDS = 0.9
_MOST_SECONDS = 330.0  # past it no round is begun
_WIDTHS = [width for width in range(580, 701) if width not in SAMPLE_WIDTHS]
_OFFSETS = range(-4, 5)  # of the quality, around the one that was chosen
_WARM_UP_CLIENTS, _WARM_UP_SECONDS = 4, 0.3
_MOST_A_TURN = len(_WIDTHS) * len(_OFFSETS) // (len(_CLIENTS) * _ROUNDS + 1)
_ORDER_SEED = 11

InstalledT = TypeVar("InstalledT")
Turn = Callable[[int, float], Tally]  # so many clients for so many seconds


@dataclass(frozen=True, slots=True)
class _Bench:
    """All that is started, and until when rounds may begin."""

    folder: Path
    contenders: Sequence[Contender]
    pool: ProcessPoolExecutor
    deadline: float
    report: Report


def measure(folder: Path, report: Report) -> None:
    """A table of its own: a row for each pair of formats."""
    started = time.monotonic()
    home = folder / "peers"
    pictures = home / "pictures"
    pictures.mkdir(parents=True)
    missing: dict[str, str] = {}
    python = _try(install_thumbor, "thumbor", missing)
    node = _try(install_ipx, "ipx", missing)
    sources = make_sources(pictures, python)
    with ExitStack() as stack:
        contenders = [stack.enter_context(start_tintype(home))]
        if node:
            contenders.append(stack.enter_context(start_ipx(home, pictures, node)))
        if python:
            contenders.append(stack.enter_context(start_thumbor(home, pictures, python)))
        memories = stack.enter_context(watch_trees({contender.name: contender.pid for contender in contenders}))
        pool = stack.enter_context(bare_pool())
        bench = _Bench(home, contenders, pool, started + _MOST_SECONDS, report)
        report.notes += notes.before(sources.values(), missing)
        rows = [_measure_pair(bench, sources[kind], target) for kind, target in _PAIRS if kind in sources]
    report.tables += [format_peers(rows, _CLIENTS), format_nominal(rows)]
    report.notes += notes.after(memories, _ROUNDS, _TURN_SECONDS)


def _try(install: Callable[[], InstalledT], name: str, missing: dict[str, str]) -> InstalledT | None:
    try:
        return install()
    except MissingPeer as error:
        missing[name] = str(error)
        return None


def _measure_pair(bench: _Bench, source: Source, target: Format) -> PeersRow:
    what = f"{source.kind.upper()} -> {target.name}"
    sides: list[tuple[Entry, Turn]] = []
    entries: list[Entry] = []
    for contender in bench.contenders:
        level = _calibrate(bench.report, what, contender, source, target, entries)
        entries.append(Entry(contender.name, NOMINAL[target], level))
        if level:
            sides.append((entries[-1], _turn(contender, source, target, level.asked)))
    entries.append(Entry("bare libvips", NOMINAL[target]))
    if source.format or reads_heic():
        sides.append((entries[-1], _bare_turn(bench, source, target)))
    for _, turn in sides:
        turn(_WARM_UP_CLIENTS, _WARM_UP_SECONDS)
    for clients in _CLIENTS:
        _measure_in_turns(bench, sides, clients)
    bench.report.notes += [
        f"{what}, {entry.name}: the first error was: {complaint}" for entry, complaint in _complaints(entries)
    ]
    return PeersRow(what, entries)


def _calibrate(
    report: Report, what: str, contender: Contender, source: Source, target: Format, before: Sequence[Entry]
) -> Level | None:
    """The quality at which it looks as good as Tintype, which is asked first; None when it cannot do it at all."""
    ours = before[0].level if before else None
    try:
        level = calibrate(contender, source, target, ours.quality.ssim if ours else None)
    except (CannotRead, BadAnswer) as error:
        report.notes.append(f"{what}: not by {contender.name}, which says: {' '.join(str(error).split())[:200]}")
        return None
    if not level.reached:
        report.notes.append(
            f"{what}: {contender.name} looks worse than Tintype at any quality; timed at {level.asked}."
        )
    return level


def _turn(contender: Contender, source: Source, target: Format, quality: int) -> Turn:
    questions = (contender.question(source, target, width, quality + offset) for width, offset in _distinct())
    return lambda clients, seconds: ask_all(itertools.islice(questions, _MOST_A_TURN), clients, seconds)


def _bare_turn(bench: _Bench, source: Source, target: Format) -> Turn:
    written = bench.folder / f"bare.{target}"
    jobs = (
        Job(source.path, source.format, source.size, width, NOMINAL[target] + offset, target, written)
        for width, offset in _distinct()
    )
    return lambda clients, seconds: render_all(bench.pool, itertools.islice(jobs, _MOST_A_TURN), clients, seconds)


def _distinct() -> Iterator[tuple[int, int]]:
    """Every width with every quality around the chosen one, in the same order for all: nothing is asked for twice."""
    pairs = list(itertools.product(_WIDTHS, _OFFSETS))
    random.Random(_ORDER_SEED).shuffle(pairs)
    return iter(pairs)


def _measure_in_turns(bench: _Bench, sides: Sequence[tuple[Entry, Turn]], clients: int) -> None:
    for number in range(_ROUNDS):
        if time.monotonic() > bench.deadline:
            return
        # Who goes first changes, so that nobody always meets the same neighbour's leftovers.
        for entry, turn in sides[:: 1 if number % 2 else -1]:
            entry.rounds.setdefault(clients, []).append(turn(clients, _TURN_SECONDS))


def _complaints(entries: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    for entry in entries:
        rounds = [tally for tallies in entry.rounds.values() for tally in tallies]
        if rounds and (complaint := merge(rounds).complaint):
            yield entry, " ".join(complaint.split())
