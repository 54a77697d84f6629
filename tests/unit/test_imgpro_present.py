"""img.pro's objects say of an image what planning it would say, without planning it."""

from __future__ import annotations

import datetime as dt
import uuid

from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.format import Format
from graphql_api.domain.geometry import Size
from graphql_api.domain.media import Media, Original
from graphql_api.domain.rendition import plan
from graphql_api.domain.transform import IDENTITY, Transform, named_size
from rest_compat.imgpro.present import Shown, present_image, present_media

NOW = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
NOT_TRANSFORMABLE = (Format.SVG, Format.BMP, Format.ICO)
ORIGINALS = st.builds(
    Original,
    st.sampled_from(Format),
    st.integers(1, 5000),
    st.integers(1, 5000),
    frames=st.sampled_from([1, 1, 3]),
    has_alpha=st.booleans(),
)


def media_of(original: Original) -> Media:
    return Media(
        id=uuid.UUID(int=1),
        uid="w9b4pckbadsf",
        team_id=1,
        storage="xzra",
        name="photo",
        caption=None,
        alt_text=None,
        public=True,
        original=original,
        bytes=1,
        sha256="0" * 64,
        attributes={},
        created_at=NOW,
        updated_at=NOW,
    )


@given(ORIGINALS)
def test_what_is_said_is_what_is_planned(original: Original) -> None:
    media = media_of(original)
    planned, source = plan(media, IDENTITY), Size(original.width, original.height)
    image = present_image(Shown(media), public_url="https://a.example", source_url="https://b.example")
    legacy = present_media(Shown(media), public_url="https://a.example", source_url="https://b.example")
    sizes = [plan(media, Transform((named_size(word),))).size or source for word in "sml"]

    assert image["url"] == legacy["src"] == planned.url("https://b.example")
    assert image["format"] == legacy["format"] == planned.recipe.format
    assert legacy["mime"] == planned.content_type
    for body in (image, legacy):
        told = [(size["width"], size["height"]) for size in body["sizes"].values()]  # type: ignore[attr-defined]
        assert told == ([] if original.format in NOT_TRANSFORMABLE else [(size.width, size.height) for size in sizes])
