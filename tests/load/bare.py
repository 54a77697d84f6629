"""The ceiling of a cache miss: libvips alone, with Tintype's own settings, in as many processes as Tintype has workers."""

from __future__ import annotations

import importlib
import importlib.util
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

import pyvips

from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Format
from graphql_api.domain.transform import Stage
from graphql_api.imaging import codecs, steps
from tests.load.client import leave_interrupts_to_parent
from tests.load.figures import Tally


@dataclass(frozen=True, slots=True)
class Job:
    """A rendition to make of the file at `path` into the file at `target`; a `source` of None is a HEIC."""

    path: Path
    source: Format | None
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
    codecs.lock_down()


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
    geometry = Stage(width=job.width).geometry(job.size)
    shrink = min(job.size.width / geometry.scaled.width, job.size.height / geometry.scaled.height)
    image = codecs.load(job.path, job.source, shrink=shrink) if job.source else _load_heic(job.path)
    image = steps.scale(image, steps.Plan(geometry))
    codecs.save(image, job.target, job.format, job.quality)
    return time.perf_counter() - started


def _load_heic(path: Path) -> pyvips.Image:
    """By pi-heif, which is there once Tintype reads HEIC: the libvips of the wheel knows no HEVC."""
    heif = importlib.import_module("pi_heif").open_heif(path)
    rows = pyvips.Image.new_from_memory(bytes(heif.data), heif.stride // 3, heif.size[1], 3, "uchar")
    return rows.crop(0, 0, *heif.size).copy(interpretation="srgb")


def reads_heic() -> bool:
    """Whether `_load_heic` works here."""
    return importlib.util.find_spec("pi_heif") is not None
