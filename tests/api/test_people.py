"""People over GraphQL: how they come, show that an address is theirs, are let in and shut out, and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import (
    PASSWORD,
    VIEWER,
    Clock,
    Mailbox,
    Person,
    act,
    ask,
    bring,
    eventually,
    join,
    links_in,
    refusal,
    sign_in,
    sign_up,
    token_in,
    until_logged,
    viewer,
)
from tests.processes import run

ADA = "ada@example.org"
SIGNING_IN = {"email": ADA, "password": PASSWORD}


async def operator(client: Client) -> Person:
    """An administrator of the installation, made by command."""
    run(
        client.settings.data_dir,
        *("user", "create", "--email", "root@example.org", "--admin", "--password-stdin"),
        stdin=PASSWORD,
    )
    return await sign_in(client, "root@example.org")


async def test_who_signs_up_has_a_team_and_a_key_to_try_things_out(house: Client, mailbox: Mailbox) -> None:
    made = await sign_up(house, "Ada@Example.org", name="Ada", teamName="Engines")
    ada = await sign_in(house, " ADA@example.org ")

    assert made["user"] | {"id": None} == {"id": None, "status": "ACTIVE", "emailVerifiedAt": None}
    seen = await viewer(house, ada.access)
    assert seen["user"] == {"email": ADA}
    assert [(team["name"], team["role"], team["current"]) for team in seen["teams"]] == [("Engines", "OWNER", True)]
    assert (await viewer(house, made["testKey"]))["team"]["name"] == "Engines"
    assert made["testKey"].startswith("test_")
    assert (await mailbox.letter(ADA))["To"] == ADA
    assert mailbox.letters == []


async def test_a_second_team_of_a_name_is_called_otherwise(house: Client) -> None:
    await join(house, ADA, teamName="Engines")
    bob = await join(house, "bob@example.org", teamName="Engines")

    name = (await viewer(house, bob.access))["team"]["name"]
    assert name.startswith("Engines ")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "ada@localhost"}, "email"),
        ({"email": "a@b.example\n"}, "email"),
        ({"email": "a\0@b.example"}, "email"),
        ({"email": "bob,ada@example.org"}, "email"),
        ({"email": "bob<ada@example.org>"}, "email"),
        ({"email": "x" * 250 + "@b.example"}, "email"),
        ({"password": "seven77"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"name": " \t"}, "name"),
        ({"teamName": "x" * 101}, "teamName"),
    ],
)
async def test_what_cannot_be_signed_up_is_named(house: Client, wrong: dict[str, str], field: str) -> None:
    answer = await ask(house, "signUp", **(SIGNING_IN | wrong))

    (error,) = answer["data"]["signUp"]["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", field])


async def test_an_address_is_taken_once(house: Client) -> None:
    await sign_up(house, ADA)

    assert await refusal(house, "signUp", email=ADA.upper(), password=PASSWORD) == "CONFLICT"


async def test_by_approval_nobody_comes_in_before_the_operator_lets_them(
    tmp_path: Path, imaging: ImagingPool, mailbox: Mailbox
) -> None:
    settings = make_settings(tmp_path, sign_up="approval", smtp_url=mailbox.url)
    async with run_app(settings, imaging) as client:
        made = await sign_up(client, ADA)
        answer = await ask(client, "signIn", **SIGNING_IN)
        wrong = await ask(client, "signIn", email=ADA, password="not the password")
        root = await operator(client)
        pending = "{ pendingUsers { email } }"

        assert made["user"]["status"] == "PENDING"
        token = await mailbox.token(ADA)
        assert "approval" in answer["data"]["signIn"]["errors"][0]["message"]
        assert "approval" not in wrong["data"]["signIn"]["errors"][0]["message"]
        assert (await client.data(pending, key=root.access))["pendingUsers"] == [{"email": ADA}]
        assert (await act(client, "approveUser", "user { status }", key=root.access, id=made["user"]["id"])) == {
            "user": {"status": "ACTIVE"}
        }
        await act(client, "verifyEmail", token=token)  # it goes on through the approval
        ada = await sign_in(client, ADA)
        refused = await client.graphql(pending, key=ada.access)
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert await refusal(client, "suspendUser", key=ada.access, id=root.id) == "FORBIDDEN"


async def test_keys_of_who_is_suspended_stop_and_come_back(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path), imaging) as client:
        root, ada = await operator(client), await join(client, ADA)
        made = await act(client, "createKey", "secret", key=ada.access, name="k", scopes=["READ", "WRITE", "ADMIN"])
        keys = [made["secret"], str(ada.test_key)]
        await act(client, "suspendUser", key=root.access, id=ada.id)
        suspended = [await viewer(client, key) for key in keys]
        await act(client, "reinstateUser", key=root.access, id=ada.id)

        assert suspended == [None, None]
        assert all([await viewer(client, key) for key in keys])


async def test_who_awaits_approval_has_no_key_either(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, sign_up="approval"), imaging) as client:
        made = await sign_up(client, ADA)

        assert made["testKey"] is None


async def test_a_closed_door_opens_to_the_invited_alone(tmp_path: Path, imaging: ImagingPool, mailbox: Mailbox) -> None:
    settings = make_settings(tmp_path, sign_up="closed", smtp_url=mailbox.url)
    async with run_app(settings, imaging) as client:
        run(settings.data_dir, "user", "create", "--email", ADA, "--password-stdin", "--team", "t", stdin=PASSWORD)
        ada = await sign_in(client, ADA)

        assert await refusal(client, "signUp", email="bob@example.org", password=PASSWORD) == "NOT_CONFIGURED"
        bob = await bring(client, mailbox, ada, "bob@example.org", "MEMBER")
        assert (await viewer(client, bob.access))["team"]["name"] == "t"


async def test_the_link_of_the_letter_confirms_the_address(house: Client, mailbox: Mailbox) -> None:
    await sign_up(house, ADA)
    letter = await mailbox.letter(ADA)
    (link,) = links_in(letter.get_content())
    assert (letter["To"], letter["Auto-Submitted"]) == (ADA, "auto-generated")
    assert link.startswith(f"{house.settings.public_url}/account/verify?token=")

    for _ in range(2):  # mail programs open links before people do
        payload = await act(house, "verifyEmail", "user { email emailVerifiedAt }", token=token_in(link))
        assert payload["user"]["email"] == ADA
        assert payload["user"]["emailVerifiedAt"]
    ada = await sign_in(house, ADA)
    await act(house, "requestVerification", "done", key=ada.access)
    assert mailbox.letters == []


async def test_a_link_to_confirm_is_good_for_seven_days(house: Client, mailbox: Mailbox, clock: Clock) -> None:
    ada = await join(house, ADA)
    token = await mailbox.token(ADA)
    clock.forward(days=7, seconds=1)

    assert await refusal(house, "verifyEmail", token=token) == "BAD_SIGNATURE"
    ada = await sign_in(house, ADA)
    await act(house, "requestVerification", key=ada.access)
    await act(house, "verifyEmail", token=await mailbox.token(ADA))


async def test_without_mail_the_link_stands_in_the_log(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    await sign_up(client, ADA)
    (link,) = links_in("".join(capsys.readouterr()))

    assert (await act(client, "verifyEmail", "user { email }", token=token_in(link)))["user"] == {"email": ADA}


async def test_with_mail_no_link_stands_in_the_log(
    house: Client, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    await sign_up(house, ADA)
    await act(house, "requestPasswordReset", email=ADA)
    tokens = [await mailbox.token(ADA) for _ in range(2)]
    written = await until_logged(capsys, "Choose another password")

    assert not any(token in written for token in tokens)


async def test_mail_that_cannot_be_sent_fails_nobody(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, smtp_url="smtp://127.0.0.1:1"), imaging) as client:
        await join(client, ADA)


async def test_an_address_beyond_ascii_gets_its_letter(house: Client, mailbox: Mailbox) -> None:
    await sign_up(house, "zoë@bücher.example")

    assert await mailbox.token("zoë@bücher.example")


async def test_where_addresses_must_be_confirmed_nobody_comes_in_before(
    tmp_path: Path, imaging: ImagingPool, mailbox: Mailbox
) -> None:
    settings = make_settings(tmp_path, require_verified_email=True, smtp_url=mailbox.url)
    async with run_app(settings, imaging) as client:
        made = await sign_up(client, ADA)
        await mailbox.letter(ADA)
        answer = await ask(client, "signIn", **SIGNING_IN)
        assert "Confirm your e-mail address" in answer["data"]["signIn"]["errors"][0]["message"]
        assert made["testKey"] is None
        assert await refusal(client, "signIn", email=ADA, password="not the password") == "INVALID_CREDENTIALS"
        await act(client, "verifyEmail", token=await mailbox.token(ADA))  # another was sent

        await sign_in(client, ADA)


async def test_a_suspension_ends_everything_at_once(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA)
    await mailbox.letter(ADA)
    await act(house, "requestPasswordReset", email=ADA)
    reset = await mailbox.token(ADA)
    folder = house.settings.data_dir
    assert run(folder, "user", "suspend", "--email", ADA).returncode == 0

    assert await viewer(house, ada.access) is None
    assert await refusal(house, "refreshSession", refreshToken=ada.refresh) == "INVALID_CREDENTIALS"
    answer = await ask(house, "signIn", **SIGNING_IN)
    assert "suspended" in answer["data"]["signIn"]["errors"][0]["message"]
    assert await refusal(house, "signIn", email=ADA, password="not the password") == "INVALID_CREDENTIALS"
    assert await refusal(house, "resetPassword", token=reset, password=PASSWORD) == "BAD_SIGNATURE"
    await act(house, "requestPasswordReset", email=ADA)
    assert run(folder, "user", "reinstate", "--email", ADA).returncode == 0
    assert await viewer(house, ada.access) is None  # what has ended stays so
    assert await refusal(house, "resetPassword", token=reset, password=PASSWORD) == "BAD_SIGNATURE"
    await sign_in(house, ADA)
    assert mailbox.letters == []


@pytest.mark.usefixtures("database_url")
async def test_who_erases_themselves_leaves_nothing(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA, teamName="Engines")
    bob = await join(house, "bob@example.org")
    await act(house, "inviteMember", key=bob.access, email=ADA)
    made = await house.uploaded(pictures.png(), key=ada.access)
    key = await act(house, "createKey", "secret", key=ada.access, name="k")

    assert await refusal(house, "deleteAccount", key=ada.access, password="not the password") == "INVALID_CREDENTIALS"
    assert (await house.get(made["url"], key=None)).status == 200
    await act(house, "deleteAccount", "done", key=ada.access, password=PASSWORD)
    for credential in (ada.access, ada.test_key, key["secret"]):
        assert credential
        assert await viewer(house, credential) is None
    assert (await house.get(made["url"], key=None)).status == 404
    waiting = await house.data("{ viewer { team { invitations { email } } } }", key=bob.access)
    assert waiting["viewer"]["team"]["invitations"] == []
    await eventually(lambda: house.blobs() == [])
    assert await refusal(house, "signIn", **SIGNING_IN) == "INVALID_CREDENTIALS"
    again = await join(house, ADA, teamName="Engines")
    seen = await viewer(house, again.access)
    assert [team["name"] for team in seen["teams"]] == ["Engines"]


async def test_who_is_the_only_owner_of_others_must_name_another_first(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA)
    bob = await bring(house, mailbox, ada, "bob@example.org", "MEMBER")

    assert await refusal(house, "deleteAccount", key=ada.access, password=PASSWORD) == "CONFLICT"
    await act(house, "setMemberRole", key=ada.access, userId=bob.id, role="OWNER")
    await act(house, "deleteAccount", key=ada.access, password=PASSWORD)
    members = await house.data("{ viewer { team { members { user { email } } } } }", key=bob.access)
    assert members["viewer"]["team"]["members"] == [{"user": {"email": "bob@example.org"}}]


async def test_a_key_is_nobody_in_particular(house: Client) -> None:
    for name, values in (
        ("changePassword", {"oldPassword": "x", "newPassword": PASSWORD}),
        ("deleteAccount", {"password": "x"}),
        ("updateUser", {"name": "x"}),
        ("requestVerification", {}),
        ("createTeam", {"name": "x"}),
    ):
        assert await refusal(house, name, key="first", **values) == "UNAUTHENTICATED", name
    answer = await house.data(VIEWER)
    assert (answer["viewer"]["user"], answer["viewer"]["teams"]) == (None, [])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("signIn", {"email": ADA, "password": "wrong"}),
        ("requestPasswordReset", {"email": ADA}),
        ("signUp", {"email": ADA, "password": PASSWORD}),
    ],
)
async def test_attempts_are_limited(tmp_path: Path, imaging: ImagingPool, name: str, values: dict[str, str]) -> None:
    async with run_app(make_settings(tmp_path, rate_limit_scale=0.1), imaging) as client:
        await sign_up(client, ADA)
        answers = [await ask(client, name, "errors { ... on LimitError { retryAfter } }", **values) for _ in range(4)]
        codes = [[error["code"] for error in answer["data"][name]["errors"]] for answer in answers]

        assert ["RATE_LIMITED"] not in codes[:2]
        assert codes[3] == ["RATE_LIMITED"]
        assert 0 < answers[3]["data"][name]["errors"][0]["retryAfter"] <= 900
