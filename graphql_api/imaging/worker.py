"""The inside of a worker process: how it is locked down when it starts, and which function does which job.

pyvips is imported in functions here, so that the web process can name these functions without ever loading libvips.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
import resource
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from graphql_api.errors import TooLarge, UnsupportedMedia, full_disk_is_typed
from graphql_api.imaging.jobs import Clean, Examine, Finding, Probe, Prove, Render, SelfTest, Sketch, WorkerSettings
from graphql_api.imaging.models import MODELS

if TYPE_CHECKING:
    from graphql_api.domain.traits import Placeholder, Probed

# Of glibc's mallopt(3). Two arenas keep the resident size flat under many threads. A decoded original goes back to the
# system at once, while what a usual rendition takes stays for the next; unless told, malloc soon keeps both.
_MALLOC = {
    -8: 2,  # M_ARENA_MAX
    -3: 8 * 1024 * 1024,  # M_MMAP_THRESHOLD
    -1: 16 * 1024 * 1024,  # M_TRIM_THRESHOLD
}
_THREADS = ("VIPS_CONCURRENCY", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")

_MAX_PIPED = 256 * 1024
_TRIM_BYTES = 192 * 1024 * 1024

# How libvips and the libraries below it say that they got no memory; they have no other way to say which error it is.
_NO_MEMORY = re.compile("(out of|insufficient|not enough) memory|(cannot|failed to|unable to) allocate", re.IGNORECASE)

T = TypeVar("T")
JobT = TypeVar("JobT")


def start(settings: WorkerSettings) -> None:
    """Lock this process down before the first image: memory, threads, caches, loaders."""
    # pebble lets SIGTERM run Python code, which waits for as long as libvips does: end at once instead.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # other C libraries do not have the knobs
        for knob, value in _MALLOC.items():
            mallopt(knob, value)
    resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes, settings.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # One worker per core: threads inside libraries would only fight, and take address space. They read this when they
    # are loaded.
    os.environ |= dict.fromkeys(_THREADS, "1")
    from graphql_api.imaging import codecs

    codecs.lock_down(settings.max_pixels)
    MODELS.set(settings.models)


def probe(job: Probe) -> Probed:
    """Tell what the file is and shows; UnsupportedMedia when it does not decode from end to end."""
    from graphql_api.imaging import probing

    return _run(functools.partial(probing.probe, job))


def clean(job: Clean) -> None:
    """Write the drawing without scripts and references."""
    from graphql_api.imaging import drawing

    _run(functools.partial(drawing.clean, job))


def render(job: Render) -> bytes | None:
    """Make the rendition that the job asks for; into its target, when the way through the pipe would be a long one."""
    from graphql_api.imaging import pipeline

    def task() -> bytes | None:
        content = pipeline.render(job)
        if len(content) <= _MAX_PIPED:
            return content
        job.target.write_bytes(content)
        return None

    return _run(task)


def prove(job: Prove) -> None:
    """Make the proof that the job asks for."""
    from graphql_api.imaging import proofs

    _run(functools.partial(proofs.prove, job))


def sketch(jobs: Sequence[Sketch]) -> list[Placeholder | None]:
    """The placeholders of these stages' results: so small that several are one piece of work. None where one fails."""
    from graphql_api.imaging import sketch as sketches

    def attempt(job: Sketch) -> Placeholder | None:
        try:
            return _run(lambda: sketches.sketch(job))
        except (TooLarge, UnsupportedMedia):
            return None

    return [attempt(job) for job in jobs]


def self_test(job: SelfTest) -> dict[str, bool]:
    """For every format: whether a tiny image goes out and in again."""
    from graphql_api.imaging import self_test as tests

    return _run(functools.partial(tests.round_trips, job))


def examine(job: Examine) -> list[Finding]:
    """What a part can do here."""
    from graphql_api.imaging import self_test as tests

    return _run(functools.partial(tests.examine, job))


def work(function: Callable[[JobT], T], job: JobT) -> tuple[T, int]:
    """Do one job; what it gives, and the bytes that this process holds resident after it."""
    result = function(job)
    if (resident := _resident()) > _TRIM_BYTES:
        # What a large image leaves behind in malloc's lists goes back to the system.
        if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
            trim(0)
        resident = _resident()
    return result, resident


def _resident() -> int:
    """Resident bytes of this process; 0 where there is no /proc to ask."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _run(task: Callable[[], T]) -> T:
    """Do it; what libvips says stays in the traceback, which only the log sees (it quotes other requests)."""
    import pyvips

    try:
        with full_disk_is_typed():
            return task()
    except pyvips.Error as error:
        if _NO_MEMORY.search(str(error)):
            raise TooLarge("file", "The image needs more memory than one image may have.") from error
        raise UnsupportedMedia("file", "The image is damaged, or of a kind that cannot be decoded.") from error
    except MemoryError as error:
        raise TooLarge("file", "The image needs more memory than one image may have.") from error
