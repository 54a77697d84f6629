"""A PostgreSQL of the tests' own, from Debian's binaries, in a folder that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_USER = "tintype"
# Nothing here has to survive a power cut.
_OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster."""

    binaries: Path
    folder: Path
    port: int

    def create_database(self, name: str) -> str:
        """The URL of a new, empty database."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", _USER]
        subprocess.run([self.binaries / "createdb", *address, name], check=True)
        return f"postgres://{_USER}@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        _run_as_server([self.binaries / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


def start_cluster() -> Cluster | None:
    """A cluster on a free port of the loopback, or None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        return None
    binaries, folder, port = found[-1].parent, Path(tempfile.mkdtemp(prefix="tintype-pg-")), _free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    _run_as_server([binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", _USER, "-E", "UTF8"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} {_OPTIONS}"
    _run_as_server([binaries / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start"])
    return Cluster(binaries, folder, port)


def _run_as_server(command: list[str | Path]) -> None:
    """PostgreSQL refuses to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
