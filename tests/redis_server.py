"""A Redis of the tests' own, from Debian's package: a socket and a port, no file, gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import PATIENCE, free_port


@dataclass(slots=True)
class Redis:
    """A server that can be ended and started again, at the same place and empty."""

    binary: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"unix://{self.folder}/socket"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", f"{self.folder}/socket"]
        options += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen([self.binary, *options], stdout=subprocess.PIPE)
        assert self.process.stdout
        started, said = time.monotonic(), b""
        while b"Ready to accept connections" not in said and time.monotonic() - started < PATIENCE:
            line = self.process.stdout.readline()
            assert line, said
            said += line

    def listeners(self) -> int:
        """How many have subscribed to a pattern."""
        command = ["redis-cli", "-p", str(self.port), "client", "list", "type", "pubsub"]
        return subprocess.run(command, capture_output=True, check=True).stdout.count(b" psub=1 ")

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self._forget()

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        assert self.process
        subprocess.run(["kill", "-STOP", str(self.process.pid)], check=True)

    def thaw(self) -> None:
        assert self.process
        subprocess.run(["kill", "-CONT", str(self.process.pid)], check=True)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self._forget()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget(self) -> None:
        assert self.process
        assert self.process.stdout
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process = None


def start_redis() -> Redis | None:
    """A running server, or None where Redis is not installed."""
    binary = shutil.which("redis-server")
    if binary is None:
        return None
    server = Redis(binary, Path(tempfile.mkdtemp(prefix="tintype-redis-")))
    server.start()
    return server
