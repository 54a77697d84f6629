"""Traits: what is refused, what strangers are not told, and that any version's JSON is read."""

from __future__ import annotations

import json

import pytest

from graphql_api.domain.traits import (
    ColorSpace,
    Exif,
    Location,
    PaletteColor,
    Placeholder,
    Traits,
    from_json,
    to_json,
)

FULL = Traits(
    color_space=ColorSpace.DISPLAY_P3,
    exif=Exif(make="m", iso=400, taken_at="2024-05-06T07:08:09", serial_number="1", location=Location(64.1, -21.9, 12)),
    placeholder=Placeholder("dGh1bWI=", "LEHV6n", "#102030", "d2VicA=="),
    palette=(PaletteColor("#102030", 0.75), PaletteColor("#ffffff", 0.25)),
    perceptual_hash="00ff00ff00ff00ff",
)


@pytest.mark.parametrize("traits", [FULL, Traits(), Traits(palette=()), FULL.without_private()])
def test_traits_survive_json(traits: Traits) -> None:
    text = json.dumps(to_json(traits), allow_nan=False)

    assert from_json(json.loads(text), traits.perceptual_hash) == traits


def test_nothing_is_written_of_what_is_not_known() -> None:
    assert to_json(Traits(exif=Exif(make="m"))) == {"exif": {"make": "m"}}


def test_rows_of_other_versions_are_read() -> None:
    values = {
        "color_space": "rec-2100",
        "exif": {"make": "m", "new": 1, "location": {"latitude": 1}},
        "placeholder": {"blurhash": "x"},
        "palette": [{"color": "#000000", "share": 1, "name": "black"}],
        "mood": "blue",
    }

    assert from_json(values) == Traits(exif=Exif(make="m"), palette=(PaletteColor("#000000", 1),))


def test_strangers_learn_neither_place_nor_device() -> None:
    assert FULL.without_private().exif == Exif(make="m", iso=400, taken_at="2024-05-06T07:08:09")
    assert Traits(exif=Exif(lens_serial_number="1", location=Location(0, 0))).without_private() == Traits()
    assert Traits().without_private() == Traits()


@pytest.mark.parametrize("place", [(91, 0), (0, 181), (float("nan"), 0), (0, float("inf")), (0, 0, float("nan"))])
def test_a_place_is_on_earth(place: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="no "):
        Location(*place)


@pytest.mark.parametrize("color", ["red", "#12345", "#12345G", "#ABCDEF", "#1234567"])
def test_colors_have_one_form(color: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        PaletteColor(color, 1)
    with pytest.raises(ValueError, match="colour"):
        Placeholder("", "", color, "")


def test_shares_and_hashes_are_in_their_range() -> None:
    with pytest.raises(ValueError, match="share"):
        PaletteColor("#000000", 1.1)
    with pytest.raises(ValueError, match="hash"):
        Traits(perceptual_hash="xyz")
