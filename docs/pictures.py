"""Draws docs/images: one picture for each example in docs/transforms.md, by the pipeline itself. `make docs-images`."""

from __future__ import annotations

import asyncio
import io
import math
import random
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from PIL import Image, ImageDraw, ImageFilter

from graphql_api.domain.format import Format
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.overlay import Layer
from graphql_api.domain.transform_query import parse_query
from graphql_api.imaging.jobs import Probe, Render
from graphql_api.imaging.pool import Bounds, ImagingPool

HERE = Path(__file__).parent
IMAGES = HERE / "images"
_EXAMPLE = re.compile(r"!\[([^\]]+)\]\(images/([a-z0-9-]+)\.webp\)")
_WIDTH, _HEIGHT = 1200, 800
_BADGE = "0123456789ab"  # the uid that examples put on top
_SEED = 4


def main() -> None:
    """Draw every picture that the page names, and remove what it no longer does."""
    examples = {name: query for query, name in _EXAMPLE.findall((HERE / "transforms.md").read_text())}
    IMAGES.mkdir(exist_ok=True)
    asyncio.run(_draw(examples))
    for path in IMAGES.glob("*.webp"):
        if path.stem not in examples:
            path.unlink()


async def _draw(examples: Mapping[str, str]) -> None:
    pool = ImagingPool(Bounds(workers=2, memory_bytes=2 << 30, seconds=30, queue=len(examples)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scene").write_bytes(_encoded(scene()))
        (folder / "badge").write_bytes(_encoded(badge()))
        original = (await pool.probe(Probe(folder / "scene", Format.PNG, USUAL_LIMITS))).original
        mark = (await pool.probe(Probe(folder / "badge", Format.PNG, USUAL_LIMITS))).original
        layers, files = {_BADGE: Layer("badge", mark)}, {"badge": folder / "badge"}
        for picture, query in examples.items():
            asked = parse_query(parse_qsl(f"{query}&format=webp&q=60&metadata=none"))
            recipe = asked.settle(original, layers=layers)
            target = IMAGES / f"{picture}.webp"
            job = Render(folder / "scene", original, recipe, target, USUAL_LIMITS, files)
            if (content := await pool.render(job)) is not None:
                target.write_bytes(content)
    await pool.close()


def _encoded(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def scene() -> Image.Image:
    """Evening at a lake: smooth sky, hard edges, fine grain, something to find on the right."""
    chance = random.Random(_SEED)  # noqa: S311 - a picture
    picture = _gradient((38, 60, 120), (250, 170, 110), _WIDTH, _HEIGHT)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((820, 260, 960, 400), fill=(255, 236, 170))
    for depth, color in enumerate(((92, 84, 130), (66, 64, 104), (40, 46, 76))):
        draw.polygon(_ridge(chance, 380 + depth * 60), fill=color)
    lake = picture.crop((0, 200, _WIDTH, 560)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    lake = Image.blend(lake.resize((_WIDTH, 260)), Image.new("RGB", (_WIDTH, 260), (24, 44, 78)), 0.45)
    picture.paste(lake, (0, 540))
    for _ in range(160):
        x, y = chance.randrange(_WIDTH), chance.randrange(550, _HEIGHT)
        draw.line((x, y, x + chance.randrange(10, 60), y), fill=(210, 170, 150))
    draw.polygon([(560, 640), (760, 640), (730, 690), (590, 690)], fill=(150, 40, 40))
    draw.line((660, 640, 660, 430), fill=(70, 40, 30), width=8)
    draw.polygon([(668, 440), (668, 620), (790, 620)], fill=(245, 240, 225))
    grain = Image.effect_noise((_WIDTH, _HEIGHT), 20).convert("RGB")
    return Image.blend(picture.filter(ImageFilter.GaussianBlur(0.6)), grain, 0.04)


def badge() -> Image.Image:
    """A white ring on nothing, with a check inside."""
    picture = Image.new("RGBA", (240, 240))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((12, 12, 228, 228), outline="white", width=22)
    draw.line([(70, 124), (108, 164), (174, 84)], fill="white", width=24, joint="curve")
    return picture


def _gradient(top: tuple[int, ...], bottom: tuple[int, ...], width: int, height: int) -> Image.Image:
    mask = Image.linear_gradient("L").resize((width, height))
    return Image.composite(Image.new("RGB", (width, height), bottom), Image.new("RGB", (width, height), top), mask)


def _ridge(chance: random.Random, level: int) -> list[tuple[int, int]]:
    phases = [chance.uniform(0, math.tau) for _ in range(4)]
    heights = [
        (x, round(level - sum(70 / (n + 1) * math.sin(x / (260 / (n + 1)) + phase) for n, phase in enumerate(phases))))
        for x in range(0, _WIDTH + 1, 8)
    ]
    return [(0, _HEIGHT), *heights, (_WIDTH, _HEIGHT)]


if __name__ == "__main__":
    main()
