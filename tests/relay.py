"""A network that fails: it passes bytes on until so many went through a connection, and hangs up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_PIECE = 64 * 1024


@dataclass(slots=True)
class Relay:
    """What it lets through a connection: bytes `up` to the server, and `down` from it. None: all."""

    port: int
    up: int | None = None
    down: int | None = None
    url: str = ""
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.create_task(self._connect(reader, writer)))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        ways = [(reader, there_writer, self.up), (there_reader, writer, self.down)]
        passing = [asyncio.create_task(_pass(*way)) for way in ways]
        passing.append(asyncio.create_task(self._wait()))
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)
            for end in (writer, there_writer):
                end.transport.abort()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _wait(self) -> None:
        await self.ended.wait()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            if left is not None and (left := left - len(piece)) < 0:
                return
            writer.write(piece)
            await writer.drain()


@contextlib.asynccontextmanager
async def open_relay(port: int) -> AsyncIterator[Relay]:
    """A way to the port of the loopback."""
    relay = Relay(port)
    server = await asyncio.start_server(relay.connect, "127.0.0.1", 0)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()
        relay.ended.set()
        await asyncio.gather(*relay.connections)
