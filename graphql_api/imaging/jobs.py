"""What crosses the border between the web process and a worker: plain values, no pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphql_api.domain.media import Format, Original
from graphql_api.domain.transform import Recipe


@dataclass(frozen=True, slots=True)
class Probe:
    """Decode this file once, whole, and tell what it is; `max_pixels` counts all frames."""

    path: Path
    format: Format
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Render:
    """Make a rendition of the file at `path` into the file at `target`."""

    path: Path
    original: Original
    recipe: Recipe
    target: Path


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Encode and decode one tiny image in every format, in `folder`."""

    folder: Path


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What each worker is told when it starts."""

    memory_bytes: int
