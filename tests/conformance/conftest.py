"""What the tests of conformance share: Node with the packages of package-lock.json."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from schema.build import sdl
from tests.conftest import missing

FOLDER = Path(__file__).parent

Node = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture(scope="session")
def node() -> Node:
    """Runs Node in this folder: its exit code and what it printed."""
    script = str(FOLDER / "node.sh")
    if subprocess.run(["sh", script, "--version"], capture_output=True, check=False).returncode:
        missing("Node with the packages of tests/conformance")

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            "sh", script, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    return run


@pytest.fixture
def generated() -> Path:
    """An empty folder beside the packages, with the SDL in it."""
    folder = FOLDER / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "schema.graphql").write_text(sdl())
    return folder
