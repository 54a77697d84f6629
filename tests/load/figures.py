"""What a measurement says: latencies, rates, and the lines of the table that they end in."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_SMALL = 0.1  # below it a ratio is told with more digits


@dataclass(frozen=True, slots=True)
class Tally:
    """What a client saw in one round: seconds, the latency of every good answer in seconds, how many were not good.

    `complaint` is what the first that was not good said.
    """

    seconds: float
    latencies: Sequence[float]
    errors: int = 0
    client_cpu: float = 0.0
    complaint: str = ""

    @property
    def rate(self) -> float:
        """Good answers per second."""
        return len(self.latencies) / self.seconds


def merge(tallies: Iterable[Tally]) -> Tally:
    """Clients that ran side by side, as one."""
    each = list(tallies)
    return Tally(
        seconds=max(tally.seconds for tally in each),
        latencies=[latency for tally in each for latency in tally.latencies],
        errors=sum(tally.errors for tally in each),
        client_cpu=sum(tally.client_cpu for tally in each),
        complaint=next((tally.complaint for tally in each if tally.complaint), ""),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; a field that a measurement does not have is empty."""

    what: str
    figure: str = ""
    peer: str = ""
    ratio: str = ""
    aim: str = ""
    latency: str = ""
    errors: str = ""


@dataclass(slots=True)
class Report:
    """Lines of the table, and what must be known to read them."""

    rows: list[Row] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)  # of measurements that have other columns
    notes: list[str] = field(default_factory=list)

    def add(self, row: Row, rounds: Sequence[Tally]) -> None:
        """A line, and what its first error said, if there was one."""
        self.rows.append(row)
        if complaint := merge(rounds).complaint:
            self.notes.append(f"{row.what}: the first error was: {' '.join(complaint.split())}")


def median_rate(rounds: Sequence[Tally]) -> float:
    """The median of the rounds' rates."""
    return statistics.median(tally.rate for tally in rounds)


def format_ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The median of the ratios round by round, in which the machine's noise cancels, and how far they lie apart."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True) if other]
    if not ratios:
        return "-"
    middle = statistics.median(ratios)
    digits = 2 if middle >= _SMALL else 4
    return f"{middle:.{digits}f} ({min(ratios):.{digits}f}-{max(ratios):.{digits}f})"


def format_latency(rounds: Sequence[Tally]) -> str:
    """p50 / p95 over all rounds, in milliseconds."""
    latencies = [latency for tally in rounds for latency in tally.latencies]
    return f"{percentile(latencies, 50) * 1000:.1f} / {percentile(latencies, 95) * 1000:.1f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many per cent lie; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def count_errors(rounds: Sequence[Tally]) -> str:
    """All rounds' errors."""
    return str(sum(tally.errors for tally in rounds))


def format_table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    head = Row("what", "Tintype", "peer", "ratio (range)", "aim", "p50 / p95 ms", "errors")
    return format_columns([_cells(row) for row in (head, *rows)])


def format_columns(lines: Sequence[Sequence[str]]) -> str:
    """A table, its head first, every column as wide as it must be."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([texts[0], "  ".join("-" * width for width in widths), *texts[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    return (row.what, row.figure, row.peer, row.ratio, row.aim, row.latency, row.errors)
