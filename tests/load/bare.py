"""The ceiling of a cache miss: the decoders and libvips alone, with Tintype's settings, in as many processes."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.stage import Stage
from graphql_api.imaging import codecs, shape
from tests.load.client import leave_interrupts_to_parent
from tests.load.figures import Tally


@dataclass(frozen=True, slots=True)
class Job:
    """A rendition to make of the file at `path` into the file at `target`."""

    path: Path
    source: Format
    size: Size
    width: int
    quality: int
    format: Format
    target: Path


@contextmanager
def bare_pool() -> Iterator[ProcessPoolExecutor]:
    """As many processes as Tintype has for images: one a core."""
    os.environ["VIPS_CONCURRENCY"] = "1"  # it is read when libvips is loaded, which is before any initializer
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(os.cpu_count() or 1, mp_context=spawn, initializer=_start)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start() -> None:
    leave_interrupts_to_parent()
    codecs.lock_down(USUAL_LIMITS.max_pixels)


def render_all(pool: ProcessPoolExecutor, jobs: Iterator[Job], clients: int, seconds: float = math.inf) -> Tally:
    """Render until there is nothing left or the time is up, as many at once as there would be clients."""
    started = time.perf_counter()
    latencies: deque[float] = deque()
    waiting: set[Future[float]] = set()
    while True:
        while len(waiting) < clients and time.perf_counter() - started < seconds and (job := next(jobs, None)):
            waiting.add(pool.submit(_render, job))
        if not waiting:
            return Tally(time.perf_counter() - started, latencies)
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        latencies.extend(future.result() for future in done)


def _render(job: Job) -> float:
    """Load, resize, save; the seconds that it took."""
    started = time.perf_counter()
    scaled = Stage(width=job.width).geometry(job.size).fitting.scaled
    shrink = min(job.size.width / scaled.width, job.size.height / scaled.height)
    image = shape.resample(codecs.load(job.path, job.source, shrink=shrink), scaled)
    codecs.save(image, job.target, job.format, quality=job.quality)
    return time.perf_counter() - started
