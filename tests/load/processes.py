"""What Linux tells of a running process: its memory, and the processor time that it and its children have taken."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.02
_TREE_SAMPLE_SECONDS = 0.25  # PSS is summed up page by page while the process waits
_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12  # fields of /proc/<pid>/stat, counted from the one behind the command's name


@dataclass(slots=True)
class Memory:
    """Bytes of a process: before, and the most seen since."""

    before: int
    peak: int

    @property
    def growth(self) -> int:
        """By how much it grew."""
        return self.peak - self.before


@contextmanager
def watch_memory(pid: int) -> Iterator[Memory]:
    """Look every 20 ms, in a thread; the figure is complete when the context has ended."""
    memory = Memory(_resident(pid), 0)
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            memory.peak = max(memory.peak, _resident(pid))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def watch_trees(trees: Mapping[str, Sequence[int]]) -> Iterator[dict[str, Memory]]:
    """For each name the PSS of its processes with all their descendants, four times a second, until the context ends.

    PSS shares a page out among those who have it (proc(5), smaps_rollup): what forked workers share counts once.
    """
    memories = {name: Memory(sum(map(_tree_pss, pids)), 0) for name, pids in trees.items()}
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(_TREE_SAMPLE_SECONDS):
            for name, pids in trees.items():
                memories[name].peak = max(memories[name].peak, sum(map(_tree_pss, pids)))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield memories
    finally:
        ended.set()
        thread.join()


def _tree_pss(pid: int) -> int:
    """A process that ends meanwhile counts for nothing."""
    size = 0
    with contextlib.suppress(OSError):
        size += _pss(Path(f"/proc/{pid}/smaps_rollup").read_text())
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            size += sum(_tree_pss(int(child)) for child in children.read_text().split())
    return size


def _pss(rollup: str) -> int:
    return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def cpu_seconds(pid: int) -> float:
    """Processor time of the process and of those children that are alive."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _own_cpu(pid) + sum(_own_cpu(int(child)) for child in children)


def _own_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
