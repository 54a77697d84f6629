"""The `tintype` command as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30.0


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """An environment without anything of ours but these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TINTYPE_")}
    ours = {"data_dir": str(folder), "imaging_workers": "1"} | settings
    return kept | {f"TINTYPE_{name.upper()}": value for name, value in ours.items()}


def run(folder: Path, *arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `tintype` to its end."""
    command = [sys.executable, "-m", "graphql_api", *arguments]
    return subprocess.run(
        command,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        input=stdin,
        timeout=PATIENCE,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(slots=True)
class Server:
    """A running `tintype serve`."""

    process: subprocess.Popen[str]
    base_url: str
    output: str = ""

    @property
    def key(self) -> str:
        found = re.search(r"img_live_\w+", self.output)
        assert found
        return found[0]

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; the exit code and what standard error had."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        self.output += out
        return self.process.returncode, err


@contextmanager
def serving(folder: Path, *arguments: str, **settings: str) -> Iterator[Server]:
    """`tintype serve` on a free port, up and healthy; ended at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "graphql_api", "serve", "--port", str(port), *arguments]
    process = subprocess.Popen(
        command,
        env=environment(folder, public_url=url, log_format="json", **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process, url)
    try:
        _wait_until_healthy(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        out, _ = process.communicate(timeout=PATIENCE)
        server.output += out or ""


def _wait_until_healthy(server: Server) -> None:
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        if server.process.poll() is not None:
            raise AssertionError(server.process.communicate())
        try:
            with urllib.request.urlopen(f"{server.base_url}/healthz"):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not come up")
