"""Cache misses: renditions that nobody has asked for before, over HTTP, against bare libvips in as many processes.

Both make the same renditions of the same file with the same settings and write them to files, in turns within one run.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from graphql_api.domain.format import Format
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.stage import Stage
from graphql_api.imaging import codecs, shape
from tests.load.client import leave_interrupts_to_parent
from tests.load.figures import Report, Row, Tally, count_errors, format_latency, format_ratio, median_rate
from tests.load.photo import Photo, take_photo
from tests.load.servers import Server, new_installation, tintype
from tests.load.uploading import upload_photo

_CLIENTS = 8
_ROUNDS = 5
_ROUND_SECONDS = 4.0
_MOST_A_ROUND = 400
_WARM_UP = 24
_WIDTHS = range(600, 681)
_QUALITIES = range(70, 95)
_FORMATS = (Format.WEBP, Format.JPEG)
_ORDER_SEED = 7
_COMPLAINT = 600  # characters of a bad answer that are told
_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Asked:
    """A rendition to make, and a number that tells its file from all others."""

    number: int
    format: Format
    width: int
    quality: int


def measure(folder: Path, report: Report) -> None:
    """One row for each format."""
    photo = take_photo(folder)
    report.notes.append(f"Misses: the source is {photo}; Tintype answers {_CLIENTS} clients of one asyncio process.")
    with tintype(new_installation(folder, "misses")) as server, _bare_pool() as pool:
        path = asyncio.run(upload_photo(server, photo))
        for target in _FORMATS:
            _measure(report, _Contest(server, path, photo, pool, folder / "misses"), target)


@dataclass(frozen=True, slots=True)
class _Contest:
    """The two that are compared: the server with the photo at `path`, the pool with the photo as a file."""

    server: Server
    path: str
    photo: Photo
    pool: ProcessPoolExecutor
    folder: Path

    def over_http(self, asked: Sequence[Asked]) -> Tally:
        """The renditions by Tintype."""
        return asyncio.run(_ask_all(f"{self.server.url}{self.path}", asked))

    def bare(self, asked: Sequence[Asked]) -> Tally:
        """The renditions by libvips alone."""
        started = time.perf_counter()
        jobs = [(self.photo, item, self.folder / f"bare-{item.number}.{item.format}") for item in asked]
        seconds = list(self.pool.map(_render, jobs))
        return Tally(time.perf_counter() - started, seconds)


def _measure(report: Report, contest: _Contest, target: Format) -> None:
    renditions = _distinct(target)
    warm_up = list(itertools.islice(renditions, _WARM_UP))
    contest.over_http(warm_up)
    contest.bare(warm_up)  # the first of each process loads libvips; the second tells how fast this machine is
    size = max(_CLIENTS, min(_MOST_A_ROUND, int(contest.bare(warm_up).rate * _ROUND_SECONDS)))
    ours: list[Tally] = []
    theirs: list[Tally] = []
    for number in range(_ROUNDS):
        asked = list(itertools.islice(renditions, size))
        # Who goes first changes, so that neither always meets the other's leftovers.
        for side, tallies in ((contest.bare, theirs), (contest.over_http, ours))[:: 1 if number % 2 else -1]:
            tallies.append(side(asked))
    report.add(_row(target, ours, theirs), ours)
    client = sum(tally.client_cpu for tally in ours) / (size * _ROUNDS)
    report.notes.append(
        f"Misses, {target.name}: {_ROUNDS} rounds of {size}; the client took {client * 1000:.2f} ms each."
    )


def _row(target: Format, ours: Sequence[Tally], theirs: Sequence[Tally]) -> Row:
    return Row(
        what=f"cache miss, 13 MP JPEG -> 640 px {target.name}",
        figure=f"{median_rate(ours):.1f}/s",
        peer=f"bare libvips {median_rate(theirs):.1f}/s",
        ratio=format_ratio([tally.rate for tally in ours], [tally.rate for tally in theirs]),
        aim=">= 0.85",
        latency=format_latency(ours),
        errors=count_errors(ours),
    )


def _distinct(target: Format) -> Iterator[Asked]:
    """Every width with every quality, shuffled, so that all rounds are equally hard."""
    pairs = [(width, quality) for width in _WIDTHS for quality in _QUALITIES]
    random.Random(_ORDER_SEED).shuffle(pairs)
    return (Asked(number, target, width, quality) for number, (width, quality) in enumerate(pairs))


# --- Tintype


async def _ask_all(url: str, asked: Sequence[Asked]) -> Tally:
    todo = iter(asked)
    latencies: list[float] = []
    complaints: list[str] = []
    started, cpu = time.perf_counter(), time.process_time()
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        await asyncio.gather(*(_ask(session, url, todo, latencies, complaints) for _ in range(_CLIENTS)))
    seconds = time.perf_counter() - started
    return Tally(seconds, latencies, len(complaints), time.process_time() - cpu, next(iter(complaints), ""))


async def _ask(
    session: aiohttp.ClientSession, url: str, todo: Iterator[Asked], latencies: list[float], complaints: list[str]
) -> None:
    """One client: what is next, as long as there is any."""
    for item in todo:
        started = time.perf_counter()
        try:
            async with session.get(f"{url}.{item.format}?w={item.width}&q={item.quality}") as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            complaints.append(repr(error))
            continue
        if response.status == 200 and body and response.content_type == item.format.content_type:
            latencies.append(time.perf_counter() - started)
        else:
            complaints.append(f"{response.status}: {body[:_COMPLAINT].decode(errors='replace')}")


# --- bare libvips


@contextmanager
def _bare_pool() -> Iterator[ProcessPoolExecutor]:
    """As many processes as Tintype has for images: one a core."""
    os.environ["VIPS_CONCURRENCY"] = "1"  # it is read when libvips is loaded, which is before any initializer
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(os.cpu_count() or 1, mp_context=spawn, initializer=_start_bare)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start_bare() -> None:
    leave_interrupts_to_parent()
    codecs.lock_down(USUAL_LIMITS.max_pixels)


def _render(job: tuple[Photo, Asked, Path]) -> float:
    """Load, resize, save; the seconds that it took."""
    photo, asked, target = job
    started = time.perf_counter()
    scaled = Stage(width=asked.width).geometry(photo.size).fitting.scaled
    shrink = min(photo.size.width / scaled.width, photo.size.height / scaled.height)
    image = codecs.load(photo.path, photo.format, shrink=shrink)
    image = shape.resample(image, scaled)
    codecs.save(image, target, asked.format, quality=asked.quality)
    return time.perf_counter() - started
