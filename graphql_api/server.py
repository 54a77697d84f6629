"""Serving: one web process, or several that share the port, ended cleanly by SIGINT and SIGTERM."""

from __future__ import annotations

import multiprocessing
import os
import signal
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

_DRAIN_SECONDS = 30.0  # what is under way may finish; then it is cut off

log = structlog.get_logger("tintype")


def serve(settings: Settings, *, host: str, port: int, workers: int, welcome: str | None) -> int:
    """Serve until a signal; the exit code."""
    if workers <= 1:
        _run(settings, host, port, shared=False, welcome=welcome)
        return 0
    return _supervise(settings, host, port, workers, welcome)


def _run(settings: Settings, host: str, port: int, *, shared: bool, welcome: str | None = None) -> None:
    uvloop.install()
    app = make_app(settings)

    async def announce(_: web.Application) -> None:
        log.info("serving", host=host, port=port)
        if welcome:
            print(welcome, flush=True)

    app.on_startup.append(announce)
    web.run_app(
        app,
        host=host,
        port=port,
        reuse_port=shared or None,
        shutdown_timeout=_DRAIN_SECONDS,
        access_log=None,
        print=None,
    )
    log.info("stopped")


def _run_worker(settings: Settings, host: str, port: int) -> None:
    os.setsid()  # a Ctrl-C in the terminal is for the supervisor, who passes it on once
    configure(settings.log_format)
    _run(settings, host, port, shared=True)


def _supervise(settings: Settings, host: str, port: int, workers: int, welcome: str | None) -> int:
    """Start the processes and wait. When one dies the others are ended too: a service manager starts us anew."""
    spawn = multiprocessing.get_context("spawn")
    share = settings.model_copy(update={"imaging_workers": max(1, settings.imaging_workers // workers)})
    processes = [spawn.Process(target=_run_worker, args=(share, host, port)) for _ in range(workers)]
    asked = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        if not asked.is_set():
            asked.set()
            _terminate(processes)

    for process in processes:
        process.start()
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
