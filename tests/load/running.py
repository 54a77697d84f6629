"""Programs for the time of a measurement: started, waited for, and ended by their process ids whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0


@contextmanager
def running(
    arguments: Sequence[str],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, with its output in a file. In a session of its own: Ctrl-C is ours, and we end it in order."""
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            arguments,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=user,
            group=user,
        )
        try:
            yield process
        finally:
            _end(process, stop)


def _end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    """Ask, wait, and then kill what is left of it or of what it has started; its session has nobody else in it."""
    process.send_signal(stop)
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(process: subprocess.Popen[bytes], folder: Path, is_ready: Callable[[], bool]) -> None:
    """Wait for it; RuntimeError with its last words when it ends or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            output = (folder / "output.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} did not start:\n{output}")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether it says 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def listens(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection((HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])
