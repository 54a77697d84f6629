"""Cache misses: renditions that nobody has asked for before, over HTTP, against bare libvips in as many processes.

Both make the same renditions of the same file with the same settings and write them to files, in turns within one run.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from graphql_api.domain.format import Format
from tests.load.asking import Question, ask_all
from tests.load.bare import Job, bare_pool, render_all
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
    with tintype(new_installation(folder, "misses")) as server, bare_pool() as pool:
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
        return ask_all((self._question(item) for item in asked), _CLIENTS)

    def _question(self, asked: Asked) -> Question:
        url = f"{self.server.url}{self.path}.{asked.format}?w={asked.width}&q={asked.quality}"
        return Question(url, asked.format.content_type)

    def bare(self, asked: Sequence[Asked]) -> Tally:
        """The renditions by libvips alone."""
        return render_all(self.pool, (self._job(item) for item in asked), _CLIENTS)

    def _job(self, asked: Asked) -> Job:
        photo, target = self.photo, self.folder / f"bare-{asked.number}.{asked.format}"
        return Job(photo.path, photo.format, photo.size, asked.width, asked.quality, asked.format, target)


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
