"""The worker processes that decode and encode, as the web process sees them: a few questions with typed answers.

A crash, a hang or a bomb costs one job. The queue is bounded: past it callers get Overloaded at once.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TypeVar, cast

import structlog
from pebble import ProcessExpired, ProcessPool

from graphql_api.domain.format import Format
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.overlay import Overlay
from graphql_api.domain.stage import Stage
from graphql_api.domain.traits import Placeholder, Probed
from graphql_api.errors import Overloaded, TintypeError, TookTooLong, UnsupportedMedia
from graphql_api.imaging import worker
from graphql_api.imaging.jobs import (
    Clean,
    Examine,
    Finding,
    Models,
    Probe,
    Prove,
    Render,
    SelfTest,
    Sketch,
    WorkerSettings,
)

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")

# Workers are replaced after this many jobs, so that what a C library may leak stays small.
_JOBS_PER_WORKER = 2000
_RETRY_SECONDS = 2
_DRAWING_SECONDS = 10.0  # a few bytes of a drawing can ask for any amount of work

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the pool may take: processes, bytes of address space each, seconds a job, jobs waiting, pixels a picture.

    And the models that it has.
    """

    workers: int
    memory_bytes: int
    seconds: float
    queue: int
    max_pixels: int = USUAL_LIMITS.max_pixels
    recycle_bytes: int = 512 * 1024 * 1024  # resident after a job, models apart: more, and the workers are replaced
    models: Models = Models()


class ImagingPool:
    """Runs jobs in spawned processes; forked ones would hang once libvips has started threads."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._most_resident = bounds.recycle_bytes + bounds.models.resident_bytes
        self._pool = self._new_pool()
        self._draining: asyncio.Future[None] | None = None
        self._jobs = 0
        self._succeeded = time.monotonic()

    @property
    def seconds_since_success(self) -> float:
        """How long ago a job last ended well (or the pool was made)."""
        return time.monotonic() - self._succeeded

    def _new_pool(self) -> ProcessPool:
        bounds = self._bounds
        return ProcessPool(
            max_workers=bounds.workers,
            max_tasks=_JOBS_PER_WORKER,
            initializer=worker.start,
            initargs=(WorkerSettings(bounds.memory_bytes, bounds.max_pixels, bounds.models),),
            context=multiprocessing.get_context("spawn"),
        )

    async def probe(self, job: Probe) -> Probed:
        """What the file is and shows. UnsupportedMedia, TooLarge, Overloaded."""
        return await self._run(worker.probe, job)

    async def clean(self, job: Clean) -> None:
        """Write a drawing without what could do harm. UnsupportedMedia, Overloaded, StorageFull."""
        await self._run(worker.clean, job)

    async def render(self, job: Render) -> bytes | None:
        """A rendition: its bytes or, when they are many, None and the job's target has them. As `prove`."""
        return await self._run(worker.render, job)

    async def prove(self, job: Prove) -> None:
        """Make a proof into the job's target. UnsupportedMedia, TooLarge, Overloaded, StorageFull."""
        await self._run(worker.prove, job)

    async def sketch(self, jobs: Sequence[Sketch]) -> list[Placeholder | None]:
        """The placeholders of these stages' results, in order; None where one cannot be made. Overloaded."""
        return await self._run(worker.sketch, jobs)

    async def self_test(self, job: SelfTest) -> dict[str, bool]:
        """For every format: whether this machine writes and reads it."""
        return await self._run(worker.self_test, job)

    async def examine(self, job: Examine) -> list[Finding]:
        """What a part can do on this machine, tried out."""
        return await self._run(worker.examine, job)

    async def close(self) -> None:
        """End the workers, whatever they are doing."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """As `close`, for who has no event loop; it may take a moment."""
        _stop(self._pool)

    async def _run(self, function: Callable[[JobT], ResultT], job: JobT) -> ResultT:
        if self._jobs >= self._bounds.workers + self._bounds.queue:
            raise Overloaded("Too many images are being processed.", _RETRY_SECONDS)
        self._jobs += 1
        try:
            result = await self._attempt(function, job)
        finally:
            self._jobs -= 1
        self._succeeded = time.monotonic()
        return result

    async def _attempt(self, function: Callable[[JobT], ResultT], job: JobT) -> ResultT:
        try:
            return await self._submit(function, job)
        except BrokenProcessPool:
            # pebble gives its whole pool up when an idle worker is killed; the job had not begun.
            log.warning("imaging_pool_restarted")
        try:
            return await self._submit(function, job)
        except BrokenProcessPool as error:
            raise Overloaded("The image workers are starting anew.", _RETRY_SECONDS) from error

    async def _submit(self, function: Callable[[JobT], ResultT], job: JobT) -> ResultT:
        seconds = min(self._bounds.seconds, _DRAWING_SECONDS) if _draws(job) else self._bounds.seconds
        try:
            pool = self._active_pool()
            future = pool.schedule(worker.work, args=(function, job), timeout=seconds)
        except RuntimeError as error:
            raise BrokenProcessPool from error
        try:
            result, resident = await asyncio.wrap_future(future)
        except TimeoutError as error:
            log.warning("imaging_timeout", job=type(job).__name__)
            raise TookTooLong(f"The image took more than {seconds:g} seconds to process.") from error
        except ProcessExpired as error:
            log.warning("imaging_worker_died", job=type(job).__name__, exit_code=error.exitcode)
            raise UnsupportedMedia("file", "The image could not be processed.") from error
        except TintypeError as error:
            log.info("imaging_refused", job=type(job).__name__, code=error.code, detail=_detail(error))
            raise
        # A worker of a pool that is given up already has no say in the new one.
        if resident > self._most_resident and pool is self._pool and (self._draining is None or self._draining.done()):
            self._recycle(resident)
        return cast("ResultT", result)

    def _recycle(self, resident: int) -> None:
        """Give the next jobs to new workers; the old ones end when they have done theirs."""
        log.info("imaging_workers_recycled", resident=resident)
        old, self._pool = self._pool, self._new_pool()
        self._draining = asyncio.get_running_loop().run_in_executor(None, _drain, old)

    def _active_pool(self) -> ProcessPool:
        if not self._pool.active:
            broken, self._pool = self._pool, self._new_pool()
            asyncio.get_running_loop().run_in_executor(None, _stop, broken)
        return self._pool


def _draws(job: object) -> bool:
    """Whether the job reads a drawing or rasterises it, as the picture itself or on top of it."""
    if isinstance(job, Render):
        return job.original.format is Format.SVG or _lays_drawings(job.recipe.stages)
    if isinstance(job, Sequence):
        return any(isinstance(part, Sketch) and _lays_drawings([part.stage]) for part in job)
    return isinstance(job, Clean) or (isinstance(job, Probe) and job.format is Format.SVG)


def _lays_drawings(stages: Sequence[Stage]) -> bool:
    tops = (top for stage in stages for top in stage.overlays)
    return any(isinstance(top, Overlay) and top.layer and top.layer.original.format is Format.SVG for top in tops)


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _drain(pool: ProcessPool) -> None:
    pool.close()  # type: ignore[no-untyped-call]
    pool.join()


def _detail(error: TintypeError) -> str:
    """What libvips, or a model, said last, for the log only: exceptions and their second lines, but no frames."""
    trace = str(getattr(error, "traceback", ""))
    told = (line for line in trace.splitlines() if line.startswith(("pyvips", "graphql_api", "  ")))
    return " | ".join(line for line in told if not line.startswith(("  File", "    ")))[-500:]
