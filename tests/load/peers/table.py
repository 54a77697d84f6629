"""The lines of the tables of peers: one for each server in each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.load.figures import Tally, count_errors, format_columns, format_latency, format_ratio, median_rate
from tests.load.peers.calibration import Level
from tests.load.peers.quality import Quality

_HEAD = (
    "cache miss, 640 px",
    "clients",
    "server",
    "rendered",
    "Tintype is (range)",
    "p50 / p95 ms",
    "errors",
    "q",
    "KB",
    "SSIM",
    "PSNR",
)
_NOMINAL_HEAD = ("same nominal quality", "server", "q", "KB", "SSIM", "PSNR")


@dataclass(frozen=True, slots=True)
class Entry:
    """A server in a row: the quality that it was timed at, and its rounds for each number of clients.

    One that cannot do it has neither; bare libvips has Tintype's quality and says none.
    """

    name: str
    nominal: int
    level: Level | None = None
    rounds: dict[int, list[Tally]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PeersRow:
    """A source and a target, and all who were asked for it; Tintype comes first."""

    what: str
    entries: Sequence[Entry]


def format_peers(rows: Sequence[PeersRow], clients: Sequence[int]) -> str:
    """A block of lines for each row and number of clients."""
    lines: list[Sequence[str]] = [_HEAD]
    for row in rows:
        ours = row.entries[0]
        for count in clients:
            for entry in row.entries:
                start = (row.what, str(count)) if entry is ours else ("", "")
                lines.append((*start, entry.name, *_speed(entry, ours, count), *_quality(entry.level)))
    return format_columns(lines)


def _speed(entry: Entry, ours: Entry, clients: int) -> tuple[str, ...]:
    rounds = entry.rounds.get(clients)
    if not rounds:
        return ("-", "", "", "")
    return (f"{median_rate(rounds):.1f}/s", _ratio(entry, ours, clients), format_latency(rounds), count_errors(rounds))


def _ratio(entry: Entry, ours: Entry, clients: int) -> str:
    if entry is ours or clients not in ours.rounds:
        return ""
    rates = [[tally.rate for tally in side.rounds[clients]] for side in (ours, entry)]
    return f"{format_ratio(*rates)} x"


def _quality(level: Level | None) -> tuple[str, ...]:
    return (str(level.asked), *_looks(level.quality)) if level else ("", "", "", "")


def _looks(quality: Quality) -> tuple[str, ...]:
    return (f"{quality.bytes / 1000:.1f}", f"{quality.ssim:.4f}", f"{quality.psnr:.2f}")


def format_nominal(rows: Sequence[PeersRow]) -> str:
    """What each server makes of the same quality."""
    lines: list[Sequence[str]] = [_NOMINAL_HEAD]
    for row in rows:
        for place, entry in enumerate(entry for entry in row.entries if entry.level):
            assert entry.level
            start = "" if place else row.what
            lines.append((start, entry.name, str(entry.nominal), *_looks(entry.level.nominal)))
    return format_columns(lines)
