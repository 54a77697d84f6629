"""Servers for the time of a measurement: each on a free port of loopback, ended by its process id whatever happens."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TEAM = "bench"
_HOST = "127.0.0.1"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_NGINX = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx")
_POSTGRES = Path("/usr/lib/postgresql")


class MissingPeer(Exception):
    """A program to compare with is not installed; the message names it and its Debian package."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it is, and the process that we started."""

    port: int
    pid: int
    key: str = ""

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://{_HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Installation:
    """What a Tintype is started with; `environment` is all that it gets to know of its settings."""

    folder: Path
    port: int
    environment: Mapping[str, str]

    @property
    def database_url(self) -> str:
        """Its database."""
        return self.environment["TINTYPE_DATABASE_URL"]


def new_installation(folder: Path, name: str, database_url: str | None = None) -> Installation:
    """An empty Tintype with a migrated database, below `folder`; the operator's own settings stay out of it."""
    home = folder / name
    home.mkdir()
    port = _free_port()
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TINTYPE_")}
    environment = inherited | {
        "TINTYPE_DATA_DIR": str(home / "data"),
        "TINTYPE_DATABASE_URL": database_url or f"sqlite://{home}/tintype.db",
        "TINTYPE_PUBLIC_URL": f"http://{_HOST}:{port}",
        "TINTYPE_RATE_LIMIT_SCALE": "0",
        "TINTYPE_LOG_FORMAT": "json",
    }
    installation = Installation(home, port, environment)
    _command(installation, "migrate")
    return installation


def make_key(installation: Installation) -> str:
    """A key of the team TEAM, which comes to be with its first key."""
    return _command(installation, "key", "create", "--team", TEAM)


def _command(installation: Installation, *arguments: str) -> str:
    """Run `tintype` to its end; what it printed. Where it runs there is no `.env` to read."""
    done = subprocess.run(
        [_tintype(), *arguments],
        env=installation.environment,
        cwd=installation.folder,
        stdout=subprocess.PIPE,
        timeout=_START_SECONDS * 2,
        check=True,
        text=True,
    )
    return done.stdout.strip()


def _tintype() -> str:
    return str(Path(sys.executable).with_name("tintype"))


@contextmanager
def tintype(installation: Installation) -> Iterator[Server]:
    """One web process and its imaging workers."""
    key = make_key(installation)
    arguments = [_tintype(), "serve", "--port", str(installation.port)]
    with _running(arguments, installation.folder, environment=installation.environment) as process:
        server = Server(installation.port, process.pid, key)
        _wait(process, installation.folder, lambda: _answers(f"{server.url}/healthz"))
        yield server


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[Server]:
    """One worker that serves the files in `root`, set up as Debian sets it up. MissingPeer."""
    program = find_nginx()
    home = folder / "nginx"
    home.mkdir()
    port = _free_port()
    configuration = home / "nginx.conf"
    configuration.write_text(_nginx_configuration(home, root, port))
    arguments = [program, "-e", str(home / "error.log"), "-p", str(home), "-c", str(configuration)]
    with _running(arguments, home) as process:
        _wait(process, home, lambda: _listens(port))
        yield Server(port, process.pid)


def find_nginx() -> str:
    """Where nginx is. MissingPeer."""
    if found := shutil.which("nginx", path=os.pathsep.join(str(Path(path).parent) for path in _NGINX)):
        return found
    raise MissingPeer("nginx is missing: apt install nginx")


def _nginx_configuration(home: Path, root: Path, port: int) -> str:
    """An access log, as both servers write one; connections are never closed, for both alike."""
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""  # else its worker could not read our folder
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    scratch = "\n".join(f"    {kind}_temp_path {home}/{kind};" for kind in kinds)
    return f"""
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
{user}
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    types {{ image/webp webp; image/jpeg jpg; }}
    access_log {home}/access.log;
{scratch}
    server {{
        listen {_HOST}:{port};
        root {root};
    }}
}}
"""


def find_postgres() -> Path:
    """The newest PostgreSQL's folder of programs. MissingPeer."""
    found = [path.parent for path in _POSTGRES.glob("*/bin/initdb")]
    if not found:
        raise MissingPeer("PostgreSQL is missing: apt install postgresql")
    return max(found, key=lambda path: float(path.parent.name))


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A database that keeps nothing: its URL. MissingPeer."""
    programs = find_postgres()
    home = folder / "postgres"
    home.mkdir(mode=0o700)
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        folder.chmod(0o711)
        shutil.chown(home, user, user)
    port = _free_port()
    cluster = home / "cluster"
    initdb = [str(programs / "initdb"), "-D", str(cluster), "-U", TEAM, "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(initdb, cwd=home, user=user, group=user, stdout=subprocess.DEVNULL, timeout=60, check=True)
    settings = {
        "port": str(port),
        "listen_addresses": _HOST,
        "unix_socket_directories": str(home),
        "fsync": "off",
    }
    arguments = [str(programs / "postgres"), "-D", str(cluster)]
    arguments += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with _running(arguments, home, user=user, stop=signal.SIGINT) as process:  # SIGINT ends its sessions as well
        _wait(process, home, lambda: _listens(port))
        yield f"postgres://{TEAM}@{_HOST}:{port}/postgres"


@contextmanager
def _running(
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
    """Ask, wait, and only then kill it and what it has started; its session has nobody else in it."""
    process.send_signal(stop)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], folder: Path, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            output = (folder / "output.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} did not start:\n{output}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((_HOST, 0))
        return int(free.getsockname()[1])
