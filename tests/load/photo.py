"""The pictures that the benchmark sends: made here, so that it needs no files of anybody's.

A photograph has detail at every scale, falling off with frequency, and little of it in its colours; so has this sum of
noises, and so it costs a decoder and an encoder what a photograph costs.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import pyvips

from graphql_api.domain.format import HEAD_BYTES, Format, sniff
from graphql_api.domain.geometry import Size

_WIDTH, _HEIGHT = 4160, 3120  # 13 megapixels, what a phone takes
_QUALITY = 85
# Each octave of the noise: the size of its grain in pixels, how much of the lightness it moves (standard deviation).
_LIGHTNESS = ((512, 15.0), (128, 8.0), (32, 3.5), (8, 2.2), (3, 3.0), (1, 2.5))
_COLOUR = ((640, 18.0), (96, 6.0), (16, 2.0))
_EDGES = 420  # cells of a mosaic, in pixels: contours are what compresses worst
_PNG_SIDE = 4920  # raw RGB of that many pixels squared is 72.6 MB, just below the limit of 70 MiB
_PNG_HEADER = 33  # bytes: the signature and the chunk IHDR


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture in a file, with its size as stored."""

    path: Path
    format: Format
    size: Size

    def __str__(self) -> str:
        megabytes = self.path.stat().st_size / 1e6
        return f"{self.size.width}x{self.size.height} {self.format.name}, {megabytes:.2f} MB"


def take_photo(folder: Path) -> Photo:
    """The photograph of this run: TINTYPE_BENCH_PHOTO, or one made into the folder."""
    if named := os.environ.get("TINTYPE_BENCH_PHOTO"):
        return _open(Path(named).resolve())
    path = folder / "photo.jpg"
    if not path.exists():
        _scene().jpegsave(str(path), Q=_QUALITY, optimize_coding=True)
    return _open(path)


def _open(path: Path) -> Photo:
    with path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES))
    if found is None:
        raise ValueError(f"{path} is no image of a kind that Tintype reads")
    image = pyvips.Image.new_from_file(str(path))
    return Photo(path, found, Size(image.width, image.height))


def _scene() -> pyvips.Image:
    mosaic = pyvips.Image.worley(_WIDTH, _HEIGHT, cell_size=_EDGES, seed=1)
    lightness = 55 + _noise(_LIGHTNESS, seed=10) + (mosaic % 64) / 10
    colours = [_noise(_COLOUR, seed=seed) for seed in (20, 30)]
    lab = lightness.bandjoin(colours).copy(interpretation="lab")
    return lab.colourspace("srgb").cast("uchar")


def _noise(octaves: tuple[tuple[int, float], ...], *, seed: int) -> pyvips.Image:
    layers = [_octave(grain, strength, seed + place) for place, (grain, strength) in enumerate(octaves)]
    return pyvips.Image.sum(layers)


def _octave(grain: int, strength: float, seed: int) -> pyvips.Image:
    """Noise of one scale; the margin keeps interpolation away from the edges."""
    width, height = _WIDTH // grain + 3, _HEIGHT // grain + 3
    noise = pyvips.Image.gaussnoise(width, height, sigma=strength, mean=0, seed=seed)
    return noise.resize(grain, kernel="cubic").crop(grain, grain, _WIDTH, _HEIGHT)


@dataclass(frozen=True, slots=True)
class Bulk:
    """A PNG that is a different file each time it is sent."""

    path: Path

    @property
    def size(self) -> int:
        """How many bytes are sent."""
        return self.path.stat().st_size + len(_comment(0))

    def head(self, number: int) -> bytes:
        """The first bytes of the `number`th file, which is distinct by a comment; `rest_at` says what follows."""
        with self.path.open("rb") as file:
            return file.read(_PNG_HEADER) + _comment(number)

    @property
    def rest_at(self) -> int:
        """Where in the file the bytes after the head begin."""
        return _PNG_HEADER


def make_bulk(folder: Path, side: int = _PNG_SIDE) -> Bulk:
    """A PNG of so many pixels a side, of noise and not compressed: three bytes a pixel."""
    path = folder / f"bulk-{side}.png"
    noise = [pyvips.Image.gaussnoise(side, side, sigma=40, mean=128, seed=seed) for seed in (1, 2, 3)]
    image = noise[0].bandjoin(noise[1:]).cast("uchar").copy(interpretation="srgb")
    image.pngsave(str(path), compression=0, filter="none")
    return Bulk(path)


def make_small(folder: Path) -> Photo:
    """A picture that costs nothing, to wake a server up with."""
    path = folder / "small.png"
    pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb").pngsave(str(path))
    return _open(path)


def _comment(number: int) -> bytes:
    """A tEXt chunk (PNG specification, 11.3.3.3)."""
    body = b"tEXt" + b"Comment\0" + b"%08d" % number
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
