"""The one picture that every server is given, in each of the formats it is read from."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pyvips

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from tests.load.photo import take_photo

# A real photograph, where the checkout has this neighbour: nothing depends on it.
_CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "photo-6mp.jpg"
_WIDTH = 2720  # what peers are usually measured with; a larger photograph is made so wide
# Decoders that halve while they decode round a side up, and Pillow takes that for the whole: a shift of less than a
# pixel, which nobody sees but SSIM. Sides that divide spare everybody that.
_MULTIPLE = 16
_SAVERS: dict[str, tuple[str, dict[str, int | str]]] = {
    "jpg": ("jpegsave", {"Q": 88, "optimize_coding": True}),
    "png": ("pngsave", {"compression": 6, "filter": "all"}),
    "webp": ("webpsave", {"Q": 90}),
    "avif": ("heifsave", {"compression": "av1", "Q": 75, "effort": 1}),
}
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Source:
    """A picture in a file; `decoded` holds the same pixels in a format that libvips reads."""

    kind: str
    path: Path
    decoded: Path
    size: Size

    @property
    def format(self) -> Format:
        """Its format."""
        return Format(self.kind)

    def __str__(self) -> str:
        return f"{self.kind} {self.path.stat().st_size / 1e6:.2f} MB"


def make_sources(folder: Path, pillow: Path | None) -> dict[str, Source]:
    """The picture in every format, as files in `folder`; a HEIC only where `pillow`, a Python that writes it, is given."""
    image = _take(folder)
    size = Size(image.width, image.height)
    sources = {}
    for kind, (saver, options) in _SAVERS.items():
        path = folder / f"photo.{kind}"
        getattr(image, saver)(str(path), keep="none", **options)
        sources[kind] = Source(kind, path, path, size)
    if pillow:
        heic, decoded = folder / "photo.heic", folder / "decoded.png"
        program = [str(pillow), str(Path(__file__).with_name("heic.py"))]
        subprocess.run([*program, str(sources["png"].path), str(heic), str(decoded)], timeout=_SECONDS, check=True)
        sources["heic"] = Source("heic", heic, decoded, size)
    return sources


def _take(folder: Path) -> pyvips.Image:
    """TINTYPE_BENCH_PHOTO, the corpus, or the photo that is made."""
    from_corpus = "TINTYPE_BENCH_PHOTO" not in os.environ and _CORPUS.exists()
    image = pyvips.Image.new_from_file(str(_CORPUS if from_corpus else take_photo(folder.parent).path))
    if image.width > _WIDTH + _MULTIPLE:
        image = image.resize(_WIDTH / image.width)
    image = image.crop(0, 0, image.width // _MULTIPLE * _MULTIPLE, image.height // _MULTIPLE * _MULTIPLE)
    return image.copy_memory()
