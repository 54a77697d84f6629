"""The faces of a media's identity."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain import ids


@given(st.integers(min_value=0, max_value=2**128 - 1))
def test_an_image_id_is_a_bijection_of_the_uuid(number: int) -> None:
    media_id = uuid.UUID(int=number, version=4)
    text = ids.format_image_id(media_id)

    assert ids.parse_image_id(text) == media_id
    assert len(text) == len("image_") + 24


@pytest.mark.parametrize(
    "text", ["", "image_", "image_" + "z" * 24, "image_" + "a" * 23, "a" * 24, "image_" + "A" * 24]
)
def test_what_is_no_image_id_is_none(text: str) -> None:
    assert ids.parse_image_id(text) is None


def test_uids_are_of_their_alphabet_and_differ() -> None:
    made = {ids.new_uid() for _ in range(1000)}

    assert len(made) == 1000
    assert all(ids.is_uid(uid) for uid in made)


@pytest.mark.parametrize("text", ["", "short", "w9b4pckbadsF", "w9b4pckbads'", "w9b4pckbadsfx", "w9b4pckbadsü"])
def test_other_text_is_no_uid(text: str) -> None:
    assert not ids.is_uid(text)
