"""What crosses the border between the web process and a worker: plain values, no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graphql_api.domain.format import Format
from graphql_api.domain.limits import PictureLimits
from graphql_api.domain.media import Original
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Recipe


@dataclass(frozen=True, slots=True)
class Probe:
    """Decode this file once, whole, and tell what it is; or, of a drawing, take its size as it says."""

    path: Path
    format: Format
    limits: PictureLimits
    measures_only: bool = False


@dataclass(frozen=True, slots=True)
class Clean:
    """Write what a drawing says without scripts and references to `target`."""

    path: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Render:
    """Make a rendition of the file at `path` into the file at `target`.

    The file is the original, or its proof. `layers` has the files of overlays by content.
    """

    path: Path
    original: Original
    recipe: Recipe
    target: Path
    limits: PictureLimits
    layers: Mapping[str, Path] = field(default_factory=dict)
    from_proof: bool = False


@dataclass(frozen=True, slots=True)
class Prove:
    """Make the proof of the original at `path` into the file at `target`."""

    path: Path
    original: Original
    target: Path


@dataclass(frozen=True, slots=True)
class Sketch:
    """Carry a stage out in miniature on the thumbnail of an original; `layers` has the files of its overlays."""

    thumb: bytes
    original: Original
    stage: Stage
    layers: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Encode and decode one tiny image in every format, in `folder`."""

    folder: Path


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What each worker is told when it starts."""

    memory_bytes: int
    max_pixels: int
