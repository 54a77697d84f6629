"""What teams may be called, and which names are the server's own."""

from __future__ import annotations

import pytest

from graphql_api.db import teams as rows
from tests import pictures
from tests.client import Client
from tests.people import PASSWORD, act, ask, join, refusal, sign_up, viewer
from tests.processes import run

OURS = ("Anonymous uploads", " anonymous UPLOADS ", "Mirrored images")
COUNT = "{ mediaList { totalCount } }"


@pytest.mark.usefixtures("database_url")
async def test_no_name_stands_in_the_way_of_an_ended_team(house: Client) -> None:
    ada = await join(house, "ada@example.org", teamName="Engines")
    for number in range(1, 9):  # one of them is Engines' own
        await act(house, "createTeam", key=ada.access, name=f"deleted:{number}")
        await act(house, "createTeam", key=ada.access, name=f" deleted:{number} x")
    await act(house, "deleteTeam", "done", key=ada.access, name="Engines")

    await act(house, "createTeam", key=ada.access, name="Engines")  # its name is free


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("name", OURS)
async def test_nobody_takes_the_name_of_a_team_of_the_servers_own(house: Client, name: str) -> None:
    ada = await join(house, "ada@example.org", teamName="Engines")

    for mutation in ("createTeam", "updateTeam"):
        answer = await ask(house, mutation, key=ada.access, name=name)
        (error,) = answer["data"][mutation]["errors"]
        assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "name"])
        assert error["message"] == "This name is kept for a team of the server itself."
    answer = await ask(house, "signUp", email="bob@example.org", password=PASSWORD, teamName=name)
    assert answer["data"]["signUp"]["errors"][0]["path"] == ["input", "teamName"]


async def test_who_is_called_like_a_team_of_ours_has_another(house: Client) -> None:
    await sign_up(house, "ada@example.org", name=OURS[0])
    ada = await join(house, "bob@example.org", name=OURS[0])

    assert (await viewer(house, ada.access))["team"]["name"].startswith(f"{OURS[0]} ")


@pytest.mark.usefixtures("database_url")
async def test_what_guests_bring_never_goes_to_people_who_had_the_name_first(house: Client) -> None:
    ada = await join(house, "ada@example.org", teamName="Engines")
    team = await rows.find("Engines")
    assert team is not None
    await rows.rename(team.id, OURS[0])  # as it could be called once
    assert (await house.rest_upload(pictures.png(), key=None)).status == 201

    assert (await house.data(COUNT, key=ada.access))["mediaList"]["totalCount"] == 0
    await act(house, "deleteTeam", "done", key=ada.access, name=OURS[0])
    assert (await house.rest_upload(pictures.png(), key=None)).status == 201


async def test_a_team_of_ours_stays_ours(house: Client) -> None:
    folder = house.settings.data_dir
    await house.rest_upload(pictures.png(), key=None)
    key = run(folder, "key", "create", "--team", OURS[0], "--scope", "admin").stdout.strip()

    for answer in (
        run(folder, "team", "delete", "--team", OURS[0]),
        run(folder, "user", "create", "--email", "ada@example.org", "--team", OURS[0]),
    ):
        assert (answer.returncode, answer.stderr) == (1, "tintype: This team is the server's own.\n")
    assert await refusal(house, "updateTeam", key=key, name="Mine") == "CONFLICT"
    assert await refusal(house, "inviteMember", key=key, email="ada@example.org") == "CONFLICT"
    assert (await house.rest_upload(pictures.png(), key=None)).status == 201


async def test_a_name_that_no_team_can_have_is_refused_in_a_line(house: Client) -> None:
    for words in (("team", "delete"), ("key", "create")):
        refused = run(house.settings.data_dir, *words, "--team", "x" * 200)
        assert refused.returncode == 1
        assert refused.stderr.splitlines()[-1].startswith(("tintype: There is no", "tintype: A name has 1 to 100"))
