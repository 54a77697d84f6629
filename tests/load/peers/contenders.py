"""Tintype, ipx and thumbor: how each is started on the same number of cores, and how it is asked for a rendition.

Peers get the encoder settings that Tintype has (docs/adr/0005-encoder-settings.md) wherever they can be set, so that
the same work is compared; with TINTYPE_BENCH_PEERS=stock they run as they come, with slower encoders.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from graphql_api.domain.media import Format
from tests.load.asking import Question
from tests.load.peers.install import Node
from tests.load.peers.sources import Source
from tests.load.running import HOST, answers, free_port, listens, running, wait_until
from tests.load.servers import Server, new_installation, tintype
from tests.load.uploading import UploadRefused, upload_file

_CORES = os.cpu_count() or 1
_NAMES = {Format.JPEG: "jpeg"}  # as the peers call them

# What `sharp.options` calls them: ipx has no other way to set an encoder, and sets progressive JPEG in this one itself.
_SHARP = {
    "jpegProgressive": False,
    "webpEffort": 2,
    "heifEffort": 0,
    "heifChromaSubsampling": "4:2:0",
}
_THUMBOR = {"PROGRESSIVE_JPEG": False, "AVIF_SPEED": 9}
_THUMBOR_SERVICE = {
    "SECURITY_KEY": "tintype-bench",
    "ALLOW_UNSAFE_URL": True,
    "LOADER": "thumbor.loaders.file_loader",
    "STORAGE": "thumbor.storages.no_storage",
    "RESULT_STORAGE": None,
    "UPLOAD_ENABLED": False,
    "ENGINE_THREADPOOL_SIZE": 0,
}


class CannotRead(Exception):
    """The server does not take this source; the message says why."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A running server; `path` is where it has a source in a format, so wide, of such quality. CannotRead."""

    name: str
    pid: int
    origin: str
    path: Callable[[Source, Format, int, int], str]

    def question(self, source: Source, target: Format, width: int, quality: int) -> Question:
        """A rendition as it is asked for. CannotRead."""
        return Question(f"{self.origin}{self.path(source, target, width, quality)}", target.content_type)


def is_stock() -> bool:
    """Whether peers run with their own encoder settings."""
    return os.environ.get("TINTYPE_BENCH_PEERS") == "stock"


@contextmanager
def start_tintype(folder: Path) -> Iterator[Contender]:
    """One web process and an imaging worker a core, as `tintype serve` is without any setting."""
    with tintype(new_installation(folder, "tintype")) as server:
        yield Contender("Tintype", server.pid, server.url, _Uploads(server).path)


@dataclass(slots=True)
class _Uploads:
    """What Tintype has been given: each source once, when it is first asked for."""

    server: Server
    _paths: dict[str, str] = field(default_factory=dict)

    def path(self, source: Source, target: Format, width: int, quality: int) -> str:
        if source.kind not in self._paths:
            try:
                self._paths[source.kind] = asyncio.run(upload_file(self.server, source.path))
            except UploadRefused as error:
                raise CannotRead(str(error)) from error
        return f"{self._paths[source.kind]}.{target}?w={width}&q={quality}"


@contextmanager
def start_ipx(folder: Path, sources: Path, node: Node) -> Iterator[Contender]:
    """A cluster of one process a core, libvips with one thread in each: of the variants tried, the fastest."""
    home = folder / "ipx"
    home.mkdir()
    port = free_port()
    options = {} if is_stock() else _SHARP
    script = Path(__file__).with_name("ipx") / "serve.mjs"
    arguments = [str(node.program), str(script), str(port), str(sources), str(_CORES), "1", json.dumps(options)]
    with running(arguments, home, environment=node.environment) as process:
        wait_until(process, home, lambda: listens(port))
        yield Contender("ipx", process.pid, f"http://{HOST}:{port}", _ipx_path)


def _ipx_path(source: Source, target: Format, width: int, quality: int) -> str:
    return f"/w_{width},f_{_NAMES.get(target, target)},q_{quality}/{source.path.name}"


@contextmanager
def start_thumbor(folder: Path, sources: Path, python: Path) -> Iterator[Contender]:
    """One process a core and no threads, which is its own way and of the variants tried the fastest."""
    home = folder / "thumbor"
    home.mkdir()
    port = free_port()
    configuration = home / "thumbor.conf"
    settings = _THUMBOR_SERVICE | {"FILE_LOADER_ROOT_PATH": str(sources)} | ({} if is_stock() else _THUMBOR)
    configuration.write_text(_assignments(settings))
    arguments = [str(python), "-m", "thumbor.server", "--ip", HOST, "--port", str(port), "--conf", str(configuration)]
    arguments += ["--processes", str(_CORES), "--log-level", "error"]
    with running(arguments, home) as process:
        wait_until(process, home, lambda: answers(f"http://{HOST}:{port}/healthcheck"))
        yield Contender("thumbor", process.pid, f"http://{HOST}:{port}", _thumbor_path)


def _assignments(settings: Mapping[str, object]) -> str:
    return "".join(f"{name} = {value!r}\n" for name, value in settings.items())


def _thumbor_path(source: Source, target: Format, width: int, quality: int) -> str:
    return f"/unsafe/{width}x0/filters:format({_NAMES.get(target, target)}):quality({quality})/{source.path.name}"
