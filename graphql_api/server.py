"""Serving: one web process, or several that share the port, ended cleanly by SIGINT and SIGTERM."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from types import FrameType

import structlog
import uvloop
from aiohttp import web

from graphql_api.app import make_app
from graphql_api.config import Settings
from graphql_api.log import configure

_PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
DRAIN_SECONDS = 30.0  # what is under way may finish; then it is cut off

log = structlog.get_logger("tintype")


class PortTakenError(Exception):
    """The address cannot be listened on; the message says why in one line."""


def bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """The socket to serve on. Bound before anything else is done, so that a taken port costs nothing."""
    try:
        return socket.create_server((host, port), reuse_port=shared, family=_family(host))
    except OSError as error:
        # `create_server` decorates the text of system errors; those of name resolution have no system text.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise PortTakenError(f"cannot listen on {host}:{port}: {reason}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def serve(settings: Settings, listening: socket.socket, *, workers: int, welcome: str | None) -> int:
    """Serve until a signal; the exit code."""
    if workers > 1:
        return _supervise(settings, listening, workers, welcome)
    _run(settings, listening, welcome)
    return 0


_COLLECT_AFTER = 20_000  # objects: an answer has hundreds, and next to nothing of it goes round in circles


def _run(settings: Settings, listening: socket.socket, welcome: str | None = None) -> None:
    uvloop.install()
    host, port = listening.getsockname()[:2]

    def announce(*_: object) -> None:
        # What is there now stays: the collector need not walk through it, which takes a tenth of a busy process.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER)
        log.info("serving", host=host, port=port, graphiql=f"{settings.public_url}/graphql")
        if welcome:
            print(welcome, flush=True)

    web.run_app(make_app(settings), sock=listening, shutdown_timeout=DRAIN_SECONDS, access_log=None, print=announce)
    log.info("stopped")


def _run_worker(settings: Settings, host: str, port: int, supervisor: int) -> None:
    os.setsid()  # a Ctrl-C in the terminal is for the supervisor, who passes it on once
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # nobody is left behind when it is killed
    if os.getppid() != supervisor:
        return  # it was killed before we could ask to be told
    configure(settings.log_format)
    _run(settings, bind(host, port, shared=True))


def _supervise(settings: Settings, listening: socket.socket, workers: int, welcome: str | None) -> int:
    """Start the processes and wait. When one dies the others are ended too: a service manager starts us anew."""
    host, port = listening.getsockname()[:2]
    spawn = multiprocessing.get_context("spawn")
    share = settings.model_copy(update={"imaging_workers": max(1, settings.imaging_workers // workers)})
    processes = [spawn.Process(target=_run_worker, args=(share, host, port, os.getpid())) for _ in range(workers)]
    asked = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        if not asked.is_set():
            asked.set()
            _terminate(processes)

    for process in processes:
        process.start()
    listening.close()  # it held the port; from here on the kernel shares connections among the processes
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if welcome:
        print(welcome, flush=True)
    connection.wait([process.sentinel for process in processes])
    stop(signal.SIGTERM, None)
    for process in processes:
        process.join()
    failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        print(f"tintype: a web process ended with {failed[0]}", file=sys.stderr)
    return 1 if failed else 0


def _terminate(processes: list[SpawnProcess]) -> None:
    for process in processes:
        if process.is_alive():
            process.terminate()


def welcome_text(url: str, key: str) -> str:
    """What the first start prints: the key, where GraphiQL is, three lines to copy."""
    query = "{ mediaList(first: 1) { nodes { name rendition(transform: { width: 640, format: WEBP }) { url } } } }"
    ask = f"""curl -s -H 'Authorization: Bearer {key}' --json '{{"query": "{query}"}}' {url}/graphql"""
    return f"""
Tintype is running. A demo team was made; this is its key, shown only now:

    {key}

GraphiQL, with the key in its field:

    {url}/graphql#key={key}

Upload a picture, ask GraphQL for it, fetch it resized:

    curl -s -H 'Authorization: Bearer {key}' -F file=@photo.jpg {url}/v1/images
    {ask}
    curl -s -o small.webp "$({ask} | grep -o 'http[^"]*')"
"""
