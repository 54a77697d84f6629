"""The main line and its races over PostgreSQL, by two applications at once: what several processes would do."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.api.test_media import DELETE, LIST
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.postgres import Cluster


async def test_two_applications_share_rows_and_bytes(tmp_path: Path, imaging: ImagingPool, postgres: Cluster) -> None:
    settings = make_settings(tmp_path, database_url=postgres.create_database(f"t{uuid.uuid4().hex}"))
    async with run_app(settings, imaging) as one, run_app(settings, imaging) as two:
        made = await one.uploaded(pictures.jpeg(300, 200, orientation=6), name="cat.jpg", tags=["a", "b"])
        seen = (await two.data(LIST))["mediaList"]
        answer = await two.get(made["url"] + "?w=100", key=None)

        assert seen["nodes"] == [made]
        assert pictures.decode(answer.body).size == (100, 150)


async def test_the_same_bytes_come_and_go_at_once(tmp_path: Path, imaging: ImagingPool, postgres: Cluster) -> None:
    settings = make_settings(tmp_path, database_url=postgres.create_database(f"t{uuid.uuid4().hex}"), trash_days=0)
    content = pictures.png()
    async with run_app(settings, imaging) as one, run_app(settings, imaging) as two:
        kept = [await one.uploaded(content)]
        for _ in range(8):
            kept = await _shuffle(one, two, kept, content)

            assert len(one.blobs()) == 1
            assert (await two.get(kept[0]["url"])).status == 200
        await asyncio.gather(*(_delete(client, kept[0]["id"]) for client in (one, two)))
        assert one.blobs() == []


async def _shuffle(one: Client, two: Client, kept: list[dict[str, str]], content: bytes) -> list[dict[str, str]]:
    """Delete what there is while both upload it again; then keep one of the new ones."""
    deleting = [_delete(client, media["id"]) for client, media in zip((one, two), kept * 2, strict=False)]
    uploading = [client.uploaded(content) for client in (one, two, one, two)]
    results = await asyncio.gather(*deleting, *uploading)
    new: list[dict[str, str]] = results[2:]
    await asyncio.gather(*(_delete(two, media["id"]) for media in new[1:]))
    return new[:1]


async def _delete(client: Client, media_id: str) -> None:
    await client.data(DELETE, {"input": {"id": media_id}})
