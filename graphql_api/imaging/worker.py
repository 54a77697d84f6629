"""The inside of a worker process: how it is locked down when it starts, and which function does which job.

pyvips is imported in functions here, so that the web process can name these functions without ever loading libvips.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from graphql_api.errors import TooLarge, UnsupportedMedia, full_disk_is_typed
from graphql_api.imaging.jobs import Clean, Examine, Finding, Probe, Render, SelfTest, WorkerSettings
from graphql_api.imaging.models import MODELS

if TYPE_CHECKING:
    from graphql_api.domain.media import Original

_M_ARENA_MAX = -8  # of glibc's mallopt(3)
_THREADS = ("VIPS_CONCURRENCY", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")

T = TypeVar("T")


def start(settings: WorkerSettings) -> None:
    """Lock this process down before the first image: memory, threads, caches, loaders."""
    # pebble lets SIGTERM run Python code, which waits for as long as libvips does: end at once instead.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Two malloc arenas keep the resident size flat under many threads; other C libraries do not have the knob.
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 2)
    resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes, settings.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # One worker per core: threads inside libraries would only fight, and take address space. They read this when they
    # are loaded.
    os.environ |= dict.fromkeys(_THREADS, "1")
    from graphql_api.imaging import codecs

    codecs.lock_down(settings.max_pixels)
    MODELS.set(settings.models)


def probe(job: Probe) -> Original:
    """Tell what the file is; UnsupportedMedia when it does not decode from end to end."""
    from graphql_api.imaging import pipeline

    return _run(functools.partial(pipeline.probe, job))


def clean(job: Clean) -> None:
    """Write the drawing without scripts and references."""
    from graphql_api.imaging import drawing

    _run(functools.partial(drawing.clean, job))


def render(job: Render) -> None:
    """Make the rendition that the job asks for."""
    from graphql_api.imaging import pipeline

    _run(functools.partial(pipeline.render, job))


def self_test(job: SelfTest) -> dict[str, bool]:
    """For every format: whether a tiny image goes out and in again."""
    from graphql_api.imaging import self_test as tests

    return _run(functools.partial(tests.round_trips, job))


def examine(job: Examine) -> list[Finding]:
    """What a part can do here."""
    from graphql_api.imaging import self_test as tests

    return _run(functools.partial(tests.examine, job))


def _run(work: Callable[[], T]) -> T:
    """Do the work; what libvips says stays in the traceback, which only the log sees (it quotes other requests)."""
    import pyvips

    try:
        with full_disk_is_typed():
            return work()
    except pyvips.Error as error:
        raise UnsupportedMedia("file", "The image is damaged, or of a kind that cannot be decoded.") from error
    except MemoryError as error:
        raise TooLarge("file", "The image needs more memory than one image may have.") from error
