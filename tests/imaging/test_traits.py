"""What workers find out about real files: of the upright picture, whatever its colours, depth and frames."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageOps

from graphql_api.domain.format import HEAD_BYTES, Format, sniff
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.traits import ColorSpace, Exif, Location, Placeholder, Probed
from graphql_api.imaging import profiles
from graphql_api.imaging.jobs import Probe
from graphql_api.imaging.pool import ImagingPool
from tests import pictures


class Prober:
    """Files in, findings out."""

    def __init__(self, imaging: ImagingPool, folder: Path) -> None:
        self._imaging = imaging
        self._path = folder / "file"

    async def __call__(self, content: bytes) -> Probed:
        self._path.write_bytes(content)
        found = sniff(content[:HEAD_BYTES])
        assert found
        return await self._imaging.probe(Probe(self._path, found, USUAL_LIMITS))


@pytest.fixture
def probe(imaging: ImagingPool, tmp_path: Path) -> Prober:
    return Prober(imaging, tmp_path)


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of two pictures, the second brought to the size of the first, 0 to 255."""
    changed = ImageChops.difference(first.convert("RGB"), second.convert("RGB").resize(first.size)).convert("L")
    return sum(value * count for value, count in enumerate(changed.histogram())) / (changed.width * changed.height)


def placeholder(probed: Probed) -> Placeholder:
    assert probed.traits.placeholder
    return probed.traits.placeholder


def preview(probed: Probed) -> Image.Image:
    return pictures.decode(base64.b64decode(placeholder(probed).preview))


def largest(probed: Probed) -> tuple[int, ...]:
    """The dominant colour."""
    return tuple(bytes.fromhex((placeholder(probed).color or "#").removeprefix("#")))


def is_close(color: tuple[int, ...], red: int, green: int, blue: int, tolerance: int = 16) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(color, (red, green, blue), strict=True))


SAME = pictures.photo(400, 300)
FILES = {
    Format.JPEG: pictures.encode(SAME, "JPEG", quality=95),
    Format.PNG: pictures.encode(SAME, "PNG"),
    Format.GIF: pictures.encode(SAME, "GIF"),
    Format.WEBP: pictures.encode(SAME, "WEBP", quality=95),
    Format.AVIF: pictures.encode(SAME, "AVIF", quality=95),
}


@pytest.mark.parametrize("kind", list(FILES))
async def test_the_same_picture_has_the_same_traits_in_any_format(probe: Prober, kind: Format) -> None:
    probed, png = await probe(FILES[kind]), await probe(FILES[Format.PNG])
    thumb = pictures.decode(probed.thumb)

    assert (thumb.format, thumb.size) == ("WEBP", (100, 75))
    assert len(probed.thumb) < 2500
    assert difference(thumb, SAME) < 10
    assert preview(probed).size == (24, 18)
    assert len(placeholder(probed).preview) < 600
    assert difference(preview(probed), SAME.resize((24, 18))) < 16
    assert probed.traits.color_space is ColorSpace.SRGB
    assert probed.traits.exif is None
    hashes = [int(item.traits.perceptual_hash or "", 16) for item in (probed, png)]
    assert (hashes[0] ^ hashes[1]).bit_count() <= 4
    assert is_close(largest(probed), *largest(png))
    assert probed.traits.palette
    assert 1 < len(probed.traits.palette) <= 6
    shares = [item.share for item in probed.traits.palette]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.001


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_traits_are_of_the_upright_picture(probe: Prober, orientation: int) -> None:
    content = pictures.jpeg(320, 180, orientation=orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    probed = await probe(content)
    expected = await probe(pictures.encode(upright, "PNG"))
    thumb = pictures.decode(probed.thumb)

    assert (probed.original.width, probed.original.height) == upright.size
    assert max(thumb.size) == 100
    assert (thumb.width > thumb.height) is (upright.width > upright.height)
    assert difference(thumb, upright) < 10
    hashes = [int(item.traits.perceptual_hash or "", 16) for item in (probed, expected)]
    assert (hashes[0] ^ hashes[1]).bit_count() <= 4
    landscape = base64.b64decode(placeholder(probed).thumbhash)[4] >> 7
    assert bool(landscape) is (upright.width > upright.height)
    assert difference(preview(probed), preview(expected)) < 12


async def test_what_a_camera_wrote_is_read_from_every_format_that_holds_it(probe: Prober) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        probed = await probe(pictures.encode(pictures.photo(), kind, exif=pictures.camera()))

        exif = probed.traits.exif
        assert exif, kind
        assert (exif.make, exif.artist, exif.iso, exif.f_number) == ("Maker", "Zoë", 400, 2.8)
        assert exif.taken_at == "2024-05-06T07:08:09-03:30"
        assert exif.location == Location(64.1416667, -21.9375, -12.5)


async def test_broken_exif_costs_nothing_but_itself(probe: Prober) -> None:
    blob = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x0f\x01\x02\0\xff\xff\xff\xff\x08\0\0\0" * 40
    probed = await probe(pictures.encode(pictures.photo(), "JPEG", exif=blob))

    assert probed.original.width == 120
    assert probed.traits.exif is None or isinstance(probed.traits.exif, Exif)
    assert probed.traits.perceptual_hash


async def test_grey_and_sixteen_bits(probe: Prober) -> None:
    grey = pictures.photo(300, 200, mode="L")
    deep = grey.convert("I").point(lambda v: v * 257).convert("I;16")
    for content in (
        pictures.encode(grey, "PNG"),
        pictures.encode(grey, "JPEG"),
        pictures.encode(deep, "PNG"),
        pictures.encode(grey.convert("LA"), "PNG"),
    ):
        probed = await probe(content)

        assert probed.traits.color_space is ColorSpace.GRAY
        assert difference(pictures.decode(probed.thumb), grey) < 10
        assert difference(preview(probed), grey.resize((24, 16))) < 16
        assert probed.traits.palette
        assert all(item.color[1:3] == item.color[3:5] == item.color[5:7] for item in probed.traits.palette)


async def test_cmyk_is_shown_in_srgb(probe: Prober) -> None:
    probed = await probe(pictures.encode(Image.new("CMYK", (300, 200), (0, 255, 255, 0)), "JPEG", quality=95))

    assert probed.traits.color_space is ColorSpace.CMYK
    assert is_close(largest(probed), 237, 28, 36, tolerance=30)


async def test_profiles_name_the_space(probe: Prober) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = srgb.replace("sRGB built-in".encode("utf-16-be"), "Display P3\0\0\0".encode("utf-16-be"))
    strange = srgb.replace("sRGB built-in".encode("utf-16-be"), "sRGB by night".encode("utf-16-be"))
    for profile, expected in (
        (srgb, ColorSpace.SRGB),
        (renamed, ColorSpace.DISPLAY_P3),
        (strange, ColorSpace.RGB),
    ):
        probed = await probe(pictures.encode(pictures.photo(), "PNG", icc_profile=profile))
        assert probed.traits.color_space is expected


@given(st.binary(max_size=300), st.sampled_from([b"", bytes(131) + b"\1desc", bytes(128) + b"\xff\xff\xff\xffdesc"]))
def test_no_profile_raises(noise: bytes, head: bytes) -> None:
    assert profiles._named(head + noise) in ColorSpace


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
async def test_of_an_animation_the_first_frame_is_described(probe: Prober, kind: str) -> None:
    probed = await probe(pictures.animation(kind, frames=4, width=200, height=120))
    thumb = pictures.decode(probed.thumb)

    assert probed.original.frames == 4
    assert (thumb.size, getattr(thumb, "n_frames", 1)) == ((100, 60), 1)
    assert difference(thumb, pictures.photo(200, 120, seed=1)) < 12


@pytest.mark.parametrize("size", [40, 1000])
async def test_alpha_is_kept_and_hidden_colors_stay_hidden(probe: Prober, size: int) -> None:
    source = Image.new("RGBA", (size, size), (255, 0, 0, 0))
    source.paste((0, 0, 255, 255), (size // 2, 0, size, size))
    probed = await probe(pictures.encode(source, "PNG"))

    assert is_close(largest(probed), 0, 0, 255)
    assert base64.b64decode(placeholder(probed).thumbhash)[2] & 0x80  # says that it has alpha
    for shown in (pictures.decode(probed.thumb), preview(probed)):
        visible = shown.convert("RGBA")
        left, right = visible.getpixel((1, 1)), visible.getpixel((visible.width - 2, 1))
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        assert left[3] < 20
        assert right[3] > 235
        assert is_close(right[:3], 0, 0, 255, tolerance=30)
    middle = pictures.decode(probed.thumb).convert("RGBA").getpixel((min(size, 100) // 2, 1))
    assert isinstance(middle, tuple)
    assert middle[0] < 80  # WebP halves the resolution of colours


async def test_what_is_wholly_transparent_has_no_colors(probe: Prober) -> None:
    probed = await probe(pictures.encode(Image.new("RGBA", (300, 20), (255, 0, 0, 0)), "PNG"))

    assert probed.traits.palette == ()
    assert placeholder(probed).color is None


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (100, 100), (101, 99), (1, 5000), (70_000, 10), (149, 151), (301, 7)])
async def test_pictures_of_any_shape_are_described(probe: Prober, size: tuple[int, int]) -> None:
    probed = await probe(pictures.png_bomb(*size))
    thumb = pictures.decode(probed.thumb)

    assert max(thumb.size) == min(100, max(size))
    assert probed.traits.palette == () or largest(probed) == (0, 0, 0)


def test_the_web_process_never_loads_pillow() -> None:
    code = "import sys, graphql_api.server; print('PIL' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "False"
