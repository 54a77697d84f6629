"""Traits with their blobs, on SQLite and on PostgreSQL."""

from __future__ import annotations

from graphql_api.db import blobs, database
from graphql_api.db.models import Blob
from graphql_api.domain.format import Format
from graphql_api.domain.media import Original
from graphql_api.domain.traits import ColorSpace, Exif, Location, PaletteColor, Placeholder, Probed, Traits
from tests.conftest import migrate

TRAITS = Traits(
    color_space=ColorSpace.SRGB,
    exif=Exif(make="Zoë 🖼", location=Location(64.1416667, -21.9375)),
    placeholder=Placeholder("dGh1bWI=", "LEHV6n", "#102030", "d2VicA=="),
    palette=(PaletteColor("#102030", 0.7512),),
    perceptual_hash="00ff00ff00ff00ff",
)
PROBED = Probed(Original(Format.PNG, 3, 2), TRAITS, b"RIFF\0\xff")


async def test_traits_come_back_as_they_went_in(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        await blobs.add_reference("a" * 64, 5, PROBED)
        await blobs.add_reference("a" * 64, 5)  # who knows nothing new takes nothing away
        row = await Blob.get(sha256="a" * 64)

        assert await blobs.traits_of(["a" * 64, "c" * 64]) == {"a" * 64: TRAITS}
        assert (row.phash, bytes(row.thumb or b""), row.refs) == ("00ff00ff00ff00ff", PROBED.thumb, 2)


async def test_rows_without_traits_are_none_and_learn_them_with_the_next_upload(database_url: str) -> None:
    await migrate(database_url)
    async with database.open_database(database_url):
        await database.connection().execute_query(f"INSERT INTO blob (sha256, size, refs) VALUES ('{'b' * 64}', 5, 1)")
        await blobs.adopt("c" * 64)
        assert await blobs.traits_of(["b" * 64, "c" * 64]) == {}

        await blobs.add_reference("b" * 64, 5, PROBED)
        assert await blobs.traits_of(["b" * 64]) == {"b" * 64: TRAITS}
