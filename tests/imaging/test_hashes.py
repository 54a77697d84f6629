"""The hashes, against what their reference implementations say of the same pixels."""

from __future__ import annotations

import base64

import pytest
from PIL import Image, ImageEnhance

from graphql_api.imaging.fingerprint import perceptual_hash
from graphql_api.imaging.palette import MAX_COLORS, palette
from graphql_api.imaging.placeholders import blurhash, thumbhash
from tests import pictures


def waves(width: int, height: int, *, alpha: bool = False) -> Image.Image:
    """Pixels by formula, so that a program in another language can make them too."""
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            pixels += bytes([(7 * x * x + 3 * y * x) % 256, (5 * x + 2 * y * y) % 256, (11 * y + x * y) % 256])
            pixels.append((9 * x + 5 * y) % 256 if alpha else 255)
    return Image.frombytes("RGBA", (width, height), bytes(pixels))


# By `rgbaToThumbHash` of the npm package thumbhash 0.1.1, Evan Wallace's own, of the pixels of `waves`.
@pytest.mark.parametrize(
    ("width", "height", "alpha", "expected"),
    [
        (32, 24, False, "HfgFHYRSRXVAZngweBeXklWNr5Lv"),
        (32, 24, True, "HviBDIIndmZziGEKSef3KvePcHhke5d3Bw=="),
        (24, 32, False, "HfgFFQRSU2B2B2QHhnMqaVN8b+Db"),
        (24, 32, True, "HviBDAIYVjSICpeQMcb2BrxqcnegaaiGBw=="),
        (32, 32, False, "HvgFFwQyRWRBZ4cwZheEJ5eRVdT2R/kL"),
        (32, 32, True, "HviBDQIXZkZ0iWAZB0Vdb4WfC3Q20Vh7hw=="),
        (32, 5, False, "lTkKKYxgZWaDeJd3ZV/5pYc="),
        (32, 5, True, "lymGGYQng2mgWnmGX/mFmAE8d3h4eIc="),
        (100, 75, False, "H/gBDYBiEGhkh2dEN0VlVGSe/1Bi"),
    ],
)
def test_thumbhash_is_that_of_the_reference(width: int, height: int, alpha: bool, expected: str) -> None:
    assert base64.b64encode(thumbhash(waves(width, height, alpha=alpha))).decode() == expected


# By `encode` of the PyPI package blurhash 1.1.5 (as in C and Swift; the one in TypeScript scales by the largest wave
# *with* its sign, and cuts off what is below it) of the pixels of `waves`.
@pytest.mark.parametrize(
    ("size", "terms", "expected"),
    [
        ((32, 24), (4, 3), "LHGu%cRCFIOrZ|mmS0R$mPR5t1WW"),
        ((32, 24), (3, 4), "THGu%cRCFIZ|mmS0mPR5t1vNV|bM"),
        ((32, 24), (1, 1), "00Gu%c"),
        ((24, 32), (4, 3), "LFGu,kIuE{J.mRa1J%S5MHe8aJbo"),
        ((32, 32), (3, 4), "TDGu:sN0ENiamnTDQkZhi^z.RPk+"),
        ((32, 5), (4, 3), "LOGHF%L+KgJ8]yV}ocJT#lShjsfQ"),
        ((100, 75), (4, 3), "L5HC7fmrNam0tJS]WTTDaaQ;sRqg"),
    ],
)
def test_blurhash_is_that_of_the_reference(size: tuple[int, int], terms: tuple[int, int], expected: str) -> None:
    assert blurhash(waves(*size).convert("RGB"), *terms) == expected


# By `phash` of the PyPI package ImageHash 4.3.2 of `pictures.photo`.
@pytest.mark.parametrize(
    ("size", "seed", "expected"),
    [
        ((120, 90), 1, "a47aec568b6d4a54"),
        ((100, 75), 3, "a977eb06a552548b"),
        ((64, 100), 5, "8172ab96abb552ac"),
        ((100, 75), 8, "956bd60aa97455aa"),
    ],
)
def test_perceptual_hash_is_that_of_imagehash(size: tuple[int, int], seed: int, expected: str) -> None:
    assert perceptual_hash(pictures.photo(*size, seed=seed)) == expected


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_alike_pictures_have_alike_hashes() -> None:
    photo = pictures.photo(120, 90)
    hashed = perceptual_hash(photo)

    assert _distance(hashed, perceptual_hash(photo.resize((60, 45)))) <= 6
    assert _distance(hashed, perceptual_hash(ImageEnhance.Brightness(photo).enhance(0.8))) <= 6
    assert _distance(hashed, perceptual_hash(photo.transpose(Image.Transpose.ROTATE_180))) > 12


@pytest.mark.parametrize("color", ["black", "white", "#7f3310"])
def test_flat_pictures_have_no_noise(color: str) -> None:
    flat = Image.new("RGBA", (32, 20), color)

    assert set(thumbhash(flat)[5:]) == {0}
    assert perceptual_hash(flat) == ("0" if color == "black" else "8") + 15 * "0"
    assert [(item.color, item.share) for item in palette(flat)] == [("#" + flat.convert("RGB").tobytes()[:3].hex(), 1)]


@pytest.mark.parametrize("size", [(1, 1), (1, 32), (32, 1), (100, 2)])
def test_pictures_of_any_shape_have_hashes(size: tuple[int, int]) -> None:
    picture = pictures.photo(200, 200).resize(size).convert("RGBA")

    assert len(thumbhash(picture)) >= 16
    assert len(blurhash(picture.convert("RGB"), 4, 3)) == 28
    assert len(perceptual_hash(picture)) == 16


def test_a_picture_without_a_visible_pixel_has_hashes_and_no_colors() -> None:
    nothing = Image.new("RGBA", (20, 10), (255, 0, 0, 0))

    assert thumbhash(nothing)[2] & 0x80  # it has alpha
    assert palette(nothing) == ()


def test_a_palette_tells_the_shares_of_distinct_colors() -> None:
    picture = Image.new("RGBA", (40, 40), "#3050a0")
    picture.paste((250, 240, 10, 255), (0, 0, 40, 10))
    picture.paste((252, 238, 12, 255), (0, 0, 40, 2))  # the same to the eye
    picture.paste((255, 0, 0, 20), (0, 30, 40, 40))  # hardly there

    found = palette(picture)
    assert [item.share for item in found] == [0.6667, 0.3333]
    assert found[0].color == "#3050a0"
    assert len(palette(waves(40, 40))) == MAX_COLORS
    assert sum(item.share for item in palette(waves(40, 40))) == pytest.approx(1, abs=0.001)


def test_a_faint_picture_has_colors_too() -> None:
    picture = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 12), (2, 2, 6, 6))

    assert [(item.color, item.share) for item in palette(picture)] == [("#0000ff", 1)]
