"""The `tintype` command about people, teams and keys, beside a running application."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from pathlib import Path

import pytest

from tests import pictures
from tests.client import Client
from tests.people import (
    PASSWORD,
    Clock,
    Mailbox,
    act,
    bring,
    join,
    links_in,
    refusal,
    sign_in,
    sign_up,
    token_in,
    viewer,
)
from tests.processes import run

ADA, BOB = "ada@example.org", "bob@example.org"


def command(client: Client, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it in the application's folder."""
    return run(client.settings.data_dir, *words, stdin=stdin)


def says(refused: subprocess.CompletedProcess[str], words: str) -> bool:
    """Whether it failed with one line that has these words."""
    return (refused.returncode, refused.stdout) == (1, "") and re.fullmatch(
        f"tintype: .*{words}.*\n", refused.stderr
    ) is not None


async def test_a_user_without_a_password_is_given_a_link_to_choose_one(house: Client) -> None:
    made = command(house, "user", "create", "--email", "Ada@Example.org", "--team", "first")
    (link,) = links_in(made.stderr)

    assert (made.returncode, made.stdout) == (0, "")
    assert link.startswith("http://localhost:8000/account/reset?token=")
    assert await refusal(house, "signIn", email=ADA, password=PASSWORD) == "INVALID_CREDENTIALS"
    await act(house, "resetPassword", token=token_in(link), password=PASSWORD)
    ada = await sign_in(house, ADA)
    seen = await viewer(house, ada.access)
    assert [(team["name"], team["role"]) for team in seen["teams"]] == [("first", "OWNER")]
    assert (await house.data("{ viewer { user { isOperator } } }", key=ada.access))["viewer"]["user"][
        "isOperator"
    ] is False


async def test_the_first_administrator_comes_by_command(house: Client) -> None:
    command(house, "user", "create", "--email", ADA, "--password-stdin", "--admin", stdin=f"{PASSWORD}\n")
    ada = await sign_in(house, ADA)
    found = await house.data(
        "{ viewer { user { isOperator emailVerifiedAt } team { id } } pendingUsers { id } }", key=ada.access
    )

    assert found["viewer"]["user"]["isOperator"]
    assert found["viewer"]["user"]["emailVerifiedAt"]
    assert (found["viewer"]["team"], found["pendingUsers"]) == (None, [])


async def test_links_are_printed_alone_and_work(house: Client, mailbox: Mailbox) -> None:
    await sign_up(house, ADA)
    printed = {word: command(house, "user", "link", "--email", ADA, "--purpose", word) for word in ("verify", "reset")}
    tokens = {word: token_in(made.stdout.strip()) for word, made in printed.items()}

    for word, made in printed.items():
        assert made.stdout == f"http://localhost:8000/account/{word}?token={tokens[word]}\n"
        assert made.stderr == ""
    await act(house, "verifyEmail", token=tokens["verify"])
    await act(house, "resetPassword", token=tokens["reset"], password="quite other words")
    await sign_in(house, ADA, "quite other words")
    reset = command(house, "user", "link", "--email", ADA).stdout
    assert "/account/reset?" in reset  # what is asked for most


async def test_people_are_shut_out_and_let_in(house: Client) -> None:
    ada = await join(house, ADA)
    for word, code in (
        ("suspend", "INVALID_CREDENTIALS"),
        ("reinstate", None),
        ("suspend", "INVALID_CREDENTIALS"),
        ("approve", None),
    ):
        done = command(house, "user", word, "--email", ADA.upper())
        assert (done.returncode, done.stderr) == (0, "")
        assert await viewer(house, ada.access) is None
        if code is None:
            ada = await sign_in(house, ADA)
            assert command(house, "user", word, "--email", ADA).returncode == 0
            assert await viewer(house, ada.access)  # where nothing changes, nothing ends
            continue
        assert await refusal(house, "signIn", email=ADA, password=PASSWORD) == code


async def test_a_person_is_erased_with_what_is_theirs_alone(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA, teamName="Engines")
    await house.uploaded(pictures.png(), key=ada.access)
    bob = await bring(house, mailbox, ada, BOB, "MEMBER")

    assert says(command(house, "user", "delete", "--email", ADA), "needs an owner.*Engines")
    assert await viewer(house, ada.access)
    assert len(house.blobs()) == 1
    assert command(house, "user", "delete", "--email", BOB).returncode == 0
    assert await viewer(house, bob.access) is None
    assert command(house, "user", "delete", "--email", ADA).returncode == 0
    assert await viewer(house, ada.access) is None
    assert house.blobs() == []
    assert says(command(house, "team", "plan", "--team", "Engines", "--plan", "pro"), "no such team")


async def test_a_team_is_put_on_a_plan(client: Client) -> None:
    done = command(client, "team", "plan", "--team", "first", "--plan", "scale")

    assert done.returncode == 0
    assert (await client.get("/v1/usage")).json["plan"] == "scale"
    assert says(
        command(client, "team", "plan", "--team", "first", "--plan", "huge"), "there are: anonymous, test, free, pro"
    )
    assert (await client.get("/v1/usage")).json["plan"] == "scale"


async def test_a_team_ends_with_all_that_it_owns(client: Client) -> None:
    made = await client.uploaded(pictures.png(seed=1))
    kept = await client.uploaded(pictures.png(seed=2), key="second")
    done = command(client, "team", "delete", "--team", "first")

    assert done.returncode == 0
    assert (await client.get(made["url"], key=None)).status == 404
    assert await viewer(client, client.keys["first"]) is None
    assert [path.name for path in client.blobs()] == [kept["sha256"]]
    assert (await client.get(kept["url"], key=None)).status == 200


@pytest.mark.parametrize(
    "words",
    [
        "user approve --email nobody@example.org",
        "user suspend --email nobody@example.org",
        "user reinstate --email nobody@example.org",
        "user delete --email nobody@example.org",
        "user link --email nobody@example.org",
        "team plan --team nobody --plan pro",
        "team delete --team nobody",
        "team export --team nobody --output x.tar",
    ],
)
def test_who_is_not_there_is_one_line(tmp_path: Path, words: str) -> None:
    assert says(run(tmp_path, *words.split()), "There is no such (user|team)")
    assert not Path("x.tar").exists()


async def test_an_archive_that_cannot_be_written_is_one_line(client: Client, tmp_path: Path) -> None:
    target = tmp_path / "no" / "folder.tar"

    assert says(command(client, "team", "export", "--team", "first", "--output", str(target)), "No such file")


async def test_a_key_can_be_made_for_a_time(house: Client, clock: Clock) -> None:
    made = command(house, "key", "create", "--team", "first", "--name", "brief", "--expires-in", "12h")
    key = made.stdout.strip()
    expires = (await house.data("{ viewer { key { expiresAt scopes } } }", key=key))["viewer"]["key"]["expiresAt"]

    assert abs(dt.datetime.fromisoformat(expires) - clock() - dt.timedelta(hours=12)) < dt.timedelta(minutes=1)
    clock.forward(hours=12)
    assert await viewer(house, key) is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--expires-in soon", "--expires-in must be like"),
        ("--expires-in -1h", "--expires-in"),
        ("--expires-in 0h", "--expires-in must be more than nothing"),
        ("--expires-in 999999999d", "--expires-in must be more than nothing"),
        ("--profile sk --scope admin", "for uploads only"),
        ("--profile test --scope admin", "cannot rule"),
    ],
)
def test_a_key_that_cannot_be_is_one_line_and_makes_no_team(tmp_path: Path, words: str, complaint: str) -> None:
    name, value, *more = words.split()
    refused = run(tmp_path, "key", "create", "--team", "new", f"{name}={value}", *more)

    assert says(refused, complaint)
    assert says(run(tmp_path, "team", "delete", "--team", "new"), "no such team")
