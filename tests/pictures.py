"""Pictures that the tests make: no file of anybody else is needed."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

from PIL import ExifTags, Image, ImageDraw, ImageFilter
from PIL.TiffImagePlugin import IFDRational

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


# The picture of `photo(96, 64)` as HEIC, encoded for this file: nothing that is installed writes the format.
_HEIC = (
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAA"
    "AAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAAEXgAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAA"
    "AACkaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkA"
    "AAAwAAAwAeoDCBBZbqSSmubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAGAAAABAAAAAEHBpeGkAAAAAAwgICAAA"
    "ABZpcG1hAAAAAAAAAAEAAQOBAoMAAARmbWRhdAAABFooAa8fgG0+ZM10df//2CW5/9dCOX8V646q3bio9jGspraGY3DCD1CDXCyOMstE98HEBk"
    "3XTjgGWrqmU8//9ZPtNawW+oZJ7yBNwshrQso4CG44Lx5RvmW0rfySFp4YqVJZKPb7/llI3oOybh0BRB+yxULmbeJbjffvnETQET/hjRX6vGO0"
    "7Korb3lTh3Q8XYMoewasgIjQxS29wagOWOxntDfwf68lInkSSKRzWFDtiErd/W+JvqMFtK7WsbuV+gr7HluPiyLTG0Pp+f/l7R9RAdFIaGPoNJ"
    "XDSk5c8kmyw7l1yi/edQ7lXeO2NZ99yJGcRRibFD7aea4NCHXx8mIYC+QOL51F5AFzg4lt0M0i9pUsjLUs7ZHMPlfE04cI1bl5Kdxf6tAavGlj"
    "fu+QL84z34LJcCSqT4v14+gWETk12U+wGQ+ZUu11iI5FXql9l8YMVPlxHEcVUnvCXb5QCLWRr4xxlABQ14SpIwHxUYzr7f+Qo2230vzk0hVkNt"
    "UVV+URG/QH1V5gNjq+K4ZVds8jks+j9KPM5M97H/6C4vkgpQhz9aiIKnQI5U8MylJpD5EP4gB4rCIyfANwH6TmC27ijpyxs6GIGCOnS1Mb/vpb"
    "JRO+PH1Iq8yBWrmTZpN0M3jIavADe2331g3VzWbkshyNU8+TX/HIFzmUiY3cMn+BSAbvr8rkt4vejOTAaBeELSiOB/4NayMeFK7WiM/hnMKQ4e"
    "8ES1PUnqkTixcQq+8RcND3FwvzMky6I6T/aAjdznvzyi81Z3jPsiX8sokEb5WGHEWCLc46dae/rmgcuGm9MytdzpAsM4qSjhgk1af087Df+9Sm"
    "1A9fgG9m7rnqguH27iDM0rkF7Qu5G5cE38Wq06OE+7L9ajHNbFNX8qtkjvbPhye41Wg+FRWYCgf/2YNtlOpvliLRYbpgzvvAepB8tkGgPNdd7y"
    "/JyD/nw1JPoAu+UsjeTSZzJYFDHFrxkXvydX3lTE3jhYc//hdrRisttidtKFEZbnd8ajgPL8gQYcKIG2NYpcUMuH8VWXnqeMbZE4BtvqbWTiZu"
    "hKJ4dwupigzLS/hOUtM3a7funTU8Zj04TDjmoHuU27hrKjaTNXQJHCzgGjh2EsJbqlGc2TFC2vLO9aE+sUWT3FJkqlCm+7oS1B4SkQC0bAM4G5"
    "6RTCKCdDrg7QfrAM3OzMdT4VEdZI9p4XJbLJRpOdPIt10STMVWc1BIMeOWB1zvZ8xakt+uwh7U4pzL7CeBMVSvmPJooO4vbwhX/UOYCIZpySoi"
    "ENbRZTSNH47ldTNqWkSl77ZCsJZqEX7BC10KtzjlF/h+qz+tjib58XP73wMHoIbpkNHc/qgiAXnkz9IP5pjZL28uwJdAOYUbHpbx7N5JtIuUzu"
    "CtHQTFzssh8zxnbZiP1OwF/GNaKZLU5ToLJkMZnC63LnbR37QcE5U4wDibZKYWaA+s1jW0JzhtYgi5/Ge7A1QOoc88adao2wcp"
)


def heic() -> bytes:
    """`photo(96, 64)` as HEIC."""
    return base64.b64decode(_HEIC)


def jxl(picture: Image.Image) -> bytes:
    """The picture as JPEG XL."""
    import imagecodecs
    import numpy as np

    return bytes(imagecodecs.jpegxl_encode(np.asarray(picture), level=90))


def svg(body: str, width: int | str = 100, height: int | str = 80) -> bytes:
    """A drawing."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}">'
    return f"{head}{body}</svg>".encode()


def costly_svg() -> bytes:
    """A drawing of ten to the seventh rectangles, in a few hundred bytes."""
    levels = [f'<g id="g{n}">' + 10 * f'<use xlink:href="#g{n - 1}"/>' + "</g>" for n in range(1, 8)]
    rectangle = '<g id="g0"><rect width="9" height="9"/></g>'
    return svg(f'<defs>{rectangle}{"".join(levels)}</defs><use xlink:href="#g7"/>')


def lossless_jpeg(width: int, height: int) -> bytes:
    """A JPEG of the lossless process (ITU-T T.81, annex H), which Pillow cannot write: grey, its right half brighter.

    Each sample is told by its difference from the one on its left: none (one bit), or 100 (nine).
    """
    row = ["0"] * (3 * width)
    middle = 3 * (width // 2)
    row[middle : middle + 3] = ["10" + format(100, "07b")] * 3
    bits = "".join(row) * height
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    frame = bytes([8]) + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    frame += bytes([3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    codes = bytes([0, 1, 1, *[0] * 14, 0, 7])  # one of one bit, one of two: differences of no and of seven bits
    start = bytes([3, 1, 0, 2, 0, 3, 0, 1, 0, 0])
    segments = ((0xC3, frame), (0xC4, codes), (0xDA, start))
    head = b"".join(bytes([0xFF, kind]) + (len(body) + 2).to_bytes(2, "big") + body for kind, body in segments)
    return b"\xff\xd8" + head + scan + b"\xff\xd9"
