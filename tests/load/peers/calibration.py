"""Which quality each server must be asked for, so that all renditions look as good as Tintype's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphql_api.domain.format import Format
from tests.load.asking import fetch_all
from tests.load.peers.contenders import Contender
from tests.load.peers.quality import Quality, measure_quality
from tests.load.peers.sources import Source

# Tintype's own defaults, which are the usual ones (docs/adr/0005-encoder-settings.md).
NOMINAL = {Format.JPEG: 80, Format.WEBP: 80, Format.AVIF: 63}
SAMPLE_WIDTHS = (608, 640, 672)
_LOWEST, HIGHEST = 30, 95


@dataclass(frozen=True, slots=True)
class Level:
    """A quality to ask for, what that looks like, and what the nominal one does; `reached` when it is as good."""

    asked: int
    quality: Quality
    nominal: Quality
    reached: bool = True


def sample(contender: Contender, source: Source, target: Format, quality: int) -> Quality:
    """The quality of the sample renditions. CannotRead, BadAnswer."""
    questions = [contender.question(source, target, width, quality) for width in SAMPLE_WIDTHS]
    return measure_quality(source.decoded, fetch_all(questions))


def calibrate(contender: Contender, source: Source, target: Format, aim: float | None) -> Level:
    """The lowest quality whose mean SSIM is at least `aim`; the nominal one without an aim, or if none is so good."""
    asked = NOMINAL[target]
    nominal = sample(contender, source, target, asked)
    if aim is None:
        return Level(asked, nominal, nominal)
    found = _search(lambda quality: sample(contender, source, target, quality), asked, nominal, aim)
    return Level(*found, nominal) if found else Level(asked, nominal, nominal, reached=False)


def _search(measure: Callable[[int], Quality], start: int, nominal: Quality, aim: float) -> tuple[int, Quality] | None:
    """By halving, first between the start and a few steps beside it: nominal qualities are not far off."""
    good, bad = HIGHEST + 1, _LOWEST - 1
    best: tuple[int, Quality] | None = None
    if nominal.ssim >= aim:
        good, best = start, (start, nominal)
    else:
        bad = start
    step = 2
    while good - bad > 1:
        near = bad + step if best is None else good - step
        quality = near if bad < near < good else (good + bad) // 2
        quality = min(quality, HIGHEST)
        step *= 2
        measured = measure(quality)
        if measured.ssim >= aim:
            good, best = quality, (quality, measured)
        else:
            bad = quality
    return best
