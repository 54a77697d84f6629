"""img.pro's dialect against its own OpenAPI document: all checks of Schemathesis, in all its phases."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app

ROOT = Path(__file__).parents[2]
PUBLIC_URL = "https://pictures.example"  # Schemathesis imports from addresses that it was answered
EXAMPLES = 6  # of each operation, in each phase that makes them up


async def _picture(_: web.Request) -> web.Response:
    return web.Response(body=pictures.png(20, 10))


@pytest.mark.timeout(180)
async def test_the_server_does_what_the_document_says(tmp_path: Path, imaging: ImagingPool) -> None:
    other = web.Application()
    other.router.add_get("/{path:.*}", _picture)
    async with TestServer(other) as pictured:
        settings = make_settings(
            tmp_path,
            rate_limit_scale=0,
            default_plan="unlimited",
            public_url=PUBLIC_URL,
            import_host_map={PUBLIC_URL: f"http://127.0.0.1:{pictured.port}"},
            import_allowed_hosts=[f"127.0.0.1:{pictured.port}"],
            import_seconds=1,
        )
        async with run_app(settings, imaging) as client:
            for _ in range(2):
                await client.rest_upload(pictures.png())
            cursor = (await client.get("/v1/images?limit=1")).json["next_cursor"]
            code, output = await _schemathesis(client, cursor, tmp_path)

    assert code == 0, output


async def _schemathesis(client: Client, cursor: str, folder: Path) -> tuple[int, str]:
    said = {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.conformance.formats",
        "TINTYPE_TEST_CURSOR": cursor,
        "TINTYPE_TEST_PICTURE": f"{PUBLIC_URL}/photo.png",
    }
    options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--generation-deterministic"]
    options += ["--no-color", "--suppress-health-check", "all"]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{client.url}/openapi.yaml",
        *options,
        "--header",
        f"Authorization: Bearer {client.keys['first']}",
        env=os.environ | said,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
