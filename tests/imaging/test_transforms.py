"""Every operation against another library's, or the formula it is documented by; and the order in which they come."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from graphql_api.domain.geometry import Size
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.asking import CONTENT, PHOTO, ask, each, png
from tests.lab import Lab, difference, pixel


@pytest.fixture
def lab(imaging: ImagingPool, tmp_path: Path) -> Lab:
    return Lab(imaging, tmp_path)


def mixed(*rows: Sequence[float]) -> Callable[[Image.Image], Image.Image]:
    """A matrix on the channels."""
    return lambda picture: picture.convert("RGB", [part for row in rows for part in (*row, 0)])


def saturated(factor: float) -> Callable[[Image.Image], Image.Image]:
    luma = (0.2126, 0.7152, 0.0722)
    return mixed(*([luma[c] * (1 - factor) + factor * (r == c) for c in range(3)] for r in range(3)))


GOLDEN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "crop=20,30,100,80": lambda it: it.crop((20, 30, 120, 110)),
    "crop=150,100,500,500": lambda it: it.crop((150, 100, 200, 150)),
    "crop=20,30,100,80&w=50": lambda it: it.crop((20, 30, 120, 110)).resize((50, 40)),
    "trim=10": lambda it: it.crop((10, 10, 190, 140)),
    "trim=5,10,15,20": lambda it: it.crop((20, 5, 190, 135)),
    "crop=20,30,100,80&trim=10": lambda it: it.crop((30, 40, 110, 100)),
    "flip=h": ImageOps.mirror,
    "flip=v": ImageOps.flip,
    "flip=hv": lambda it: it.rotate(180),
    "rotate=90": lambda it: it.rotate(-90, expand=True),
    "rotate=180": lambda it: it.rotate(180),
    "rotate=270": lambda it: it.rotate(90, expand=True),
    "flip=h&rotate=90": lambda it: ImageOps.mirror(it).rotate(-90, expand=True),
    "rotate=90&w=75": lambda it: it.rotate(-90, expand=True).resize((75, 100)),
    "crop=20,30,100,80&rotate=90&w=40&h=40&fit=cover&gravity=top": lambda it: (
        it.crop((20, 30, 120, 110)).rotate(-90, expand=True).resize((40, 50)).crop((0, 0, 40, 40))
    ),
    "w=100&h=100&fit=cover&gravity=left": lambda it: it.resize((134, 100)).crop((0, 0, 100, 100)),
    "w=100&h=100&fit=cover&gravity=right": lambda it: it.resize((134, 100)).crop((34, 0, 134, 100)),
    "w=100&h=40&fit=cover&gravity=bottom": lambda it: it.resize((100, 75)).crop((0, 35, 100, 75)),
    "w=100&h=100&fit=cover&gravity=0.25x0": lambda it: it.resize((134, 100)).crop((8, 0, 108, 100)),
    "w=50&h=100&fit=cover&gravity=0.3,0.5": lambda it: it.resize((134, 100)).crop((15, 0, 65, 100)),
    "w=300&h=300&fit=crop": lambda it: it,
    "w=400&h=200&fit=aspect-crop": lambda it: it.crop((0, 25, 200, 125)),
    "w=50&h=30&fit=fill": lambda it: it.resize((50, 30)),
    "w=100&dpr=1.5": lambda it: it.resize((150, 112)),
    "w=120&h=120&fit=pad&background=ff0000": lambda it: on_canvas(it.resize((120, 90)), (120, 120), (0, 15), "red"),
    "w=120&h=120&fit=pad&gravity=top": lambda it: on_canvas(it.resize((120, 90)), (120, 120), (0, 0), "white"),
    "brightness=1.5": each(lambda v: v * 1.5),
    "brightness=0": each(lambda _: 0),
    "contrast=1.6": each(lambda v: (v - 0.5) * 1.6 + 0.5),
    "contrast=0": each(lambda _: 0.5),
    "gamma=0.5": each(math.sqrt),
    "gamma=2": each(lambda v: v * v),
    "lightness=20": each(lambda v: v + 0.2),
    "lightness=-20": each(lambda v: v - 0.2),
    "exposure=1": each(lambda v: v * 2 ** (1 / 2.2)),
    "brightness=2&contrast=0.5": each(lambda v: (v * 2 - 0.5) * 0.5 + 0.5),
    "filter=negate": ImageOps.invert,
    "saturation=0": saturated(0),
    "saturation=0.5": saturated(0.5),
    "saturation=2": saturated(2),
    "filter=greyscale": saturated(0),
    "filter=sepia": mixed((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131)),
    "blur=3": lambda it: it.filter(ImageFilter.GaussianBlur(3)),
    "blur=20": lambda it: it.filter(ImageFilter.GaussianBlur(20)),
    "sharp=1": lambda it: it.filter(ImageFilter.UnsharpMask(1, 100, 0)),
    "pixelate=50": lambda it: it.resize((4, 3), Image.Resampling.BOX).resize((200, 150), Image.Resampling.NEAREST),
    "padding=10": lambda it: on_canvas(it, (220, 170), (10, 10), "white"),
    "padding=1,2,3,4&background=blue": lambda it: on_canvas(it, (206, 154), (4, 1), "blue"),
    "border=5&border-color=lime": lambda it: on_canvas(it, (210, 160), (5, 5), "lime"),
    "padding=10&border=5": lambda it: on_canvas(
        on_canvas(it, (220, 170), (10, 10), "white"), (230, 180), (5, 5), "black"
    ),
    "w=100&padding=10&dpr=2": lambda it: on_canvas(it, (240, 190), (20, 20), "white"),
    "size=s": lambda it: it,
    "size=lqip": lambda it: it.resize((32, 24)),
    "size=o": lambda it: it,
}


def on_canvas(picture: Image.Image, size: tuple[int, int], at: tuple[int, int], color: str) -> Image.Image:
    canvas = Image.new("RGB", size, color)
    canvas.paste(picture, at)
    return canvas


@pytest.mark.parametrize("query", list(GOLDEN))
async def test_an_operation_does_what_is_written_of_it(lab: Lab, query: str) -> None:
    rendered, expected = await png(lab, query), GOLDEN[query](PHOTO)

    assert rendered.size == expected.size
    assert difference(rendered, expected) < 2.5


async def test_hue_turns_the_color_circle(lab: Lab) -> None:
    content = pictures.encode(Image.new("RGB", (20, 20), (200, 60, 60)), "PNG")
    turned = [pixel(await png(lab, f"hue={degrees}", content), 5, 5) for degrees in (120, 240)]
    hues = [colorsys.rgb_to_hsv(*(channel / 255 for channel in color))[0] * 360 for color in turned]

    assert abs(hues[0] - 120) < 20
    assert abs(hues[1] - 240) < 20


async def test_duotone_leads_from_one_color_to_the_other(lab: Lab) -> None:
    greys = Image.new("L", (3, 1))
    greys.putdata([0, 128, 255])
    rendered = await png(lab, "duotone=000080,ffd700", pictures.encode(greys.resize((60, 20), 0), "PNG"))

    assert pixel(rendered, 5, 5) == (0, 0, 128)
    assert pixel(rendered, 55, 5) == (255, 215, 0)
    assert max(abs(a - b) for a, b in zip(pixel(rendered, 30, 5), (128, 108, 64), strict=True)) < 3


@pytest.mark.parametrize("name", ["dramatic", "noir", "vivid", "warm", "cool", "fade"])
async def test_a_named_look_changes_the_picture_and_keeps_its_shape(lab: Lab, name: str) -> None:
    rendered = await png(lab, f"filter={name}")
    edges = [it.convert("L").filter(ImageFilter.FIND_EDGES) for it in (rendered, PHOTO)]

    assert 2 < difference(rendered, PHOTO) < 60
    assert difference(edges[0], edges[1]) < 12
    red, _, blue = (sum(band.histogram()[i] * i for i in range(256)) for band in rendered.convert("RGB").split())
    own_red, _, own_blue = (sum(band.histogram()[i] * i for i in range(256)) for band in PHOTO.split())
    if name in ("warm", "cool"):
        assert (red / blue > own_red / own_blue) is (name == "warm")
    if name == "noir":
        assert rendered.convert("RGB").convert("HSV").split()[1].getextrema()[1] <= 3  # type: ignore[operator]


async def test_any_angle_opens_transparent_corners(lab: Lab) -> None:
    rendered = await png(lab, "angle=30")
    expected = PHOTO.convert("RGBA").rotate(-30, expand=True, resample=Image.Resampling.BICUBIC)

    assert max(abs(a - b) for a, b in zip(rendered.size, expected.size, strict=True)) <= 2
    assert rendered.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert difference(rendered.resize(expected.size), expected) < 6
    filled = await png(lab, "angle=30&background=red&w=80")
    assert pixel(filled, 0, 0) == (255, 0, 0)
    assert filled.width == 80


async def test_a_border_is_found_and_cut_off(lab: Lab) -> None:
    bordered = on_canvas(PHOTO, (300, 250), (30, 60), "white")
    noisy = bordered.copy()
    noisy.paste((245, 245, 245), (0, 0, 300, 10))

    assert (await png(lab, "trim=auto", pictures.encode(bordered, "PNG"))).size == (200, 150)
    assert (await png(lab, "trim=auto,2", pictures.encode(noisy, "PNG"))).size != (200, 150)
    assert (await png(lab, "trim=auto,15", pictures.encode(noisy, "PNG"))).size == (200, 150)
    assert (await png(lab, "trim=auto&w=100", pictures.encode(bordered, "PNG"))).size == (100, 75)
    assert (await png(lab, "trim=auto&w=50&h=50&fit=cover", pictures.encode(bordered, "PNG"))).size == (50, 50)
    plain = pictures.encode(Image.new("RGB", (40, 30), "white"), "PNG")
    assert (await png(lab, "trim=auto", plain)).size == (40, 30)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize(("ground", "inner"), [("white", "white"), ("black", "black"), ("white", "black")])
async def test_a_border_may_differ_in_its_transparency_alone(lab: Lab, mode: str, ground: str, inner: str) -> None:
    picture = Image.new("RGBA", (100, 80), ground)
    picture.putalpha(0)
    picture.paste(Image.new("RGBA", (50, 40), inner), (20, 10))

    assert (await png(lab, "trim=auto", pictures.encode(picture.convert(mode), "PNG"))).size == (50, 40)
    assert (await png(lab, "trim=auto,255", pictures.encode(picture.convert(mode), "PNG"))).size == (100, 80)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
async def test_crop_and_trim_are_those_of_the_upright_picture(lab: Lab, orientation: int) -> None:
    turned = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = orientation
    stored = PHOTO if turned[orientation] is None else PHOTO.transpose(turned[orientation])  # type: ignore[arg-type]
    content = pictures.encode(stored, "JPEG", quality=98, subsampling=0, exif=exif)

    rendered = await png(lab, "crop=100,0,100,75&w=50&flip=h", content)
    assert difference(rendered, ImageOps.mirror(PHOTO.crop((100, 0, 200, 75))).resize((50, 37))) < 4


async def test_saliency_finds_what_stands_out(lab: Lab) -> None:
    picture = Image.new("RGB", (600, 200), (128, 128, 128))
    picture.paste(pictures.photo(120, 120), (460, 40))
    rendered = await png(lab, "w=100&h=100&fit=cover&gravity=auto", pictures.encode(picture, "PNG"))

    assert len(rendered.convert("RGB").getcolors(20000) or []) > 100
    centred = await png(lab, "w=100&h=100&fit=cover", pictures.encode(picture, "PNG"))
    assert len(centred.convert("RGB").getcolors(20000) or []) < 10


GLASS = Image.new("RGBA", (40, 40), (255, 0, 0, 128))


async def test_background_lies_behind_what_is_transparent(lab: Lab) -> None:
    content = pictures.encode(GLASS, "PNG")

    assert pixel(await png(lab, "background=0000ff", content), 5, 5) in [(128, 0, 127), (127, 0, 128), (128, 0, 128)]
    half = await png(lab, "background=0000ff80", content)
    assert abs(half.getpixel((5, 5))[3] - 192) <= 1  # type: ignore[index]
    assert (await png(lab, "w=60&h=50&fit=pad&background=transparent", content)).getpixel((0, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "query", ["brightness=0.5", "saturation=0", "blur=2", "blur=30", "sharp=2", "pixelate=7", "duotone=000,fff"]
)
async def test_effects_leave_transparency_as_it_is(lab: Lab, query: str) -> None:
    rendered = await png(lab, query, pictures.encode(GLASS, "PNG"))

    assert rendered.mode in ("RGBA", "LA")
    assert abs(rendered.convert("RGBA").getpixel((20, 20))[3] - 128) <= 1  # type: ignore[index]


async def test_blocks_and_blur_show_no_hidden_colors(lab: Lab) -> None:
    picture = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    picture.paste((255, 0, 0, 255), (20, 0, 40, 40))
    for query in ("blur=3", "blur=12", "pixelate=16"):
        rendered = (await png(lab, query, pictures.encode(picture, "PNG"))).convert("RGBA")
        red, green, _, alpha = rendered.getpixel((22, 20))  # type: ignore[misc]
        assert alpha > 100
        assert green < 20 < red


async def test_corners_are_round(lab: Lab) -> None:
    circle = await png(lab, "w=100&h=100&fit=cover&radius=max")
    alpha = circle.split()[3]
    mask = Image.new("L", (400, 400))
    ImageDraw.Draw(mask).ellipse((0, 0, 399, 399), fill=255)
    assert difference(alpha, mask.resize((100, 100))) < 1.5

    framed = await png(lab, "radius=30&border=10&border-color=red&background=white")
    assert pixel(framed, 0, 0) == (255, 255, 255)
    assert pixel(framed, 100, 4) == (255, 0, 0)
    # Inside its corner too, the border follows the curve.
    red, green, _ = pixel(framed, 13, 13)
    assert red > 200
    assert green < 100


async def test_smart_choices_are_made_once_for_all_frames(lab: Lab) -> None:
    frames = [Image.new("RGB", (120, 40), "white") for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste(pictures.photo(20, 20), (10 + 40 * number, 10))
    content = pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    rendered = pictures.decode(await lab.render(content, ask("w=40&h=40&fit=cover&gravity=auto")))
    shown = []
    for number in range(rendered.n_frames):  # type: ignore[attr-defined]
        rendered.seek(number)
        shown.append(len(rendered.convert("RGB").getcolors(5000) or []) > 5)

    # The later frames are white there, alike, and so one.
    assert shown == [True, False]


async def test_a_still_is_made_of_what_moves(lab: Lab) -> None:
    rendered = pictures.decode(await lab.render(pictures.animation("GIF", 4), ask("anim=false")))

    assert getattr(rendered, "n_frames", 1) == 1


async def test_qualities_of_a_png_make_a_palette(lab: Lab) -> None:
    many, few = [await lab.render(CONTENT, ask(f"format=png&q={quality}")) for quality in (100, 50)]

    assert pictures.decode(few).mode == "P"
    assert pictures.decode(many).mode == "RGB"
    assert difference(pictures.decode(many), PHOTO) == 0


async def test_webp_of_quality_100_loses_nothing(lab: Lab) -> None:
    assert difference(pictures.decode(await lab.render(CONTENT, ask("format=webp&q=100"))), PHOTO) == 0


async def test_enhancement_and_pillow_agree_on_brightness(lab: Lab) -> None:
    assert difference(await png(lab, "brightness=1.3"), ImageEnhance.Brightness(PHOTO).enhance(1.3)) < 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (300, 1), (3, 1001), (5, 2000), (40_000, 1), (2, 2)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
async def test_pictures_of_any_shape_take_everything(lab: Lab, width: int, height: int, kind: str) -> None:
    if kind == "WEBP" and width > 16_383:
        return
    content = pictures.encode(pictures.photo(20, 20).resize((width, height)), kind, quality=90)
    for query in (
        "w=1",
        "h=1",
        "size=lqip",
        "trim=auto",
        "crop=0,0,2,2&trim=auto",
        "angle=45&w=20",
        "rotate=90&w=3",
        "w=9&h=9&fit=pad",
        "w=9&h=9&fit=squeeze&blur=3&sharp=1&pixelate=4&radius=max",
        "text=%20;size=9",
        "text=%E2%A0%80;size=9",
    ):
        assert min((await png(lab, query, content)).size) >= 1


async def test_a_border_with_round_corners_leaves_glass_as_it_is(lab: Lab) -> None:
    glass = pictures.encode(Image.new("RGBA", (100, 100), (0, 0, 0, 0)), "PNG")
    framed = (await png(lab, "border=5&radius=20&border-color=red", glass)).convert("RGBA")

    assert framed.getpixel((55, 55))[3] == 0  # type: ignore[index]
    assert framed.getpixel((55, 2)) == (255, 0, 0, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("color", ["red", "ff000080", "transparent"])
async def test_a_border_follows_the_corners_of_what_is_transparent_somewhere(lab: Lab, mode: str, color: str) -> None:
    plain = Image.new("RGBA", (80, 80), "white")
    holed = plain.copy()
    holed.putpixel((40, 40), (0, 0, 0, 0))
    expected, framed = [
        await png(
            lab, f"border=6&border-color={color}&radius=30", pictures.encode(picture.convert(picture_mode), "PNG")
        )
        for picture, picture_mode in ((plain, mode[:-1]), (holed, mode))
    ]

    assert framed.getpixel((46, 46))[3] == 0  # type: ignore[index]
    hole = expected.convert("RGBA")
    hole.paste(framed.crop((46, 46, 47, 47)), (46, 46))
    assert max(high for _, high in ImageChops.difference(hole, framed.convert("RGBA")).getextrema()) <= 1  # type: ignore[misc]
    assert pixel(await png(lab, "border=6&radius=30", CONTENT), 12, 12) == (0, 0, 0)


@pytest.mark.parametrize("content", [CONTENT, pictures.encode(PHOTO.convert("RGBA"), "PNG")])
async def test_a_border_that_shows_through_lies_on_the_background(lab: Lab, content: bytes) -> None:
    for corners in ("", "&radius=9"):
        query = f"w=60&border=3&border-color=00ff0080&bg=red{corners}"
        framed = pictures.decode(await lab.render(content, ask(f"{query}&compression=fast")))
        assert framed.format == "JPEG"
        on_red = await png(lab, query, content)
        assert (on_red.mode, pixel(on_red, 30, 1)) == ("RGB", (127, 128, 0))
    half = await png(lab, "border=3&border-color=00ff0080&bg=ff000080", content)
    assert half.getpixel((30, 1)) == (85, 170, 0, 192)
    assert (await png(lab, "border=3&border-color=00ff0080", content)).getpixel((30, 1)) == (0, 255, 0, 128)


async def test_padding_fills_what_a_tilt_opens(lab: Lab) -> None:
    plain = ask("angle=15").settle(await lab.probe(CONTENT)).size(Size(200, 150))
    assert plain
    for width in (plain.width, plain.width + 1):
        filled = await png(lab, f"angle=15&w={width}&h={plain.height}&fit=pad")
        assert pixel(filled, 0, 0) == (255, 255, 255)
