"""What libjpeg-turbo reads and the encoders of other wheels write is what libvips would have."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import pyvips
from PIL import Image, ImageCms

from graphql_api.domain.format import Format
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.media import Original
from graphql_api.domain.output import Output
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import parse_query
from graphql_api.errors import UnsupportedMedia
from graphql_api.imaging import codecs, jpeg, stills
from graphql_api.imaging.jobs import Render
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.lab import Lab, pixel

BLOBS = ("exif-data", "icc-profile-data", "xmp-data", "iptc-data", "orientation")


def _jpeg(mode: str = "RGB", size: tuple[int, int] = (403, 301), **options: object) -> bytes:
    return pictures.encode(pictures.photo(*size, mode=mode), "JPEG", quality=90, **options)


def _described() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return _jpeg(exif=pictures.camera(6), icc_profile=profile, xmp=b"<x:xmpmeta/>")


KINDS = {
    "colours at half": _jpeg(subsampling=2),
    "colours at half across": _jpeg(subsampling=1),
    "colours whole": _jpeg(subsampling=0),
    "progressive": _jpeg(progressive=True),
    "restarts": _jpeg(restart_marker_rows=1),
    "grey": _jpeg("L"),
    "red, green, blue": _jpeg(keep_rgb=True),
    "narrow": _jpeg(size=(403, 9)),
    "described": _described(),
}


def _open(path: Path, shrink: int) -> pyvips.Image:
    return pyvips.Image.jpegload(str(path), shrink=shrink, fail_on="none")


def _apart(one: pyvips.Image, other: pyvips.Image) -> tuple[float, float]:
    """The mean and the largest difference."""
    assert (one.width, one.height, one.bands, one.format, one.interpretation) == (
        (other.width, other.height, other.bands, other.format, other.interpretation)
    )
    apart = (one - other).abs()
    return apart.avg(), apart.max()


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_is_read_as_libvips_reads_it(tmp_path: Path, kind: str, shrink: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(KINDS[kind])

    decoded = jpeg.decode(path, _open(path, shrink))

    assert decoded is not None
    mean, most = _apart(decoded, _open(path, shrink))
    assert mean < 0.1
    assert most <= 4
    for name in BLOBS:
        assert decoded.get_typeof(name) == _open(path, shrink).get_typeof(name)
        assert not decoded.get_typeof(name) or decoded.get(name) == _open(path, shrink).get(name)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["colours at half", "progressive", "grey"])
async def test_a_truncated_jpeg_is_shown_as_far_as_it_goes(
    imaging: ImagingPool, tmp_path: Path, kind: str, part: float
) -> None:
    path = tmp_path / "file"
    path.write_bytes(KINDS[kind][: int(len(KINDS[kind]) * part)])

    decoded = jpeg.decode(path, _open(path, 2))
    assert decoded is not None
    assert _apart(decoded, _open(path, 2))[0] < 0.5

    original = Original(Format.JPEG, 403, 301)
    recipe = Transform((Stage(width=100),)).settle(original)
    rendered = await imaging.render(Render(path, original, recipe, tmp_path / "out", USUAL_LIMITS))
    assert rendered
    assert pictures.decode(rendered).size == (100, 74)


def test_what_is_not_common_is_left_to_libvips(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(pictures.encode(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG"))
    assert jpeg.decode(path, _open(path, 1)) is None

    path.write_bytes(pictures.encode(Image.new("RGB", (4000, 3000)), "JPEG"))
    assert jpeg.decode(path, _open(path, 1)) is None  # it would take 36 MB
    assert jpeg.decode(path, _open(path, 2)) is not None

    header = _open(path, 2)
    path.write_bytes(KINDS["grey"])  # another file than the one that was looked at
    assert jpeg.decode(path, header) is None
    path.write_bytes(b"\xff\xd8\xff" + bytes(400))
    assert jpeg.decode(path, header) is None


def test_damage_is_still_refused_by_who_reads_strictly(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(KINDS["colours at half"][:4000])

    with pytest.raises(pyvips.Error):
        codecs.load(path, Format.JPEG, strict=True).avg()


# --- writing


def _image(mode: str) -> pyvips.Image:
    picture = pictures.photo(640, 427, mode="RGB")
    if mode.endswith("A"):
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture = picture.convert(mode)
    bands = len(picture.getbands())
    image = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, bands, "uchar")
    return image.copy(interpretation="b-w" if bands < 3 else "srgb")


WRITERS: dict[Format, tuple[str, dict[str, Any]]] = {
    Format.JPEG: ("jpegsave_buffer", {"optimize_coding": True}),
    Format.WEBP: ("webpsave_buffer", {"effort": 2}),
    Format.AVIF: ("heifsave_buffer", {"compression": "av1", "effort": 0}),
}


@pytest.mark.parametrize("quality", [30, 63, 80, 89, 90, 99])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("target", WRITERS)
def test_a_still_is_as_good_and_as_small_as_that_of_libvips(target: Format, mode: str, quality: int) -> None:
    if target is Format.JPEG and mode.endswith("A"):
        return
    image = _image(mode)
    name, options = WRITERS[target]
    theirs = getattr(image, name)(Q=quality, keep="none", **options)

    ours = stills.encode(image, target, quality)

    assert ours is not None
    assert len(ours) < (1.05 if quality < 90 else 1.08) * len(theirs) + 100
    with Image.open(io.BytesIO(ours)) as opened:
        assert opened.format == target.name
        assert opened.size == (640, 427)
        assert ("A" in opened.getbands()) == mode.endswith("A")
    assert _error(image, ours, mode) < 1.15 * _error(image, theirs, mode) + 0.3


def _error(image: pyvips.Image, content: bytes, mode: str) -> float:
    written = pictures.decode(content).convert("RGBA" if mode.endswith("A") else "RGB")
    wanted = image.colourspace("srgb")
    got = pyvips.Image.new_from_memory(written.tobytes(), *written.size, wanted.bands, "uchar")
    return float((wanted - got).abs().avg())


def test_what_others_cannot_write_is_left_to_libvips() -> None:
    image = _image("RGB")

    assert stills.encode(image, Format.PNG, 80) is None
    assert stills.encode(image, Format.WEBP, 100) is None  # which means without loss
    assert stills.encode(image.cast("ushort"), Format.WEBP, 80) is None
    assert stills.encode(_image("RGBA"), Format.JPEG, 80) is None
    large = pyvips.Image.black(4000, 3000, bands=3).copy(interpretation="srgb")
    assert [stills.encode(large, target, 80) for target in WRITERS] == [None, None, None]


@pytest.mark.parametrize("error", [ValueError, OSError, RuntimeError])
def test_an_encoder_that_gives_up_leaves_it_to_libvips(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error("encoding error 1")  # as libwebp says that it got no memory

    monkeypatch.setattr(Image.Image, "save", fail)

    assert stills.encode(_image("RGB"), Format.WEBP, 80) is None
    assert pictures.decode(codecs.encode(_image("RGB"), Format.WEBP, quality=80)).size == (640, 427)


def test_an_avif_has_the_same_bytes_each_time() -> None:
    image = _image("RGB")

    assert stills.encode(image, Format.AVIF, 63) == stills.encode(image, Format.AVIF, 63)


# --- what is not usual


@pytest.mark.parametrize("width", [640, 403, 100, 60, 24])
async def test_a_lossless_jpeg_is_shown_whole_at_any_size(imaging: ImagingPool, tmp_path: Path, width: int) -> None:
    asked = Transform((Stage(width=width),), Output(Format.PNG))
    rendered = pictures.decode(await Lab(imaging, tmp_path).render(pictures.lossless_jpeg(403, 301), asked))

    for place, value in ((0.2, 128), (0.8, 228)):
        assert abs(pixel(rendered, int(place * rendered.width), rendered.height // 2)[0] - value) < 3


@pytest.mark.parametrize(
    ("content", "usual"),
    [
        *((content, True) for content in KINDS.values()),
        (pictures.lossless_jpeg(40, 30), False),
        (KINDS["grey"].replace(b"\xff\xc0", b"\xff\xc9"), False),  # arithmetic codes
        (KINDS["grey"].replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc0\0\x0b\x0c"), False),  # twelve bits
        (KINDS["grey"][:4], False),
        (KINDS["grey"][:2] + b"\0" + KINDS["grey"][2:], False),
        (b"\xff\xd8\xff\xd9", False),
        (b"", False),
    ],
)
def test_what_may_be_shrunk_while_it_is_decoded_is_known_by_its_frame(
    tmp_path: Path, content: bytes, usual: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    assert jpeg.is_usual(path) is usual


ODD = {
    "cmyk": pictures.encode(pictures.photo(403, 301).convert("CMYK"), "JPEG", quality=95),
    "one pixel": pictures.encode(Image.new("RGB", (1, 1), "red"), "JPEG"),
    "nine columns": _jpeg(size=(9, 700)),
    "a line": _jpeg(size=(65_500, 4)),
    "a column": _jpeg(size=(4, 65_500)),
    "no such orientation": _jpeg(exif=pictures.camera(9)),
    "a profile that is none": _jpeg(icc_profile=b"not a profile" * 30),
    "a profile for other colours": _jpeg(
        "L", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ),
    "two ends": _jpeg() + b"\xff\xd9",
    "something behind the end": _jpeg() + bytes(1000),
    "many comments": _jpeg()[:2] + (b"\xff\xfe\xff\xff" + bytes(65_533)) * 20 + _jpeg()[2:],
    "lossless": pictures.lossless_jpeg(403, 301),
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_files_take_what_others_take(imaging: ImagingPool, tmp_path: Path, name: str) -> None:
    lab = Lab(imaging, tmp_path)
    for query in ("", "w=100", "w=30&h=30&fit=cover", "rotate=90&w=3", "format=avif&w=64&h=64", "w=60&metadata=keep"):
        assert await lab.render(ODD[name], parse_query(parse_qsl(query)))


@pytest.mark.parametrize(
    "content",
    [
        _jpeg()[:-2],
        KINDS["grey"].replace(b"\xff\xc0", b"\xff\xc2"),
        KINDS["grey"].replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc0\0\x0b\x0c"),
        KINDS["progressive"][:-2]
        + KINDS["progressive"][KINDS["progressive"].rindex(b"\xff\xda") : -2] * 3000
        + b"\xff\xd9",
    ],
    ids=["no end", "not what it says", "twelve bits", "thousands of scans"],
)
async def test_odd_files_that_do_not_decode_are_refused(imaging: ImagingPool, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        await Lab(imaging, tmp_path).probe(content)
