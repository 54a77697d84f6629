"""A query and its transform are one another's image; the forgiving surface refuses nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.format import Format
from graphql_api.domain.transform import Transform
from graphql_api.domain.transform_query import PARAMETERS, format_query, parse_image_query, parse_query
from tests.strategies import parse, transforms


@given(transforms)
def test_parsing_a_formatted_query_gives_the_transform_again(transform: Transform) -> None:
    assert parse(format_query(transform)) == transform


@given(transforms)
def test_the_order_of_parameters_means_nothing(transform: Transform) -> None:
    stages = tuple(replace(stage, overlays=stage.overlays[:1]) for stage in transform.stages)  # their order does
    transform = replace(transform, stages=stages)
    pairs = format_query(transform).split("&")

    assert parse("&".join(reversed(pairs))) == transform


NAMES = [name for row in PARAMETERS for name in row.names] + ["overlay", "text", "x"]
NEARLY = st.sampled_from(
    [
        "1",
        "-1",
        "0.5",
        "1e9",
        "nan",
        "inf",
        "9" * 30,
        "red",
        "rgb(1,2,3)",
        "1,2,3,4",
        "auto",
        "max",
        "0.5x0.5",
        "h",
        "1;2",
        "%",
        "a;w=b",
    ]
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=8) | NEARLY), max_size=12))
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
        ("size=s&dpr=2", "size=m"),
        ("size=320", "size=s"),
        ("size=0", ""),
        ("size=٣", ""),
        ("size=social", "w=1200&h=630&fit=pad&anim=false"),
        ("anim=true&size=social", "w=1200&h=630&fit=pad"),
        ("size=social&w=400", "w=400"),
        ("q=101", ""),
        ("quality=70&f=webp", "q=70&format=webp"),
        ("format=auto,", ""),
        ("format=svgz", ""),
        ("rotate=45", ""),
        ("rotate=-90", ""),
        ("rotate=360", ""),
        ("angle=450", "rotate=90"),
        ("flip=hv", "rotate=180"),
        ("flip=v", "flip=h&rotate=180"),
        ("flip=hv&rotate=180", ""),
        ("flip=x", ""),
        ("brightness=11", ""),
        ("brightness=-1", ""),
        ("brightness=1", ""),
        ("brightness=nan", ""),
        ("brightness=inf", ""),
        ("saturation=0", "filter=greyscale"),
        ("gamma=0", ""),
        ("gamma=1", ""),
        ("blur=0", ""),
        ("blur=251", ""),
        ("blur=1.5", ""),
        ("sharp=2", "sharpen=2"),
        ("hue=360", ""),
        ("hue=-90", "hue=270"),
        ("w=100&dpr=2", "w=200"),
        ("w=8192&dpr=2", "w=8192"),
        ("dpr=2", ""),
        ("w=100&dpr=0", "w=100"),
        ("w=100&h=50&fit=fill", "w=100&h=50&fit=squeeze"),
        ("gravity=top", ""),
        ("w=9&h=9&fit=cover&gravity=left-top", "w=9&h=9&fit=cover&gravity=top-left"),
        ("w=9&h=9&fit=cover&gravity=0x1", "w=9&h=9&fit=cover&gravity=bottom-left"),
        ("w=9&h=9&fit=cover&gravity=2x1", "w=9&h=9&fit=cover"),
        ("w=9&h=9&fit=cover&zoom=1", "w=9&h=9&fit=cover"),
        ("background=bogus", ""),
        ("background=%23FFF", "background=white"),
        ("metadata=all", ""),
        ("metadata=copyright", ""),
        ("segment=background", ""),
        ("q=high", "q=90"),
        ("anim=true", ""),
        ("anim=maybe", ""),
        ("border-color=red", ""),
        ("padding=0", ""),
        ("crop=1,2,3", ""),
        ("crop=1,2,0,4", ""),
        ("trim=0,0,0,0", ""),
        ("overlay=nobody", ""),
        ("overlay=0123456789ab;w=0", ""),
        ("text=", ""),
        ("text=a%00b", ""),
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
