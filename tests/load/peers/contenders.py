"""Tintype, ipx and thumbor: how each is started on the same number of cores, and how it is asked for a rendition.

Peers get the encoder settings that Tintype has (docs/adr/0005-encoder-settings.md) wherever they can be set, so that
the same work is compared; with TINTYPE_BENCH_PEERS=stock they run as they come, with slower encoders.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from graphql_api.domain.format import Format
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
    """A running server, of one process or several; `path` is where a rendition is by its width and quality. CannotRead.

    Of several `ports` each takes its turn, as behind a load balancer.
    """

    name: str
    pids: Sequence[int]
    ports: Iterator[int]
    path: Callable[[Source, Format, int, int], str]

    def question(self, source: Source, target: Format, width: int, quality: int) -> Question:
        """A rendition as it is asked for. CannotRead."""
        path = self.path(source, target, width, quality)
        return Question(f"http://{HOST}:{next(self.ports)}{path}", target.content_type)


def is_stock() -> bool:
    """Whether peers run with their own encoder settings."""
    return os.environ.get("TINTYPE_BENCH_PEERS") == "stock"


@contextmanager
def start_tintype(folder: Path) -> Iterator[Contender]:
    """One web process and an imaging worker a core, as `tintype serve` is without any setting."""
    with tintype(new_installation(folder, "tintype")) as server:
        yield Contender("Tintype", [server.pid], itertools.repeat(server.port), _Uploads(server).path)


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
    """A cluster of one process a core, libvips with one thread in each.

    Tried: one process for all cores, two libvips threads, 1 and 2 libuv threads; none was faster, one libuv thread half
    as fast.
    """
    home = folder / "ipx"
    home.mkdir()
    port = free_port()
    options = {} if is_stock() else _SHARP
    script = Path(__file__).with_name("ipx") / "serve.mjs"
    arguments = [str(node.program), str(script), str(port), str(sources), str(_CORES), "1", json.dumps(options)]
    with running(arguments, home, environment=node.environment) as process:
        wait_until(process, home, lambda: listens(port))
        yield Contender("ipx", [process.pid], itertools.repeat(port), _ipx_path)


def _ipx_path(source: Source, target: Format, width: int, quality: int) -> str:
    return f"/w_{width},f_{_NAMES.get(target, target)},q_{quality}/{source.path.name}"


@contextmanager
def start_thumbor(folder: Path, sources: Path, python: Path) -> Iterator[Contender]:
    """One process a core, each on a port of its own, as its manual has it behind nginx.

    `--processes` was tried: kept-alive connections crowd in one process while another idles, which took up to half of
    the speed at four clients; ENGINE_THREADPOOL_SIZE of 1 and 2 made no difference that showed.
    """
    settings = _THUMBOR_SERVICE | {"FILE_LOADER_ROOT_PATH": str(sources)} | ({} if is_stock() else _THUMBOR)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_one_thumbor(folder / f"thumbor-{number}", python, settings))
            for number in range(_CORES)
        ]
        ports = itertools.cycle(server.port for server in servers)
        yield Contender("thumbor", [server.pid for server in servers], ports, _thumbor_path)


@contextmanager
def _one_thumbor(home: Path, python: Path, settings: Mapping[str, object]) -> Iterator[Server]:
    home.mkdir()
    port = free_port()
    configuration = home / "thumbor.conf"
    configuration.write_text(_assignments(settings))
    arguments = [str(python), "-m", "thumbor.server", "--ip", HOST, "--port", str(port), "--conf", str(configuration)]
    with running([*arguments, "--log-level", "error"], home) as process:
        wait_until(process, home, lambda: answers(f"http://{HOST}:{port}/healthcheck"))
        yield Server(port, process.pid)


def _assignments(settings: Mapping[str, object]) -> str:
    return "".join(f"{name} = {value!r}\n" for name, value in settings.items())


def _thumbor_path(source: Source, target: Format, width: int, quality: int) -> str:
    return f"/unsafe/fit-in/{width}x{source.size.height}/filters:format({_NAMES.get(target, target)}):quality({quality})/{source.path.name}"
