"""Cutting out by networks whose answers are known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image, ImageChops

from graphql_api.domain.stage import Stage
from graphql_api.domain.transform import Transform
from graphql_api.errors import NotConfigured
from graphql_api.imaging import network
from graphql_api.imaging.jobs import Models
from graphql_api.imaging.models import UnusableModelError
from graphql_api.imaging.pool import Bounds, ImagingPool
from tests import networks, pictures
from tests.lab import Lab
from tests.networks import HALF, IMAGENET

CUT = Stage(segment=True)


def _ramp(width: int = 400, height: int = 100, top: int = 255) -> Image.Image:
    """Red from left to right, green from top to bottom, blue where red is not."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (across, down, ImageChops.invert(across)))
    return picture.point(lambda value: value * top // 255)


def _mask(path: Path, picture: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    found = network.load(path).mask(np.array(picture))
    assert found.dtype == np.uint8
    assert found.shape == (picture.height, picture.width)
    return found


def _edge(mask: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> float:
    """Where the mask begins from the left, as a part of its width, after it was seen that it is one upright edge."""
    starts = (mask > 127).argmax(axis=1)
    assert np.ptp(starts) <= 1
    assert mask[:, -1].min() == 255
    assert mask[:, 0].max() < 2
    return float(starts.mean() / mask.shape[1])


@pytest.mark.parametrize(
    ("name", "normalisation", "side", "logits"),
    [
        ("u2net.onnx", IMAGENET, 320, False),
        ("U2_Net-human.onnx", IMAGENET, 320, True),
        ("silueta.onnx", IMAGENET, 320, False),
        ("isnet-general-use.onnx", HALF, 1024, False),
        ("RMBG-1.4.onnx", HALF, 1024, False),
        ("RMBG-2.0.onnx", IMAGENET, 1024, False),
        ("BiRefNet_lite.onnx", IMAGENET, 1024, True),
        ("whatever.onnx", IMAGENET, 96, True),
    ],
)
def test_a_network_sees_what_its_family_was_trained_with(
    tmp_path: Path, name: str, normalisation: networks.Normalisation, side: int, logits: bool
) -> None:
    path = networks.redness(tmp_path / name, normalisation, side, logits=logits)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


@pytest.mark.parametrize(("name", "side"), [("u2netp.onnx", 320), ("isnet.onnx", 1024), ("mine.onnx", 1024)])
def test_an_open_size_is_that_of_the_family(tmp_path: Path, name: str, side: int) -> None:
    normalisation = HALF if name == "isnet.onnx" else IMAGENET
    path = networks.redness(tmp_path / name, normalisation, "side", logits=True)
    loaded = network.load(path)

    assert (loaded.width, loaded.height) == (side, side)
    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.01)


def test_numbers_come_as_the_network_takes_them(tmp_path: Path) -> None:
    path = networks.redness(tmp_path / "u2net.onnx", IMAGENET, 320, kind=TensorProto.FLOAT16)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


def test_the_metadata_of_a_file_beat_its_name(tmp_path: Path) -> None:
    path = networks.redness(tmp_path / "u2net.onnx", HALF, 64, family="ISNet", logits=True)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


@pytest.mark.parametrize(
    ("name", "decoy"), [("u2net.onnx", "after"), ("isnet.onnx", "after"), ("birefnet.onnx", "before")]
)
def test_of_several_answers_the_finest_counts(tmp_path: Path, name: str, decoy: str) -> None:
    path = networks.redness(tmp_path / name, HALF if name == "isnet.onnx" else IMAGENET, 64, decoy=decoy)

    assert _edge(_mask(path, _ramp())) == pytest.approx(0.25, abs=0.012)


@pytest.mark.parametrize(("name", "normalisation", "edge"), [("u2net.onnx", IMAGENET, 0.25), ("isnet.onnx", HALF, 0.5)])
def test_a_dark_picture_is_brightened_for_u2net_alone(
    tmp_path: Path, name: str, normalisation: networks.Normalisation, edge: float
) -> None:
    path = networks.redness(tmp_path / name, normalisation, 320)

    assert _edge(_mask(path, _ramp(top=128))) == pytest.approx(edge, abs=0.015)


@pytest.mark.parametrize(
    ("name", "normalisation", "ends"),
    [("u2net.onnx", IMAGENET, (0, 255)), ("isnet.onnx", HALF, (0, 255)), ("birefnet.onnx", IMAGENET, (51, 153))],
)
def test_an_answer_is_stretched_where_the_family_means_it_so(
    tmp_path: Path, name: str, normalisation: networks.Normalisation, ends: tuple[int, int]
) -> None:
    # A straight line from 0.2 without red to 0.6 with all.
    path = networks.redness(tmp_path / name, normalisation, 256, above=-0.5, factor=0.4, logits=True)
    found = _mask(path, _ramp(256, 256))

    assert (found.min(), found.max()) == (pytest.approx(ends[0], abs=2), pytest.approx(ends[1], abs=2))


def test_an_answer_that_sees_nothing_is_not_stretched(tmp_path: Path) -> None:
    path = networks.redness(tmp_path / "u2net.onnx", IMAGENET, 64, above=-1.0, factor=0.01, logits=True)

    assert _mask(path, _ramp()).max() < 10


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path, "no file"),
        (lambda path: path.write_bytes(b"\x89PNG") and path, "cannot be loaded"),
        (lambda path: path.write_bytes(b"") or path, "cannot be loaded"),
        (networks.adding, "2 inputs"),
        (lambda path: networks.copying(path, [1, 4, 8, 8]), r"\[1, 4, 8, 8\]"),
        (lambda path: networks.copying(path, [1, 8, 8, 3]), r"\[1, 8, 8, 3\]"),
        (lambda path: networks.copying(path, [3, 8, 8]), r"\[3, 8, 8\]"),
        (lambda path: networks.copying(path, [1, 3, 9000, 9000]), "9000"),
        (lambda path: networks.copying(path, [1, 3, 8, 8], TensorProto.UINT8), "uint8"),
        (lambda path: networks.copying(path, [1, 3, 8, 8]), "not one mask"),
        (networks.failing, "not a number"),
    ],
)
def test_a_file_that_is_no_such_network_says_why(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    with pytest.raises(UnusableModelError, match=reason) as caught:
        network.load(make(tmp_path / "model.onnx")).mask(np.array(_ramp()))

    assert "\n" not in str(caught.value)


@pytest.fixture
async def modelled(tmp_path: Path) -> AsyncIterator[Callable[[Path], Lab]]:
    """Makes a lab whose worker has this model."""
    pools = []
    (tmp_path / "lab").mkdir()

    def make(model: Path) -> Lab:
        bounds = Bounds(1, 1024**3, 30, 4, models=Models(segmentation=model))
        pools.append(ImagingPool(bounds))
        return Lab(pools[0], tmp_path / "lab")

    yield make
    for pool in pools:
        await pool.close()


async def test_a_worker_cuts_out_by_the_network_it_is_given(modelled: Callable[[Path], Lab], tmp_path: Path) -> None:
    lab = modelled(networks.redness(tmp_path / "u2net.onnx", IMAGENET, 320))
    content = pictures.encode(_ramp(1600, 1200), "PNG")
    alpha = pictures.decode(await lab.render(content, Transform((Stage(width=800, segment=True),)))).getchannel("A")

    assert alpha.size == (800, 600)
    assert _edge(np.array(alpha)) == pytest.approx(0.25, abs=0.01)


async def test_a_model_that_cannot_be_used_is_a_typed_error_without_its_path(
    modelled: Callable[[Path], Lab], tmp_path: Path
) -> None:
    (tmp_path / "secret.onnx").write_bytes(b"nonsense")
    lab = modelled(tmp_path / "secret.onnx")

    with pytest.raises(NotConfigured, match="cannot be used") as caught:
        await lab.render(pictures.png(), Transform((CUT,)))
    assert "secret" not in str(caught.value)
    assert await lab.render(pictures.png(), Transform((Stage(width=20),)))
