"""The benchmark suite behind `make bench`: figures and ratios side by side, never a verdict.

`python -m tests.load` measures everything, `python -m tests.load misses hits` those rows alone. It talks to loopback
only and ends what it has started. `peers` installs what it needs into folders of its own, pinned by hash; nothing else
installs anything, and peers that are missing are named in the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import pyvips

from tests.load import hits, lists, misses, rest, uploads
from tests.load.figures import Report, Row, format_table
from tests.load.graphql import measure as graphql
from tests.load.peers import measure as peers
from tests.load.servers import MissingPeer, find_nginx, find_postgres

_MOST_SECONDS = 20 * 60  # whatever hangs, the suite does not
_MEASUREMENTS: dict[str, Callable[[Path, Report], None]] = {
    "misses": misses.measure,
    "hits": hits.measure,
    "lists": lists.measure,
    "rest": rest.measure,
    "uploads": uploads.measure,
    "graphql": graphql.measure,
    "peers": peers.measure,
}


def main() -> int:
    """Measure what is named, or everything; 1 when a measurement broke off."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="Tintype's benchmarks.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(_MEASUREMENTS)}; all unless given")
    names: list[str] = parser.parse_args().rows or list(_MEASUREMENTS)
    if unknown := [name for name in names if name not in _MEASUREMENTS]:
        parser.error(f"no such row: {', '.join(unknown)}")
    # Both end as Ctrl-C does: every server is ended on the way out.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    signal.alarm(_MOST_SECONDS)
    try:
        return _measure_all(names)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _measure_all(names: Sequence[str]) -> int:
    started = time.monotonic()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tintype-bench-") as folder:
        for name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            _measure(name, Path(folder), report)
    tables = [*([format_table(report.rows)] if report.rows else []), *report.tables]
    print(f"\n{_machine()}\n\n" + "\n\n".join(tables) + "\n")
    for note in report.notes:
        print(f"- {note}")
    print(f"- {time.monotonic() - started:.0f} s in all; ratios are medians of rounds measured in turns.")
    return int(any(row.errors == "failed" for row in report.rows))


def _measure(name: str, folder: Path, report: Report) -> None:
    """The measurement; one that breaks off leaves what it had and a line that says so, and the others go on."""
    try:
        _MEASUREMENTS[name](folder, report)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other measurements still count
        traceback.print_exc()
        report.rows.append(Row(what=name, errors="failed"))
        report.notes.append(f"{name} broke off: {error!r}")


def _machine() -> str:
    versions = [
        f"Python {platform.python_version()}",
        "libvips " + ".".join(str(pyvips.version(place)) for place in range(3)),
        _version(find_nginx, "-v"),
        _version(lambda: str(find_postgres() / "postgres"), "--version"),
    ]
    return f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}\n{'; '.join(versions)}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(find: Callable[[], str], option: str) -> str:
    try:
        done = subprocess.run([find(), option], capture_output=True, text=True, timeout=10, check=True)
    except MissingPeer as error:
        return str(error)
    return (done.stdout or done.stderr).strip()


if __name__ == "__main__":
    sys.exit(main())
