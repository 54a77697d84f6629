"""A load generator of our own: keep-alive connections that send one request over and over and read just enough.

`wrk` is what others measure with, but it may not be there, and to it an answer of 200 with errors in it is a good one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import uvloop

from tests.load.figures import Tally, merge

_COMPLAINT = 600  # characters of a bad answer that are told
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_GRACE_SECONDS = 10.0  # for the answers that are under way when the time is up


@dataclass(frozen=True, slots=True)
class Load:
    """One request for some seconds over some connections; a body that holds `refused` is an error at any status.

    `good` is how a good answer begins.
    """

    port: int
    request: bytes
    connections: int
    seconds: float
    refused: bytes | None = None
    good: bytes = b"HTTP/1.1 2"


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A GET as it goes over the wire."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n{more}\r\n".encode()


def post_json(path: str, key: str | None, body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{authorization}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def generators() -> Iterator[ProcessPoolExecutor]:
    """The processes that generate load: all cores but the one that the server has."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(_processes(), mp_context=spawn, initializer=leave_interrupts_to_parent)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _processes() -> int:
    return max(1, (os.cpu_count() or 1) - 1)


def leave_interrupts_to_parent() -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def generate(pool: ProcessPoolExecutor, load: Load) -> Tally:
    """The load, its connections shared out among the processes."""
    count = _processes()
    share = replace(load, connections=max(1, load.connections // count))
    return merge(pool.map(_generate, [share] * count))


def _generate(load: Load) -> Tally:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(load))


async def _run(load: Load) -> Tally:
    loop = asyncio.get_running_loop()
    started, cpu = time.perf_counter(), time.process_time()
    connections = [_Connection(load, started + load.seconds, loop.create_future()) for _ in range(load.connections)]
    for connection in connections:
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", load.port)  # type: ignore[misc]
    ended = [connection.ended for connection in connections]
    _, hanging = await asyncio.wait(ended, timeout=load.seconds + _GRACE_SECONDS)
    return Tally(
        seconds=time.perf_counter() - started,
        latencies=[latency for connection in connections for latency in connection.latencies],
        errors=sum(connection.errors for connection in connections) + len(hanging),
        client_cpu=time.process_time() - cpu,
        complaint=next((connection.complaint for connection in connections if connection.complaint), ""),
    )


@dataclass(slots=True, eq=False)
class _Connection(asyncio.Protocol):
    """Sends the request again as soon as it has been answered, until the deadline."""

    load: Load
    deadline: float
    ended: asyncio.Future[None]
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    complaint: str = ""
    _transport: asyncio.Transport | None = None
    _answer: bytearray = field(default_factory=bytearray)
    _expected: int = 0
    _sent: float = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._expected:
            self._expected = _answer_size(self._answer)
        if self._expected and len(self._answer) >= self._expected:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self._complain(f"the connection was lost: {exc}")
            self.ended.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        self._answer.clear()
        self._expected = 0
        self._sent = time.perf_counter()
        self._transport.write(self.load.request)

    def _finish(self) -> None:
        now = time.perf_counter()
        if self._is_good():
            self.latencies.append(now - self._sent)
        else:
            self._complain(self._answer[:_COMPLAINT].decode(errors="replace"))
        if now < self.deadline:
            self._send()
        elif self._transport is not None:
            self.ended.set_result(None)
            self._transport.close()

    def _complain(self, words: str) -> None:
        self.errors += 1
        self.complaint = self.complaint or words

    def _is_good(self) -> bool:
        if not self._answer.startswith(self.load.good):
            return False
        return self.load.refused is None or self.load.refused not in self._answer


def _answer_size(answer: bytearray) -> int:
    """Bytes of the whole answer; 0 as long as its head is not complete."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    length = _LENGTH.search(answer, 0, end)
    return end + 4 + (int(length.group(1)) if length else 0)
