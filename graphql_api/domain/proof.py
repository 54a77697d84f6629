"""Proofs: a smaller picture of an original that is slow to decode, from which most renditions start, overlays too.

Upright, in sRGB, as a JPEG of 1600 pixels at quality 92. Measured against rendering from the original: luminance SSIM
at least 0.986 for all that is 1.25 times smaller than the proof, and 3 to 50 times as fast (docs/adr/0008-proofs.md).
"""

from __future__ import annotations

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit, Size, fit_box
from graphql_api.domain.media import Original
from graphql_api.domain.output import Metadata
from graphql_api.domain.overlay import Overlay
from graphql_api.domain.transform import Recipe

SIDE = 1600
QUALITY = 92

# Milliseconds to decode a million pixels, and what is slow: a JPEG of more than 12 million, a PNG of 4, an AVIF of 1.6.
# A proof costs as much as two or three renditions of these from the original.
_COSTS = {
    Format.JPEG: 3.7,
    Format.PNG: 11.0,
    Format.WEBP: 14.0,
    Format.AVIF: 28.0,
    Format.HEIC: 48.0,
    Format.JXL: 60.0,
    Format.TIFF: 7.0,
}
_SLOW = 44.0
_MEGA = 1_000_000

# What is left for the resampler: below, the loss shows.
_MARGIN = 1.25


def is_slow(original: Original) -> bool:
    """Whether a proof pays. What moves is decoded frame by frame, and a drawing is made at any size."""
    pixels = original.width * original.height
    return original.frames == 1 and pixels / _MEGA * _COSTS.get(original.format, 0) > _SLOW


def proof_size(original: Original) -> Size:
    """The size of its proof."""
    return fit_box(Size(original.width, original.height), SIDE, SIDE, Fit.SCALE_DOWN).size


def serves(original: Original, recipe: Recipe) -> bool:
    """Whether the recipe may start from the proof instead of the original, as nobody will see."""
    if not is_slow(original) or recipe.metadata is Metadata.KEEP or not recipe.stages:
        return False
    stage = recipe.stages[0]
    if stage.needs_pixels or (stage.trim is not None and stage.trim.auto) or stage.zoom:
        return False
    geometry = stage.geometry(Size(original.width, original.height))
    turned, scaled = geometry.turned, geometry.fitting.scaled
    needed = max(scaled.width / turned.width, scaled.height / turned.height)
    proof = proof_size(original)
    return needed * _MARGIN <= min(proof.width / original.width, proof.height / original.height)


def serves_layers(original: Original, recipe: Recipe) -> frozenset[str]:
    """The content of those overlays that are drawn from their proofs, as nobody will see, wherever they are drawn."""
    served: dict[str, bool] = {}
    size: Size | None = Size(original.width, original.height)
    for stage in recipe.stages:
        base = None
        if size is not None and not stage.needs_pixels:
            geometry = stage.geometry(size)
            base, size = geometry.fitting.size, geometry.size
        else:
            size = None
        for overlay in stage.overlays:
            if isinstance(overlay, Overlay) and overlay.layer:
                digest = overlay.layer.sha256
                served[digest] = served.get(digest, True) and base is not None and _serves(overlay, base)
    return frozenset(digest for digest, may in served.items() if may)


def _serves(overlay: Overlay, base: Size) -> bool:
    if overlay.layer is None or not is_slow(overlay.layer.original):
        return False
    own = Size(overlay.layer.original.width, overlay.layer.original.height)
    target, proof = overlay.size(own, base), proof_size(overlay.layer.original)
    return target.width * _MARGIN <= proof.width and target.height * _MARGIN <= proof.height
