"""Uploads: what the web process needs while eight files of 70 MB arrive at once, and how many small ones it takes.

Its imaging workers are not counted in its memory; files are synced to the disk before they are answered, as always.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp

from tests.load.figures import Report, Row, Tally, count_errors, format_latency, percentile
from tests.load.photo import Bulk, make_bulk, make_small
from tests.load.processes import Memory, watch_memory
from tests.load.servers import Server, new_installation, tintype
from tests.load.uploading import UploadRefused, read_file, upload, upload_photo

_UPLOADS = 8
_SETTLE_SECONDS = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=120)
_MB = 1_000_000
_SMALL_SIDE = 577  # pixels: 1 MB
_SMALL_CLIENTS = 8
_SMALL_SECONDS = 8.0


def measure(folder: Path, report: Report) -> None:
    """Two rows."""
    bulk, small = make_bulk(folder), make_bulk(folder, _SMALL_SIDE)
    with tintype(new_installation(folder, "uploads")) as server:
        asyncio.run(upload_photo(server, make_small(folder)))
        time.sleep(_SETTLE_SECONDS)
        with watch_memory(server.pid) as memory:
            tally = asyncio.run(_upload_all(server, bulk))
            time.sleep(_SETTLE_SECONDS)
        many = asyncio.run(_upload_many(server, small))
    report.add(_row(memory, tally, bulk), [tally])
    report.add(_many_row(many, small), [many])
    report.notes.append(
        f"Uploads: {_UPLOADS} PNG of {bulk.size / _MB:.1f} MB each; resident size of the web process every 20 ms: "
        f"{memory.before / _MB:.0f} MB before, {memory.peak / _MB:.0f} MB at its peak."
    )
    report.notes.append(
        f"Small uploads: {_SMALL_CLIENTS} clients for {_SMALL_SECONDS:.0f} s, every file another one, synced to the disk; "
        f"p50 {percentile(many.latencies, 50) * 1000:.0f} ms, p99 {percentile(many.latencies, 99) * 1000:.0f} ms."
    )


def _row(memory: Memory, tally: Tally, bulk: Bulk) -> Row:
    return Row(
        what=f"memory, {_UPLOADS} uploads of {bulk.size / _MB:.0f} MB at once",
        figure=f"+{memory.growth / _MB:.0f} MB",
        peer=f"{tally.seconds:.1f} s, {_UPLOADS * bulk.size / _MB / tally.seconds:.0f} MB/s",
        aim="< 100 MB",
        latency=format_latency([tally]),
        errors=count_errors([tally]),
    )


def _many_row(tally: Tally, small: Bulk) -> Row:
    return Row(
        what=f"POST /v1/images, {small.size / _MB:.1f} MB, {_SMALL_CLIENTS} clients",
        figure=f"{tally.rate:.0f}/s",
        peer=f"{tally.rate * small.size / _MB:.0f} MB/s",
        latency=format_latency([tally]),
        errors=count_errors([tally]),
    )


async def _upload_many(server: Server, small: Bulk) -> Tally:
    started = time.perf_counter()
    numbers, ends = itertools.count(), list[float | str]()
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:

        async def client() -> None:
            while time.perf_counter() < started + _SMALL_SECONDS:
                ends.append(await _upload(session, server, small, next(numbers)))

        await asyncio.gather(*(client() for _ in range(_SMALL_CLIENTS)))
    return _tally(time.perf_counter() - started, ends)


async def _upload_all(server: Server, bulk: Bulk) -> Tally:
    started = time.perf_counter()
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        ends = await asyncio.gather(*(_upload(session, server, bulk, number) for number in range(_UPLOADS)))
    return _tally(time.perf_counter() - started, ends)


def _tally(seconds: float, ends: Sequence[float | str]) -> Tally:
    good = [end for end in ends if isinstance(end, float)]
    complaint = next((end for end in ends if isinstance(end, str)), "")
    return Tally(seconds, good, len(ends) - len(good), complaint=complaint)


async def _upload(session: aiohttp.ClientSession, server: Server, bulk: Bulk, number: int) -> float | str:
    """The seconds that the upload took, or why it failed."""
    started = time.perf_counter()
    try:
        await upload(session, server, f"bulk-{number}.png", _pieces(bulk, number), bulk.size)
    except (UploadRefused, aiohttp.ClientError, TimeoutError) as error:
        return repr(error)
    return time.perf_counter() - started


async def _pieces(bulk: Bulk, number: int) -> AsyncIterator[bytes]:
    yield bulk.head(number)
    async for piece in read_file(bulk.path, bulk.rest_at):
        yield piece
