"""What teams may be called, and which names are the server's own."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.people import act, join

pytestmark = pytest.mark.usefixtures("database_url")


async def test_no_name_stands_in_the_way_of_an_ended_team(house: Client) -> None:
    ada = await join(house, "ada@example.org", teamName="Engines")
    for number in range(1, 9):  # one of them is Engines' own
        await act(house, "createTeam", key=ada.access, name=f"deleted:{number}")
        await act(house, "createTeam", key=ada.access, name=f" deleted:{number} x")
    await act(house, "deleteTeam", "done", key=ada.access, name="Engines")

    await act(house, "createTeam", key=ada.access, name="Engines")  # its name is free
