"""The transform: equal requests are equal values and share a key."""

import pytest
from hypothesis import given

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Fit, Size
from graphql_api.domain.media import Original
from graphql_api.domain.output import Output
from graphql_api.domain.overlay import Text
from graphql_api.domain.stage import MAX_SIDE, Filter, Stage
from graphql_api.domain.transform import Recipe, Transform, _key, named_size
from graphql_api.domain.transform_query import format_query
from graphql_api.errors import InvalidInput, TooLarge
from tests.strategies import parse, transforms

PHOTO = Original(Format.JPEG, 4000, 3000)


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


@pytest.mark.parametrize(
    ("query", "original", "moves"),
    [
        ("format=gif", PHOTO, False),
        ("format=gif&rotate=90&brightness=2", PHOTO, False),
        ("format=gif", Original(Format.PNG, 60_000, 500), False),
        ("format=gif", Original(Format.WEBP, 900, 600, frames=50), True),
    ],
)
def test_what_shrinks_has_as_many_pixels_as_it_may(query: str, original: Original, *, moves: bool) -> None:
    recipe = parse(query).settle(original, shrinks=True)
    size = recipe.size(Size(original.width, original.height))

    assert size is not None
    assert recipe.animated is moves
    assert size.pixels * (original.frames if moves else 1) <= 4_000_000
    assert max(size.width, size.height) > 8100 or size.pixels * (original.frames if moves else 1) > 3_950_000


def test_a_size_that_was_asked_for_is_not_another_one() -> None:
    with pytest.raises(TooLarge):
        parse("format=gif&w=3900").settle(PHOTO, shrinks=True)
    assert parse("format=gif&w=100").settle(PHOTO, shrinks=True) == parse("format=gif&w=100").settle(PHOTO)


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
        # As Rendition.url does: a still of what moves says so, for all its frames might be too large.
        still = original.frames > 1 and recipe.format.can_move and not recipe.animated
        output = Output(recipe.format, recipe.quality, still=still, metadata=recipe.metadata)
        again = parse(format_query(Transform(recipe.stages, output))).settle(original)
        assert fresh_key(again) == fresh_key(recipe)


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
