"""The transform: equal requests are equal values and share a key; a query and its transform are one another's image."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.color import Color
from graphql_api.domain.format import WRITTEN, Format
from graphql_api.domain.geometry import Box, Edges, Fit, Size
from graphql_api.domain.gravity import Anchor, Gravity, Smart, gravity_of
from graphql_api.domain.media import Original
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.overlay import MAX_OVERLAYS, Font, Overlay, Repeat, Text
from graphql_api.domain.stage import MAX_SIDE, Filter, Stage, Trim
from graphql_api.domain.transform import SHORT_SIDES, Recipe, Transform, _key, named_size
from graphql_api.domain.transform_query import PARAMETERS, format_query, parse_image_query, parse_query
from graphql_api.errors import InvalidInput, TooLarge

PHOTO = Original(Format.JPEG, 4000, 3000)
lengths = st.none() | st.integers(1, MAX_SIDE)
colors = st.builds(Color, *[st.integers(0, 255)] * 4)
edges = st.none() | st.builds(Edges, *[st.integers(0, 500)] * 4)
uids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=12, max_size=12)
offsets = st.integers(-500, 500)
shares = st.integers(1, 100).map(lambda share: share / 100)
placing = {"anchor": st.sampled_from(Anchor), "x": offsets, "y": offsets, "opacity": shares}
overlays = st.builds(
    Overlay,
    uids,
    width=lengths,
    height=lengths,
    scale=st.none() | shares,
    repeat=st.sampled_from(Repeat),
    **placing,
)
texts = st.builds(
    Text,
    st.text(min_size=1, max_size=40).filter(
        lambda text: not text.isspace() and all(c.isprintable() or c == "\n" for c in text)
    ),
    size=st.integers(1, 512),
    color=colors,
    font=st.sampled_from(Font),
    bold=st.booleans(),
    width=lengths,
    background=st.none() | colors,
    **placing,
)
gravities = (
    st.sampled_from(Anchor).map(gravity_of)
    | st.sampled_from(Smart).map(lambda smart: Gravity(smart=smart))
    | st.builds(Gravity, shares, shares, st.booleans())
)


def factors(highest: int) -> st.SearchStrategy[float | None]:
    return st.none() | st.integers(0, highest * 100).map(lambda value: value / 100)


stages = st.builds(
    Stage,
    crop=st.none() | st.builds(Box, *[st.integers(0, 300)] * 2, *[st.integers(1, 300)] * 2),
    trim=st.none()
    | st.builds(Trim, edges.filter(bool))
    | st.builds(Trim, auto=st.just(True), tolerance=st.integers(0, 255)),
    mirror=st.booleans(),
    rotate=st.sampled_from([0, 90, 180, 270]) | st.integers(0, 3599).map(lambda value: value / 10),
    width=lengths,
    height=lengths,
    fit=st.sampled_from(Fit),
    gravity=gravities,
    zoom=shares,
    segment=st.booleans(),
    brightness=factors(10),
    contrast=factors(10),
    gamma=factors(10),
    saturation=factors(10),
    lightness=factors(100),
    hue=st.none() | st.integers(-360, 360),
    exposure=factors(10),
    filter=st.none() | st.sampled_from(Filter),
    duotone=st.none() | st.tuples(colors, colors),
    blur=st.none() | st.integers(0, 250),
    sharpen=factors(10),
    pixelate=st.none() | st.integers(1, 1000),
    background=st.none() | colors,
    overlays=st.lists(overlays | texts, max_size=MAX_OVERLAYS).map(tuple),
    padding=edges,
    border=edges,
    border_color=colors,
    radius=st.none() | st.integers(0, MAX_SIDE),
) | st.sampled_from(sorted(SHORT_SIDES)).map(named_size)
outputs = st.builds(
    Output,
    st.none() | st.sampled_from(WRITTEN),
    st.none() | st.integers(1, 100),
    auto=st.booleans(),
    fast=st.booleans(),
    still=st.booleans(),
    metadata=st.sampled_from(Metadata),
)
transforms = st.builds(lambda stage, output: Transform((stage,), output), stages, outputs)


def parse(query: str) -> Transform:
    return parse_query(parse_qsl(query, keep_blank_values=True))


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
        ("size=social", "w=1200&h=630&fit=pad"),
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


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("w=5000", ""),  # the original has no more
        ("q=80&format=jpg", ""),  # what it would be anyway
        ("format=gif&q=30&w=9", "format=gif&w=9"),  # a quality that means nothing
        ("format=png&q=100", "format=png"),
        ("trim=1,2,3,4", "crop=4,1,3994,2996"),
        ("crop=0,0,4000,3000", ""),
        ("crop=0,0,9000,9000", ""),
        ("crop=5000,0,10,10", ""),  # nothing would be left
        ("background=red", ""),  # nothing shows it
        ("w=5000&brightness=2", "brightness=2"),
        ("w=400&compression=fast", "w=400"),
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

    assert Transform((Stage(width=8000),)).in_format(Format.WEBP).settle(wide)


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
    transform = Transform((Stage(width=2000, height=2000, fit=Fit.COVER), Stage(width=500)))

    assert transform.settle(PHOTO).size(Size(4000, 3000)) == Size(500, 500)


def fresh_key(recipe: Recipe) -> str:
    """The key as a process that has never seen the recipe makes it."""
    _key.cache_clear()
    return recipe.key


@given(transforms)
def test_an_address_settles_into_the_recipe_that_it_was_made_of(transform: Transform) -> None:
    for original in (PHOTO, Original(Format.PNG, 300, 200, has_alpha=True), Original(Format.GIF, 50, 40, frames=3)):
        try:
            recipe = transform.settle(original)
        except TooLarge:
            continue
        written = Transform(recipe.stages, Output(recipe.format, recipe.quality, metadata=recipe.metadata))
        again = parse(format_query(written)).settle(original)
        stills = replace(again, animated=recipe.animated)  # the address of an animation says so by its query
        assert fresh_key(stills) == fresh_key(recipe)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Stage(rotate=90), Stage(rotate=90.0)),
        (Stage(blur=5), Stage(blur=5.0)),
        (Stage(filter=Filter.GREYSCALE), Stage(saturation=0.0)),
        (Stage(overlays=(Text("a", opacity=1),)), Stage(overlays=(Text("a", opacity=1.0),))),
    ],
)
def test_a_key_does_not_depend_on_who_asked_first(first: Stage, second: Stage) -> None:
    keys = [fresh_key(Recipe(Format.JPEG, stages=(stage,))) for stage in (first, second)]

    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("query", "original", "expected"),
    [
        ("angle=15&compression=fast", PHOTO, Format.WEBP),
        ("border=5&border-color=ff000080&compression=fast", PHOTO, Format.WEBP),
        ("angle=15&background=red&compression=fast", PHOTO, Format.JPEG),
        ("radius=5", Original(Format.HEIC, 400, 300), Format.PNG),
        ("w=50", Original(Format.HEIC, 400, 300), Format.JPEG),
        ("w=50", Original(Format.SVG, 400, 300, has_alpha=True), Format.PNG),
        ("format=svg", Original(Format.SVG, 400, 300, has_alpha=True), Format.SVG),
        ("format=svg", PHOTO, Format.JPEG),
        ("w=50", Original(Format.SVG, 400, 300, has_alpha=True, transformable=False), Format.SVG),
    ],
)
def test_what_nobody_named_is_chosen_for_what_the_result_is(query: str, original: Original, expected: Format) -> None:
    assert parse(query).settle(original).format is expected


def test_a_picture_must_not_become_huge_before_it_is_cut() -> None:
    with pytest.raises(TooLarge, match="before it is cut"):
        parse("w=1000&h=100&fit=cover").settle(Original(Format.PNG, 10, 4000))
