"""Every fit, against the sizes that the documents give and against its own promise for any numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.geometry import Fit, Size, fit_box, fit_short_side

sides = st.integers(min_value=1, max_value=9000)
sizes = st.builds(Size, sides, sides)


@pytest.mark.parametrize(("side", "expected"), [(320, Size(426, 320)), (640, Size(853, 640)), (1080, Size(1440, 1080))])
def test_the_named_sizes_are_those_of_the_seed(side: int, expected: Size) -> None:
    assert fit_short_side(Size(4000, 3000), side).size == expected


def test_a_short_side_never_enlarges() -> None:
    assert fit_short_side(Size(300, 200), 320).size == Size(300, 200)


@pytest.mark.parametrize(
    ("fit", "source", "expected"),
    [
        (Fit.SCALE_DOWN, Size(1080, 720), Size(500, 333)),
        (Fit.SCALE_DOWN, Size(100, 50), Size(100, 50)),
        (Fit.CONTAIN, Size(100, 50), Size(500, 250)),
        (Fit.COVER, Size(100, 50), Size(500, 500)),
        (Fit.CROP, Size(1080, 720), Size(500, 500)),
        (Fit.CROP, Size(100, 50), Size(100, 50)),
        (Fit.CROP, Size(1000, 200), Size(500, 200)),
        (Fit.PAD, Size(100, 50), Size(500, 500)),
        (Fit.SQUEEZE, Size(100, 50), Size(500, 500)),
    ],
)
def test_each_fit_meets_a_box_of_500_as_documented(fit: Fit, source: Size, expected: Size) -> None:
    assert fit_box(source, 500, 500, fit).size == expected


@pytest.mark.parametrize(("fit", "expected"), [(Fit.SCALE_DOWN, Size(100, 50)), (Fit.CONTAIN, Size(400, 200))])
def test_one_open_side_follows_the_aspect(fit: Fit, expected: Size) -> None:
    assert fit_box(Size(100, 50), 400, None, fit).size == expected
    assert fit_box(Size(100, 50), None, 200, fit).size == expected


@given(sizes, sides, sides, st.sampled_from(Fit))
def test_no_fit_asks_for_the_impossible(source: Size, width: int, height: int, fit: Fit) -> None:
    geometry = fit_box(source, width, height, fit)

    assert geometry.cropped.width <= geometry.scaled.width
    assert geometry.cropped.height <= geometry.scaled.height
    assert geometry.cropped.width <= geometry.size.width
    assert geometry.cropped.height <= geometry.size.height
    assert min(geometry.scaled.width, geometry.scaled.height, geometry.cropped.width, geometry.cropped.height) >= 1
    assert geometry.size.width <= max(width, source.width)


@given(sizes, sides, sides)
def test_exact_fits_are_exact_and_scale_down_stays_inside(source: Size, width: int, height: int) -> None:
    box = Size(width, height)
    for fit in (Fit.COVER, Fit.PAD, Fit.SQUEEZE):
        assert fit_box(source, width, height, fit).size == box
    for fit in (Fit.SCALE_DOWN, Fit.CROP):
        size = fit_box(source, width, height, fit).size
        assert size.width <= min(width, source.width)
        assert size.height <= min(height, source.height)
