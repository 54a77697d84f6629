"""What is found out about a picture when it is uploaded, once it has been read: its traits and its thumbnail."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pyvips
from PIL import Image

from graphql_api.domain.traits import PaletteColor, Placeholder, Traits
from graphql_api.imaging.exif import parse_exif
from graphql_api.imaging.fingerprint import perceptual_hash
from graphql_api.imaging.palette import palette
from graphql_api.imaging.placeholders import blurhash, thumbhash
from graphql_api.imaging.profiles import color_space

SIDE = 100  # pixels of the thumbnail, the longer side
_PALETTE_SIDE = 48
_HASH_SIDE = 32
_PREVIEW_SIDE = 24
_THUMB = {"Q": 50, "alpha_q": 50, "effort": 2, "keep": "none"}
_PREVIEW = {"Q": 30, "alpha_q": 30, "effort": 2, "keep": "none"}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_EXIF = "exif-data"
_WHITE = (255, 255, 255)


def describe(small: pyvips.Image, header: pyvips.Image) -> tuple[Traits, bytes]:
    """The traits and the thumbnail, a WebP, of a picture.

    `small` is the picture upright, in eight-bit sRGB or grey, at most SIDE pixels a side; `header` the file as loaded.
    """
    small = small.copy_memory()  # asked for several times, and each would be a render
    shown = _pillow(small)
    picture = shown.convert("RGBA")
    colors = palette(_shrunk(picture, _PALETTE_SIDE))
    traits = Traits(
        color_space=color_space(header),
        exif=parse_exif(header.get(_EXIF)) if header.get_typeof(_EXIF) else None,
        placeholder=_placeholder(shown, colors),
        palette=colors,
        perceptual_hash=perceptual_hash(_on_white(picture)),
    )
    return traits, small.webpsave_buffer(**_THUMB)


def placeholder(small: pyvips.Image) -> Placeholder:
    """The placeholder of a picture in eight-bit sRGB or grey, at most SIDE pixels a side."""
    shown = _pillow(small)
    return _placeholder(shown, palette(_shrunk(shown.convert("RGBA"), _PALETTE_SIDE)))


def _placeholder(shown: Image.Image, colors: Sequence[PaletteColor]) -> Placeholder:
    tiny = _shrunk(shown.convert("RGBA"), _HASH_SIDE)
    terms = (4, 3) if shown.width >= shown.height else (3, 4)
    return Placeholder(
        thumbhash=base64.b64encode(thumbhash(tiny)).decode(),
        blurhash=blurhash(_on_white(tiny), *terms),
        color=colors[0].color if colors else None,
        preview=base64.b64encode(_preview(shown)).decode(),
    )


def _pillow(small: pyvips.Image) -> Image.Image:
    return Image.frombytes(_MODES[small.bands], (small.width, small.height), small.write_to_memory())


def _preview(shown: Image.Image) -> bytes:
    """A few pixels as a WebP. It goes through libvips: Pillow would load all of its codecs into the worker."""
    tiny = _shrunk(shown, _PREVIEW_SIDE)
    bands = len(tiny.getbands())
    image = pyvips.Image.new_from_memory(tiny.tobytes(), tiny.width, tiny.height, bands, "uchar")
    return image.copy(interpretation="srgb" if bands > 2 else "b-w").webpsave_buffer(**_PREVIEW)  # noqa: PLR2004


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    """The picture, at most so many pixels a side; Pillow keeps hidden colours from bleeding."""
    scale = min(1, side / max(picture.size))
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in mode RGB, with what is behind transparency wherever we flatten."""
    canvas = Image.new("RGBA", picture.size, _WHITE)
    return Image.alpha_composite(canvas, picture).convert("RGB")
