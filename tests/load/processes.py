"""What Linux tells of a running process: its memory, and the processor time that it and its children have taken."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12  # fields of /proc/<pid>/stat, counted from the one behind the command's name


@dataclass(slots=True)
class Memory:
    """Resident bytes of a process: before, and the most seen since."""

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


def cpu_seconds(pid: int) -> float:
    """Processor time of the process and of those children that are alive."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _own_cpu(pid) + sum(_own_cpu(int(child)) for child in children)


def _own_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
