"""Pictures that the tests make: no file of anybody else is needed."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import ExifTags, Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

ORIENTATION = 0x0112


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


def camera(orientation: int = 1) -> Image.Exif:
    """What a phone writes: all that we look for, taken in Reykjavik below the sea."""
    exif = Image.Exif()
    base, gps = ExifTags.Base, ExifTags.GPS
    exif[base.Orientation] = orientation
    exif[base.Make], exif[base.Model] = "Maker", "Model 7"
    exif[base.Artist], exif[base.Copyright] = "Zoë".encode(), "© Zoë".encode()
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            base.ExposureTime: IFDRational(1, 125),
            base.FNumber: IFDRational(28, 10),
            base.ISOSpeedRatings: 400,
            base.DateTimeOriginal: "2024:05:06 07:08:09",
            base.OffsetTimeOriginal: "-03:30",
            base.FocalLength: IFDRational(35, 1),
            base.BodySerialNumber: "B123",
            base.LensModel: "Lens 35mm",
            base.LensSerialNumber: "L456",
        }
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            gps.GPSLatitudeRef: "N",
            gps.GPSLatitude: (IFDRational(64), IFDRational(8), IFDRational(30)),
            gps.GPSLongitudeRef: "W",
            gps.GPSLongitude: (IFDRational(21), IFDRational(56), IFDRational(15)),
            gps.GPSAltitudeRef: b"\1",
            gps.GPSAltitude: IFDRational(125, 10),
        }
    )
    return exif


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


def decode(content: bytes) -> Image.Image:
    """The picture in a file, as another library than ours reads it."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture
