"""Run by the Python that thumbor is installed in, which can write HEIC: `heic.py <picture> <heic> <decoded>`.

`decoded` is a PNG of what the HEIC holds, for a libvips that cannot read it.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from PIL import Image

_QUALITY = 80


def main(picture: Path, heic: Path, decoded: Path) -> None:
    """Write the picture as HEIC, and what it decodes to."""
    importlib.import_module("pillow_heif").register_heif_opener()
    with Image.open(picture) as image:
        image.convert("RGB").save(heic, quality=_QUALITY)
    with Image.open(heic) as image:
        image.save(decoded, compress_level=1)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
