"""The transform: equal requests are equal values and share a key; a query and its transform are one another's image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.media import Format, Original
from graphql_api.domain.transform import MAX_SIDE, SHORT_SIDES, Output, Stage, Transform, named_size
from graphql_api.domain.transform_query import format_query, parse_image_query, parse_query
from graphql_api.errors import InvalidInput, TooLarge

PHOTO = Original(Format.JPEG, 4000, 3000)
lengths = st.none() | st.integers(1, MAX_SIDE)
boxes = st.builds(Stage, width=lengths, height=lengths, fit=st.sampled_from(Fit))
stages = boxes | st.sampled_from(sorted(SHORT_SIDES)).map(named_size)
outputs = st.builds(Output, st.none() | st.sampled_from(Format), st.none() | st.integers(1, 100))
transforms = st.builds(lambda stage, output: Transform((stage,), output), stages, outputs)


def parse(query: str) -> Transform:
    return parse_query([tuple(pair.split("=")) for pair in query.split("&")] if query else [])  # type: ignore[misc]


@given(transforms)
def test_parsing_a_formatted_query_gives_the_transform_again(transform: Transform) -> None:
    assert parse(format_query(transform)) == transform


@given(transforms)
def test_the_order_of_parameters_means_nothing(transform: Transform) -> None:
    pairs = format_query(transform).split("&")

    assert parse("&".join(reversed(pairs))) == transform


@given(st.lists(st.tuples(st.sampled_from(["w", "h", "fit", "size", "format", "q", "x"]), st.text(max_size=8))))
def test_no_query_is_refused(pairs: list[tuple[str, str]]) -> None:
    assert isinstance(parse_query(pairs), Transform)


@pytest.mark.parametrize(
    ("query", "same_as"),
    [
        ("w=0", ""),
        ("w=9999", ""),
        ("w=-5&h=300", "h=300"),
        ("w=1e3", ""),
        ("w=٣", ""),
        ("fit=cover", ""),
        ("w=400&fit=nonsense", "w=400"),
        ("w=400&fit=crop", "w=400"),
        ("w=400&fit=cover", "w=400&fit=contain"),
        ("width=400", "w=400"),
        ("w=bad&width=400", "w=400"),
        ("size=m&w=400", "w=400"),
        ("size=huge", ""),
        ("size=social", "w=1200&h=630&fit=pad"),
        ("q=101", ""),
        ("quality=70&f=webp", "q=70&format=webp"),
        ("format=auto", ""),
        ("w=400&h=", "w=400"),
    ],
)
def test_the_forgiving_surface_ignores_what_it_does_not_know(query: str, same_as: str) -> None:
    assert parse(query) == parse(same_as)


@pytest.mark.parametrize(
    ("query", "extension", "expected"),
    [("", "webp", Format.WEBP), ("format=avif", "webp", Format.AVIF), ("format=nix", "jpeg", Format.JPEG)],
)
def test_format_beats_extension(query: str, extension: str, expected: Format) -> None:
    transform = parse_image_query([tuple(pair.split("=")) for pair in query.split("&") if pair], extension)  # type: ignore[misc]

    assert transform is not None
    assert transform.output.format is expected


def test_an_extension_that_is_no_format_is_refused() -> None:
    assert parse_image_query([], "exe") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("w=5000", ""),  # the original has no more
        ("q=80&format=jpg", ""),  # what it would be anyway
        ("format=png&q=30", "format=png"),  # a quality that means nothing
        ("w=400&h=300&fit=crop", "fit=crop&h=300&w=400"),
    ],
)
def test_the_same_pixels_have_the_same_key(first: str, second: str) -> None:
    assert parse(first).settle(PHOTO).key == parse(second).settle(PHOTO).key


def test_different_pixels_have_different_keys() -> None:
    queries = [
        "",
        "w=400",
        "h=400",
        "size=s",
        "w=400&q=70",
        "format=webp",
        "w=400&h=400&fit=cover",
        "w=40&h=40&fit=pad",
    ]

    assert len({parse(query).settle(PHOTO).key for query in queries}) == len(queries)


@given(transforms)
def test_a_key_is_64_hex_digits(transform: Transform) -> None:
    small = Original(Format.PNG, 40, 30)
    try:
        key = transform.settle(small).key
    except TooLarge:
        return

    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_only_formats_that_can_move_move() -> None:
    moving = Original(Format.GIF, 100, 80, frames=5)

    assert Transform().settle(moving).animated
    assert Transform().in_format(Format.WEBP).settle(moving).animated
    assert not Transform().in_format(Format.AVIF).settle(moving).animated
    assert not Transform().in_format(Format.WEBP).settle(PHOTO).animated


def test_a_result_of_too_many_pixels_is_refused_with_the_number() -> None:
    with pytest.raises(TooLarge, match="25000000"):
        parse("w=8000&h=8000&fit=squeeze").settle(PHOTO)
    with pytest.raises(TooLarge):
        parse("w=2000&fit=contain").settle(Original(Format.GIF, 1000, 1000, frames=10))
    with pytest.raises(TooLarge, match="4000000"):
        parse("format=gif").settle(PHOTO)


def test_an_original_of_any_size_can_be_had_as_it_is() -> None:
    huge = Original(Format.JPEG, 12_000, 8_000)

    assert Transform().settle(huge).size(Size(12_000, 8_000)) == Size(12_000, 8_000)
    assert Transform().settle(Original(Format.GIF, 1000, 1000, frames=90)).animated
    assert Transform().settle(Original(Format.PNG, 200_000, 10)).format is Format.PNG


def test_no_format_is_asked_for_more_than_it_holds() -> None:
    wide = Original(Format.PNG, 20_000, 100)
    with pytest.raises(TooLarge, match="webp has at most 16383"):
        Transform().in_format(Format.WEBP).settle(wide)

    assert Transform((Stage(8000),)).in_format(Format.WEBP).settle(wide)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("width", lambda: Stage(width=0)),
        ("height", lambda: Stage(height=MAX_SIDE + 1)),
        ("quality", lambda: Output(quality=0)),
        ("size", lambda: Stage(width=10, short_side=320)),
        ("size", lambda: named_size("xxs")),
    ],
)
def test_constructors_name_the_field_that_is_wrong(field: str, make: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()  # type: ignore[operator]

    assert caught.value.field == field


def test_stages_compose() -> None:
    transform = Transform((Stage(2000, 2000, Fit.COVER), Stage(width=500)))

    assert transform.settle(PHOTO).size(Size(4000, 3000)) == Size(500, 500)
