"""What must be known to read the table of peers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from tests.load.peers.contenders import is_stock
from tests.load.peers.sources import Source
from tests.load.processes import Memory

_MB = 1_000_000
_STORES = "Tintype writes each rendition to its store, the others keep nothing; nothing is asked for twice."
_STOCK = "Peers: they have their own encoder settings (TINTYPE_BENCH_PEERS=stock)."
_TUNED = (
    "Peers: their encoders are set as Tintype's are where they can be: baseline JPEG, WebP effort 2 (not thumbor: always "
    "4), AVIF at its fastest with halved colours. TINTYPE_BENCH_PEERS=stock leaves them as they come."
)
_CALIBRATION = (
    "Peers: q is what a server must be asked for to have at least Tintype's mean SSIM on three samples, and KB, SSIM "
    "and PSNR are those of these samples; the timed ones have up to 4 more or less."
)
_MEASURES = (
    "Peers: SSIM (lightness) and PSNR (colours) are against the whole original, decoded at full size, Lanczos, never "
    "compressed: what shrinking while decoding costs is in it."
)


def before(sources: Iterable[Source], missing: Mapping[str, str]) -> list[str]:
    """What was measured."""
    return [
        *(f"Peers: {name} is left out: {why}" for name, why in missing.items()),
        f"{_sizes(list(sources))} Load of the machine before: {os.getloadavg()[0]:.1f}, which should be near 0.",
        f"Peers: each has {os.cpu_count()} processes for images, Tintype one more for HTTP. {_STORES}",
        _STOCK if is_stock() else _TUNED,
    ]


def _sizes(sources: list[Source]) -> str:
    size = sources[0].size
    return f"Peers: the source is {size.width}x{size.height}: {', '.join(str(source) for source in sources)}."


def after(memories: Mapping[str, Memory], rounds: int, seconds: float) -> list[str]:
    """How it was measured, and the memory that it took."""
    each = ", ".join(
        f"{name} {memory.peak / _MB:.0f} MB ({memory.before / _MB:.0f} at first)" for name, memory in memories.items()
    )
    return [
        f"Peers: {rounds} rounds (fewer in rows that take long) of {seconds} s a server, in turns; 'Tintype is' is the median of the rounds' ratios.",
        _CALIBRATION,
        _MEASURES,
        f"Peers: most memory, the sum of the PSS of all processes of a server, every 250 ms: {each}.",
    ]
