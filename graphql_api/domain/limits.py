"""The limits of what goes in and what comes out; docs/configuration.md has them with their reasons."""

from __future__ import annotations

from dataclasses import dataclass

MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Pixels count all frames together."""

    max_pixels: int = 100 * MEGA
    max_side: int = 100_000
    max_frames: int = 1000
    max_overlays: int = 5
    max_file_bytes: int = 70 * 1024 * 1024
    max_svg_bytes: int = 10 * 1024 * 1024
    max_output_pixels: int = 25 * MEGA  # for what enlarges; a result may also have as many as its original
    max_output_side: int = 16_384
    max_gif_pixels: int = 4 * MEGA  # slow to write, and nothing stops libvips meanwhile


USUAL_LIMITS = PictureLimits()


@dataclass(frozen=True, slots=True)
class GraphQLRules:
    """What GraphQL takes and tells; `batch` is the number of operations in one request, 0 for no batches."""

    introspection: bool
    federation: bool
    suggestions: bool
    batch: int
    seconds: float
    max_response_bytes: int
    draft: bool
