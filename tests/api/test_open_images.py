"""Addresses of private images: closed to others, and as open as img.pro's where the operator wants it so."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app


async def test_addresses_of_private_images_are_closed_unless_opened(client: Client) -> None:
    media = await client.uploaded(pictures.png(80, 60), public=False)
    statuses = [
        (await client.get(f"{media['url']}{query}", key=None)).status for query in ("", "?w=20", "?format=json")
    ]

    assert statuses == [404] * 3
    assert (await client.get(media["url"], key="second")).status == 404


@pytest.mark.parametrize("key", [None, "second"])
async def test_opened_they_are_shown_to_all_and_kept_by_no_cache(
    tmp_path: Path, imaging: ImagingPool, key: str | None
) -> None:
    async with run_app(make_settings(tmp_path, open_private_images=True), imaging) as client:
        media = await client.uploaded(pictures.png(80, 60), public=False)
        public = await client.uploaded(pictures.png(80, 60, seed=7))
        whole = await client.get(media["url"], key=key)
        small = await client.get(f"{media['url']}?w=20", key=key)
        known = await client.get(media["url"], key=key, headers={"If-None-Match": whole.headers["ETag"]})

        assert [pictures.decode(answer.body).width for answer in (whole, small)] == [80, 20]
        assert known.status == 304
        for answer in (whole, small, known):
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert "Cross-Origin-Resource-Policy" not in answer.headers
        assert (await client.get(public["url"], key=key)).headers["Cache-Control"] == "public, max-age=86400"


async def test_opened_the_rest_of_what_is_private_stays_so(tmp_path: Path, imaging: ImagingPool) -> None:
    settings = make_settings(tmp_path, open_private_images=True, public_metadata=False)
    async with run_app(settings, imaging) as client:
        content = pictures.encode(pictures.photo(), "JPEG", exif=pictures.camera())
        media = await client.uploaded(content, public=False)
        uid, original = media["uid"], media["url"].replace("/src/", "/original/")
        page = await client.get(f"/{uid}", key=None, headers={"Accept": "text/html"})
        closed = [await client.get(path, key=None) for path in (f"/{uid}", f"/v1/images/{uid}", original)]
        own, kept = [await client.get(f"{media['url']}?metadata=keep", key=key) for key in ("first", None)]
        elsewhere = await client.get(media["url"].replace(media["url"].split("/")[-2], "none"), key=None)
        await client.request("DELETE", f"/v1/images/{uid}")

        assert [answer.status for answer in (page, *closed)] == [404] * 4
        assert (0x8825 in pictures.decode(own.body).getexif(), 0x8825 in pictures.decode(kept.body).getexif()) == (
            True,
            False,
        )
        assert elsewhere.status == 404
        assert (await client.get(media["url"], key=None)).status == 404
