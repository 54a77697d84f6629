"""Memory: what the web process needs while eight files of 70 MB arrive at once. Its imaging workers are not counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from tests.load.figures import Report, Row, Tally, count_errors, format_latency
from tests.load.photo import Bulk, make_bulk, make_small
from tests.load.processes import Memory, watch_memory
from tests.load.servers import Server, new_installation, tintype
from tests.load.uploading import UploadRefused, read_file, upload, upload_photo

_UPLOADS = 8
_SETTLE_SECONDS = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=120)
_MB = 1_000_000


def measure(folder: Path, report: Report) -> None:
    """One row."""
    bulk = make_bulk(folder)
    with tintype(new_installation(folder, "uploads")) as server:
        asyncio.run(upload_photo(server, make_small(folder)))
        time.sleep(_SETTLE_SECONDS)
        with watch_memory(server.pid) as memory:
            tally = asyncio.run(_upload_all(server, bulk))
            time.sleep(_SETTLE_SECONDS)
    report.add(_row(memory, tally, bulk), [tally])
    report.notes.append(
        f"Uploads: {_UPLOADS} PNG of {bulk.size / _MB:.1f} MB each; resident size of the web process every 20 ms: "
        f"{memory.before / _MB:.0f} MB before, {memory.peak / _MB:.0f} MB at its peak."
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


async def _upload_all(server: Server, bulk: Bulk) -> Tally:
    started = time.perf_counter()
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        ends = await asyncio.gather(*(_upload(session, server, bulk, number) for number in range(_UPLOADS)))
    good = [end for end in ends if isinstance(end, float)]
    complaint = next((end for end in ends if isinstance(end, str)), "")
    return Tally(time.perf_counter() - started, good, _UPLOADS - len(good), complaint=complaint)


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
