"""Reading and writing files. Figures behind the choices: docs/adr/0005-encoder-settings.md.

Files are opened by the one loader of their sniffed format and by path alone: no caller's string ever reaches libvips'
option parser. Only these loaders are allowed in the process. What the wheel of libvips cannot read (HEIC, BMP, ICO) or
reads slowly (AVIF) comes through `foreign`, `jpeg` reads and `stills` writes what is common faster than libvips would.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.imaging import foreign, jpeg, stills
from graphql_api.imaging.metadata import NOTHING, Carried, with_head

_LOADERS = {
    Format.JPEG: ("jpegload", "VipsForeignLoadJpegFile"),
    Format.PNG: ("pngload", "VipsForeignLoadPngFile"),
    Format.GIF: ("gifload", "VipsForeignLoadNsgifFile"),
    Format.WEBP: ("webpload", "VipsForeignLoadWebpFile"),
    Format.TIFF: ("tiffload", "VipsForeignLoadTiffFile"),
    Format.SVG: ("svgload", "VipsForeignLoadSvgFile"),
}

_THUMB_LOADER = "VipsForeignLoadWebpBuffer"  # for what we wrote ourselves

# Effort and filter levels give most of the size for a fraction of the time of the encoders' own defaults.
_SAVERS: dict[Format, tuple[str, dict[str, Any]]] = {
    Format.JPEG: ("jpegsave_buffer", {"optimize_coding": True}),
    Format.PNG: ("pngsave_buffer", {"compression": 3, "filter": "avg"}),
    Format.GIF: ("gifsave_buffer", {"effort": 1, "dither": 0}),
    Format.WEBP: ("webpsave_buffer", {"effort": 2}),
    Format.AVIF: ("heifsave_buffer", {"compression": "av1", "effort": 0}),
}
_LOSSLESS = 100

_WHITE = [255, 255, 255]

# A shrink while loading keeps its quality when at least this much is left for the resampler (measured, PSNR).
_SHRINK_MARGIN = 1.5
_JPEG_SHRINKS = (8, 4, 2)
_NARROW = 8
_POINTS, _CSS_DPI = 72, 96  # pixels an inch: of libvips, and of browsers


def lock_down(max_pixels: int) -> None:
    """Switch off the operation caches, all loaders but ours, and libvips' log lines (they quote files)."""
    if not pyvips.API_mode:
        raise RuntimeError("pyvips runs without its compiled binding: pyvips and pyvips-binary do not match")
    pyvips.cache_set_max(0)
    pyvips.cache_set_max_mem(0)
    pyvips.cache_set_max_files(0)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in (*(loader for _, loader in _LOADERS.values()), _THUMB_LOADER):
        pyvips.operation_block_set(loader, False)
    logging.getLogger("pyvips").setLevel(logging.CRITICAL)
    foreign.lock_down(max_pixels)


def load(path: Path, source: Format, *, frames: bool = False, strict: bool = False, shrink: float = 1) -> pyvips.Image:
    """Open a file for one pass from top to bottom.

    `frames` takes all of an animation, one below the other. `strict` refuses damaged data. A `shrink` above 1 lets the
    decoder leave pixels out, as long as the resampler still has enough; a drawing is made at exactly that scale, which
    may be a larger one.
    """
    if source in foreign.READERS:
        return foreign.load(path, source)
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error" if strict else "none"}
    if frames and source.can_move:
        options["n"] = -1
    if source is Format.JPEG:
        options["shrink"] = _jpeg_shrink(shrink) if jpeg.is_usual(path) else 1
    elif source is Format.WEBP and not frames and shrink > 2 * _SHRINK_MARGIN:
        options["scale"] = _SHRINK_MARGIN / shrink
    elif source is Format.SVG:
        options |= {"dpi": _CSS_DPI, "scale": _POINTS / _CSS_DPI / shrink}
    image = _operation(_LOADERS[source][0])(str(path), **options)
    if source is Format.JPEG and not strict and (decoded := jpeg.decode(path, image)):
        return decoded
    return image


def load_thumb(content: bytes) -> pyvips.Image:
    """A thumbnail of ours, in memory."""
    return _operation("webpload_buffer")(content).copy_memory()


def frames_of(image: pyvips.Image) -> tuple[int, Size]:
    """How many frames a loaded image holds, and the size of one."""
    height = image.get_page_height()
    return image.height // height, Size(image.width, height)


def exact_ratio(loaded: Size, stored: Size, source: Format) -> tuple[float, float]:
    """Loaded pixels over stored ones, across and down: a JPEG is shrunk by a whole number, its sides rounded up."""
    ratio = loaded.width / stored.width, loaded.height / stored.height
    if source is not Format.JPEG:
        return ratio
    return 1 / max(1, round(1 / ratio[0])), 1 / max(1, round(1 / ratio[1]))


def bounded(shrink: float, size: Size) -> float:
    """As much of a shrink as leaves some pixels of a very narrow picture: decoders round its sides to nothing."""
    return min(shrink, max(1.0, min(size.width, size.height) / _NARROW)) if shrink > 1 else shrink


def _jpeg_shrink(shrink: float) -> int:
    return next((step for step in _JPEG_SHRINKS if shrink / step >= _SHRINK_MARGIN), 1)


def encode(image: pyvips.Image, target: Format, *, quality: int | None = None, carried: Carried = NOTHING) -> bytes:
    """The file with the metadata that is carried over; JPEG, which has no transparency, gets white behind it.

    In memory: of a full disk libvips would say no more than that it could not write.
    """
    if target is Format.JPEG and image.hasalpha():
        image = image.flatten(background=_WHITE)
    if quality is not None and carried.keep == NOTHING.keep and not _moves(image):
        content = stills.encode(image, target, quality)
        if content is not None:
            return with_head(content, carried.head)
    name, options = _SAVERS[target]
    if quality is not None:
        options = options | _quality_options(target, quality)
    return with_head(getattr(image, name)(keep=carried.keep, **options), carried.head)


def _moves(image: pyvips.Image) -> bool:
    return image.get_page_height() != image.height


def _quality_options(target: Format, quality: int) -> dict[str, Any]:
    if target is Format.PNG:
        return {"palette": True, "Q": quality, "effort": 1} if quality < _LOSSLESS else {}
    if target is Format.WEBP and quality == _LOSSLESS:
        return {"lossless": True}
    return {"Q": quality}


def _operation(name: str) -> Any:
    """A class-level operation of pyvips, which has no static type."""
    return getattr(pyvips.Image, name)
