"""The ceiling of a cache miss: libvips alone, as its wheel is and as its users write it, in as many processes.

Nothing here is Tintype's, or a gain of it would raise the ceiling too; but for AVIF and HEIC, of which libvips reads
one slowly and the other not at all: those are decoded as Tintype does it.
"""

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
from typing import Any

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.stage import Stage
from graphql_api.imaging import foreign
from tests.load.client import leave_interrupts_to_parent
from tests.load.figures import Tally

_LOADERS = {Format.JPEG: "jpegload", Format.PNG: "pngload", Format.WEBP: "webpload"}
# The settings of libvips that docs/adr/0005-encoder-settings.md found best.
_SAVERS: dict[Format, tuple[str, dict[str, Any]]] = {
    Format.JPEG: ("jpegsave", {"optimize_coding": True}),
    Format.WEBP: ("webpsave", {"effort": 2}),
    Format.AVIF: ("heifsave", {"compression": "av1", "effort": 0}),
}
_MARGIN = 1.5  # what a decoder that shrinks leaves to the resampler


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
    pyvips.cache_set_max(0)
    foreign.lock_down(USUAL_LIMITS.max_pixels)


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
    image = _load(job, shrink)
    image = image.resize(scaled.width / image.width, vscale=scaled.height / image.height, gap=0)
    name, options = _SAVERS[job.format]
    getattr(image, name)(str(job.target), Q=job.quality, keep="none", **options)
    return time.perf_counter() - started


def _load(job: Job, shrink: float) -> pyvips.Image:
    if job.source not in _LOADERS:
        return foreign.load(job.path, job.source)
    options: dict[str, Any] = {"access": "sequential"}
    if job.source is Format.JPEG:
        options["shrink"] = next((step for step in (8, 4, 2) if shrink / step >= _MARGIN), 1)
    elif job.source is Format.WEBP and shrink > 2 * _MARGIN:
        options["scale"] = _MARGIN / shrink
    return getattr(pyvips.Image, _LOADERS[job.source])(str(job.path), **options)
