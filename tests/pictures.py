"""Pictures that the tests make: no file of anybody else is needed."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import Image, ImageDraw, ImageFilter

ORIENTATION = 0x0112
WALL = (120, 150, 170)


def photo(width: int = 120, height: int = 90, *, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Smooth colours with some detail, different for each seed; the left top quarter is red."""
    picture = Image.linear_gradient("L").resize((width, height))
    other = picture.transpose(Image.Transpose.ROTATE_90).resize((width, height))
    merged = Image.merge("RGB", (picture, other, Image.new("L", (width, height), seed * 37 % 256)))
    draw = ImageDraw.Draw(merged)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=(220, 30, 30))
    chance = random.Random(seed)
    for _ in range(20):
        at = (chance.randrange(width // 2, width), chance.randrange(height))
        draw.ellipse((*at, at[0] + width // 10, at[1] + height // 10), fill=(chance.randrange(256), 90, 60))
    return merged.convert(mode)


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def jpeg(width: int = 120, height: int = 90, *, seed: int = 1, orientation: int | None = None) -> bytes:
    picture = photo(width, height, seed=seed)
    if orientation is None:
        return encode(picture, "JPEG", quality=90)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encode(picture, "JPEG", quality=90, exif=exif)


def png(width: int = 120, height: int = 90, *, seed: int = 1, mode: str = "RGB") -> bytes:
    return encode(photo(width, height, seed=seed, mode=mode), "PNG")


def animation(kind: str, frames: int = 3, width: int = 60, height: int = 40) -> bytes:
    pictures = [photo(width, height, seed=seed) for seed in range(1, frames + 1)]
    return encode(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=120, loop=0)


def png_bomb(width: int, height: int) -> bytes:
    """A valid PNG of this size, all black, in a few bytes per thousand pixels."""
    row = b"\0" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join([packer.compress(row) for _ in range(height)]) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def face(width: int) -> Image.Image:
    """A drawn face, a quarter higher than wide, from hair to chin: what cascades look for, and nobody."""
    picture = Image.new("RGB", (width, width * 5 // 4), WALL)
    draw = ImageDraw.Draw(picture)

    def ellipse(x: float, y: float, across: float, down: float, color: tuple[int, int, int]) -> None:
        draw.ellipse([part * width for part in (x - across, y - down, x + across, y + down)], fill=color)

    ellipse(0.5, 0.58, 0.46, 0.6, (60, 42, 30))
    ellipse(0.5, 0.64, 0.37, 0.48, (224, 178, 150))
    for x in (0.31, 0.69):
        ellipse(x, 0.55, 0.12, 0.08, (176, 128, 104))
        ellipse(x, 0.56, 0.08, 0.04, (245, 240, 235))
        ellipse(x, 0.56, 0.04, 0.04, (40, 30, 25))
        brow = [(x - 0.11) * width, 0.45 * width, (x + 0.11) * width, 0.44 * width]
        draw.line(brow, fill=(70, 48, 36), width=max(1, width // 25))
    ellipse(0.5, 0.74, 0.08, 0.04, (180, 130, 105))
    draw.rectangle([part * width for part in (0.46, 0.52, 0.54, 0.72)], fill=(236, 196, 170))
    ellipse(0.5, 0.9, 0.15, 0.05, (165, 80, 75))
    return picture.filter(ImageFilter.GaussianBlur(width / 80))


def crowd(size: tuple[int, int], *faces: tuple[int, int, int]) -> Image.Image:
    """A wall with faces before it: left, top and width of each."""
    picture = Image.new("RGB", size, WALL)
    for left, top, width in faces:
        picture.paste(face(width), (left, top))
    return picture


def decode(content: bytes) -> Image.Image:
    """The picture in a file, as another library than ours reads it."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture
