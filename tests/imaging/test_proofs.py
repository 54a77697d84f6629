"""Proofs: what starts from one looks as if it had started from the original; what may not, does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from PIL import Image

from graphql_api.domain import proof
from graphql_api.domain.format import HEAD_BYTES, Format, sniff
from graphql_api.domain.limits import USUAL_LIMITS
from graphql_api.domain.media import Original
from graphql_api.domain.overlay import Layer, Overlay
from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import parse_query
from graphql_api.imaging.jobs import Probe, Prove, Render
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.lab import difference, similarity

QUERIES = [
    "w=160",
    "w=320",
    "w=640",
    "w=1080",
    "w=1270",
    "w=300&h=300&fit=cover&rotate=90&flip=h",
    "w=400&h=400&fit=pad&background=teal",
    "crop=100,100,1600,1200&w=500",
    "w=500&saturation=0&contrast=1.3",
]

# Real pictures, where the checkout has this neighbour: nothing depends on it.
_CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
CORPUS = [path for path in (_CORPUS / name for name in ("phone.heic", "photo.avif")) if path.exists()]


def scene(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A large picture with detail at every scale, and noise as cameras have it."""
    picture = pictures.photo(width, height)
    noise = Image.effect_noise((width, height), 12).convert("RGB")
    picture = Image.blend(picture, noise, 0.08)
    if mode == "RGBA":
        picture.putalpha(Image.radial_gradient("L").resize((width, height)).point(lambda value: 255 - value))
    return picture


SOURCES = {
    "png": lambda: pictures.encode(scene(2600, 2000), "PNG", compress_level=1),
    "transparent png": lambda: pictures.encode(scene(2600, 2000, "RGBA"), "PNG", compress_level=1),
    "webp": lambda: pictures.encode(scene(2600, 2000), "WEBP", quality=90, method=0),
    "avif": lambda: pictures.encode(scene(1800, 1300), "AVIF", quality=85, speed=10),
    "jpeg": lambda: pictures.encode(scene(6000, 4001), "JPEG", quality=88),
    "tiff": lambda: pictures.encode(scene(3200, 2400), "TIFF"),
    "portrait png": lambda: pictures.encode(scene(1500, 3000), "PNG", compress_level=1),
} | {path.name: path.read_bytes for path in CORPUS}


@pytest.mark.parametrize("name", list(SOURCES))
async def test_what_starts_from_a_proof_looks_as_if_it_had_not(imaging: ImagingPool, tmp_path: Path, name: str) -> None:
    path, target = tmp_path / "original", tmp_path / "proof"
    path.write_bytes(SOURCES[name]())
    kind = sniff(path.read_bytes()[:HEAD_BYTES])
    assert kind
    original = (await imaging.probe(Probe(path, kind, USUAL_LIMITS))).original
    assert proof.is_slow(original)
    await imaging.prove(Prove(path, original, target))
    served = 0
    for query in QUERIES:
        recipe = parse_query(parse_qsl(f"{query}&format=png")).settle(original)
        if not proof.serves(original, recipe):
            continue
        served += 1
        results = []
        for source, from_proof in ((path, False), (target, True)):
            made = tmp_path / f"{from_proof}.png"
            job = Render(source, original, recipe, made, USUAL_LIMITS, from_proof=from_proof)
            results.append(pictures.decode(await imaging.render(job) or made.read_bytes()))
        direct, proofed = results
        assert direct.size == proofed.size
        assert similarity(direct, proofed) >= 0.985, query
        if original.has_alpha and direct.mode == "RGBA":
            assert difference(direct.split()[3], proofed.split()[3]) < 1
    assert served >= 5


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_proof_is_upright(imaging: ImagingPool, tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[pictures.ORIENTATION], exif[0x013B], exif[0x010F] = orientation, "Zoe", "Secret"
    path, target, made = tmp_path / "original", tmp_path / "proof", tmp_path / "made"
    path.write_bytes(pictures.encode(pictures.photo(2400, 1700), "TIFF", exif=exif))
    original = (await imaging.probe(Probe(path, Format.TIFF, USUAL_LIMITS))).original
    await imaging.prove(Prove(path, original, target))
    recipe = parse_query([("w", "200"), ("format", "jpg")]).settle(original)
    proofed = await imaging.render(Render(target, original, recipe, made, USUAL_LIMITS, from_proof=True))
    direct = await imaging.render(Render(path, original, recipe, made, USUAL_LIMITS))

    assert proofed
    assert direct
    assert difference(pictures.decode(proofed), pictures.decode(direct)) < 3
    # Who took it may be known, with what may not.
    assert b"Secret" not in target.read_bytes()


SLOW = Original(Format.PNG, 4000, 3000)
UID = "0" * 12


@pytest.mark.parametrize(
    "query",
    [
        "",
        "w=1500",
        "crop=0,0,500,400&w=300",
        "trim=auto&w=300",
        "w=300&metadata=keep",
        "blur=3",
        "w=300&h=300&fit=cover&gravity=face&zoom=0.5",
    ],
)
def test_what_needs_the_original_gets_it(query: str) -> None:
    assert not proof.serves(SLOW, parse_query(parse_qsl(query)).settle(SLOW))


@pytest.mark.parametrize(
    "original",
    [
        Original(Format.PNG, 1500, 1200),
        Original(Format.JPEG, 3000, 2500),
        Original(Format.GIF, 4000, 4000, frames=2),
        Original(Format.WEBP, 4000, 4000, frames=2),
        Original(Format.SVG, 9000, 9000),
        Original(Format.BMP, 9000, 9000),
    ],
)
def test_what_is_quick_to_decode_has_none(original: Original) -> None:
    assert not proof.is_slow(original)
    assert not proof.serves(original, parse_query([("w", "100")]).settle(original))


@pytest.mark.parametrize(
    ("overlay", "query", "served"),
    [
        (Overlay(UID, width=200), "w=1000", True),
        (Overlay(UID, scale=0.5), "w=1000", True),
        (Overlay(UID), "w=1000", True),  # it shrinks to fit in
        (Overlay(UID), "w=1500", False),  # too little would be left for the resampler
        (Overlay(UID, width=1500), "w=1000", False),
        (Overlay(UID, width=200), "w=1000&trim=auto", False),  # nobody knows on how much it will lie
        (Overlay(UID, scale=0.5), "w=1000&trim=auto&h=1000&fit=squeeze", True),
    ],
)
def test_an_overlay_is_taken_from_its_proof_where_that_is_enough(overlay: Overlay, query: str, served: bool) -> None:
    stage = replace(parse_query(parse_qsl(query)).stages[0], overlays=(overlay,))
    photo = Original(Format.JPEG, 3000, 2000)
    for original, expected in ((SLOW, served), (Original(Format.PNG, 400, 300), False)):
        recipe = Transform((stage,)).settle(photo, layers={UID: Layer("f" * 64, original)})
        assert proof.serves_layers(photo, recipe) == (frozenset({"f" * 64}) if expected else frozenset())


def test_an_overlay_that_is_large_somewhere_is_taken_from_the_original_everywhere() -> None:
    small, large = (Stage(width=1500, overlays=(Overlay(UID, width=width),)) for width in (100, 1400))
    photo = Original(Format.JPEG, 3000, 2000)
    layers = {UID: Layer("f" * 64, SLOW)}

    for stages in ((small, large), (large, small)):
        assert not proof.serves_layers(photo, Transform(stages).settle(photo, layers=layers))
    assert proof.serves_layers(photo, Transform((small, replace(small, width=1400))).settle(photo, layers=layers))


@pytest.mark.parametrize("name", ["transparent png", "avif"])
async def test_an_overlay_from_a_proof_looks_as_if_it_were_not(imaging: ImagingPool, tmp_path: Path, name: str) -> None:
    base, top, proved = tmp_path / "base", tmp_path / "top", tmp_path / "proved"
    base.write_bytes(pictures.png(900, 700))
    top.write_bytes(SOURCES[name]())
    kind = sniff(top.read_bytes()[:HEAD_BYTES])
    assert kind
    layer = Layer("f" * 64, (await imaging.probe(Probe(top, kind, USUAL_LIMITS))).original)
    await imaging.prove(Prove(top, layer.original, proved))
    original = Original(Format.PNG, 900, 700)
    stage = Stage(width=800, overlays=(Overlay(UID, width=500),))
    recipe = Transform((stage,)).settle(original, layers={UID: layer})
    used = proof.serves_layers(original, recipe)
    assert used
    made = []
    for file, digests in ((top, frozenset[str]()), (proved, used)):
        job = Render(base, original, recipe, tmp_path / "out", USUAL_LIMITS, {layer.sha256: file}, proved=digests)
        made.append(pictures.decode(await imaging.render(job) or (tmp_path / "out").read_bytes()))

    assert made[0].size == made[1].size == (800, 622)
    assert similarity(*made) >= 0.985
