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

from graphql_api.domain.format import Format
from tests.load.asking import BadAnswer, ask_all
from tests.load.bare import Job, bare_pool, render_all
from tests.load.figures import Report, Tally, merge
from tests.load.peers import notes
from tests.load.peers.calibration import HIGHEST, NOMINAL, SAMPLE_WIDTHS, Level, calibrate
from tests.load.peers.contenders import CannotRead, Contender, start_ipx, start_thumbor, start_tintype
from tests.load.peers.install import install_npm, install_thumbor
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
_TURN_SECONDS = 0.8
_MOST_SECONDS = 310.0  # shared out among the rows; past its share a row begins no round but its first
# Below a quarter of the source: past it peers decode four times the pixels, and the samples would not tell how that looks.
_WIDTHS = [width for width in range(560, 680) if width not in SAMPLE_WIDTHS]
_OFFSETS = range(-4, 5)  # of the quality, around the one that was chosen
_WARM_UP_CLIENTS, _WARM_UP_SECONDS = 4, 0.3
_MOST_A_TURN = len(_WIDTHS) * len(_OFFSETS) // (len(_CLIENTS) * _ROUNDS + 1)
_ORDER_SEED = 11

InstalledT = TypeVar("InstalledT")
Turn = Callable[[int, float], Tally]  # so many clients for so many seconds


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is read, and what is made of it."""

    source: Source
    target: Format

    def __str__(self) -> str:
        return f"{self.source.kind.upper()} -> {self.target.name}"


@dataclass(frozen=True, slots=True)
class _Bench:
    """All that is started, and when all rows should be done."""

    folder: Path
    contenders: Sequence[Contender]
    pool: ProcessPoolExecutor
    deadline: float
    report: Report


def measure(folder: Path, report: Report) -> None:
    """A table of its own: a row for each pair of formats."""
    home = folder / "peers"
    pictures = home / "pictures"
    pictures.mkdir(parents=True)
    missing: dict[str, str] = {}
    python = _try(install_thumbor, "thumbor", missing)
    node = _try(lambda: install_npm("ipx"), "ipx", missing)
    sources = make_sources(pictures, python)
    rows: list[PeersRow] = []
    with ExitStack() as stack:
        contenders = [stack.enter_context(start_tintype(home))]
        if node:
            contenders.append(stack.enter_context(start_ipx(home, pictures, node)))
        if python:
            contenders.append(stack.enter_context(start_thumbor(home, pictures, python)))
        memories = stack.enter_context(watch_trees({contender.name: contender.pids for contender in contenders}))
        pool = stack.enter_context(bare_pool())
        bench = _Bench(home, contenders, pool, time.monotonic() + _MOST_SECONDS, report)
        report.notes += notes.before(sources.values(), missing)
        pairs = [_Pair(sources[kind], target) for kind, target in _PAIRS if kind in sources]
        try:
            for place, pair in enumerate(pairs):
                rows.append(_measure_pair(bench, pair, len(pairs) - place))
        finally:  # whatever breaks off, the rows that are there still count
            report.tables += [format_peers(rows, _CLIENTS), format_nominal(rows)] if rows else []
    report.notes += notes.after(memories, _ROUNDS, _TURN_SECONDS)


def _try(install: Callable[[], InstalledT], name: str, missing: dict[str, str]) -> InstalledT | None:
    try:
        return install()
    except MissingPeer as error:
        missing[name] = str(error)
        return None


def _measure_pair(bench: _Bench, pair: _Pair, left: int) -> PeersRow:
    """One row, in its share of the time that this and the other rows that are `left` still have."""
    deadline = time.monotonic() + (bench.deadline - time.monotonic()) / left
    nominal = NOMINAL[pair.target]
    entries: list[Entry] = []
    sides: list[tuple[Entry, Turn]] = []
    for contender in bench.contenders:
        level = _calibrate(bench.report, pair, contender, entries[0].level if entries else None)
        entries.append(Entry(contender.name, nominal, level))
        if level:
            sides.append((entries[-1], _turn(pair, contender, level.asked)))
    entries.append(Entry("bare libvips", nominal))
    sides.append((entries[-1], _bare_turn(bench, pair)))
    for _, turn in sides:
        turn(_WARM_UP_CLIENTS, _WARM_UP_SECONDS)
    _measure_in_turns(sides, deadline)
    for entry, complaint in _complaints(entries):
        bench.report.notes.append(f"{pair}, {entry.name}: the first error was: {complaint}")
    return PeersRow(str(pair), entries)


def _calibrate(report: Report, pair: _Pair, contender: Contender, ours: Level | None) -> Level | None:
    """The quality at which it looks as good as Tintype, which is asked first; None when it cannot do it at all."""
    try:
        level = calibrate(contender, pair.source, pair.target, ours.quality.ssim if ours else None)
    except (CannotRead, BadAnswer) as error:
        report.notes.append(f"{pair}: not by {contender.name}, which says: {' '.join(str(error).split())[:200]}")
        return None
    if not level.reached:
        report.notes.append(
            f"{pair}: {contender.name} looks worse than Tintype at any quality up to {HIGHEST}; timed at {level.asked}."
        )
    return level


def _turn(pair: _Pair, contender: Contender, quality: int) -> Turn:
    questions = (contender.question(pair.source, pair.target, width, quality + offset) for width, offset in _distinct())
    return lambda clients, seconds: ask_all(itertools.islice(questions, _MOST_A_TURN), clients, seconds)


def _bare_turn(bench: _Bench, pair: _Pair) -> Turn:
    source, target = pair.source, pair.target
    jobs = (
        Job(source.path, source.format, source.size, width, NOMINAL[target] + offset, target, written)
        for width, offset in _distinct()
        for written in [bench.folder / f"bare-{width}{offset:+}.{target}"]
    )
    return lambda clients, seconds: render_all(bench.pool, itertools.islice(jobs, _MOST_A_TURN), clients, seconds)


def _distinct() -> Iterator[tuple[int, int]]:
    """Every width with every quality around the chosen one, in the same order for all: nothing is asked for twice."""
    pairs = list(itertools.product(_WIDTHS, _OFFSETS))
    random.Random(_ORDER_SEED).shuffle(pairs)
    return iter(pairs)


def _measure_in_turns(sides: Sequence[tuple[Entry, Turn]], deadline: float) -> None:
    """All rounds, or as many as there is time for; one at least."""
    for number in range(_ROUNDS):
        if number and time.monotonic() > deadline:
            return
        for clients in _CLIENTS:
            # Who goes first changes, so that nobody always meets the same neighbour's leftovers.
            for entry, turn in sides[:: 1 if number % 2 else -1]:
                entry.rounds.setdefault(clients, []).append(turn(clients, _TURN_SECONDS))


def _complaints(entries: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    for entry in entries:
        rounds = [tally for tallies in entry.rounds.values() for tally in tallies]
        if rounds and (complaint := merge(rounds).complaint):
            yield entry, " ".join(complaint.split())
