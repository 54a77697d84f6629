"""The servers that are measured, each on a free port of loopback, for as long as its context lasts."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.load.running import HOST, answers, free_port, listens, running, wait_until

TEAM = "bench"
_COMMAND_SECONDS = 60.0
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
        return f"http://{HOST}:{self.port}"


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
    port = free_port()
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TINTYPE_")}
    environment = inherited | {
        "TINTYPE_DATA_DIR": str(home / "data"),
        "TINTYPE_DATABASE_URL": database_url or f"sqlite://{home}/tintype.db",
        "TINTYPE_PUBLIC_URL": f"http://{HOST}:{port}",
        "TINTYPE_DEFAULT_PLAN": "unlimited",
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
        timeout=_COMMAND_SECONDS,
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
    with running(arguments, installation.folder, environment=installation.environment) as process:
        server = Server(installation.port, process.pid, key)
        wait_until(process, installation.folder, lambda: answers(f"{server.url}/healthz"))
        yield server


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[Server]:
    """One worker that serves the files in `root`, set up as Debian sets it up. MissingPeer."""
    program = find_nginx()
    home = folder / "nginx"
    home.mkdir()
    port = free_port()
    configuration = home / "nginx.conf"
    configuration.write_text(_nginx_configuration(home, root, port))
    arguments = [program, "-e", str(home / "error.log"), "-p", str(home), "-c", str(configuration)]
    with running(arguments, home) as process:
        wait_until(process, home, lambda: listens(port))
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
        listen {HOST}:{port};
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
    port = free_port()
    cluster = home / "cluster"
    initdb = [str(programs / "initdb"), "-D", str(cluster), "-U", TEAM, "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(initdb, cwd=home, user=user, group=user, stdout=subprocess.DEVNULL, timeout=60, check=True)
    settings = {
        "port": str(port),
        "listen_addresses": HOST,
        "unix_socket_directories": str(home),
        "fsync": "off",
    }
    arguments = [str(programs / "postgres"), "-D", str(cluster)]
    arguments += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with running(arguments, home, user=user, stop=signal.SIGINT) as process:  # SIGINT ends its sessions as well
        wait_until(process, home, lambda: listens(port))
        yield f"postgres://{TEAM}@{HOST}:{port}/postgres"
