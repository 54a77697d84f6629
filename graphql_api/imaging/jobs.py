"""What crosses the border between the web process and a worker: plain values, no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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
    """Make a rendition of the file at `path`: its bytes or, of a large one, the file at `target`.

    The file is the original, or its proof. `layers` has the files of overlays by content, those in `proved` are proofs.
    """

    path: Path
    original: Original
    recipe: Recipe
    target: Path
    limits: PictureLimits
    layers: Mapping[str, Path] = field(default_factory=dict)
    from_proof: bool = False
    proved: frozenset[str] = frozenset()


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
    """Encode and decode one tiny image in every format that is written, in `folder`."""

    folder: Path


class Part(StrEnum):
    """What is examined at once: a model that ends its worker must not hide what else works."""

    FORMATS = "formats"
    TEXT = "text"
    SEGMENT = "segment"
    FACES = "faces"


@dataclass(frozen=True, slots=True)
class Examine:
    """Try out, in `folder`, all that this part can do here."""

    folder: Path
    part: Part


class State(StrEnum):
    """How an ability is."""

    WORKS = "ok"
    ABSENT = "no"  # not installed, which is nobody's fault
    BROKEN = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """An ability, how it is, and what there is to say about that."""

    name: str
    state: State
    note: str = ""

    @property
    def works(self) -> bool:
        """Whether all that is installed and configured does; what is not, need not."""
        return self.state is not State.BROKEN


@dataclass(frozen=True, slots=True)
class Models:
    """Files of networks, where the operator has some: one that cuts foregrounds out, one that finds faces (YuNet)."""

    segmentation: Path | None = None
    faces: Path | None = None

    @property
    def resident_bytes(self) -> int:
        """What they take of a worker that has loaded them, at the most: two and a half times their files, measured."""
        return 3 * sum(path.stat().st_size for path in (self.segmentation, self.faces) if path)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What each worker is told when it starts."""

    memory_bytes: int
    max_pixels: int
    models: Models = Models()
