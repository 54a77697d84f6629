"""What tests of accounts share: a clock that they move, a mailbox, and an application that uses both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graphql_api import wiring
from graphql_api.imaging.pool import ImagingPool
from tests.client import Client
from tests.conftest import make_settings
from tests.people import Clock, Mailbox, open_mailbox, run_settled_app
from tests.scene import Scene, make_scene


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of every application that is started after this."""
    moving = Clock()
    monkeypatch.setattr(wiring, "_now", moving)
    return moving


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, imaging: ImagingPool, clock: Clock, mailbox: Mailbox
) -> AsyncIterator[Client]:
    """An application whose clock tests can move, and whose mail they get; those that use `database_url` on both."""
    url = request.getfixturevalue("database_url") if "database_url" in request.fixturenames else ""
    async with run_settled_app(make_settings(tmp_path, smtp_url=mailbox.url, database_url=url), imaging) as running:
        yield running


@pytest.fixture
async def scene(tmp_path: Path, imaging: ImagingPool, clock: Clock, mailbox: Mailbox) -> AsyncIterator[Scene]:
    async with make_scene(tmp_path, imaging, clock, mailbox) as made:
        yield made
