"""Passwords over GraphQL: wrong ones, changed ones, and links to choose another."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.people import PASSWORD, Clock, Mailbox, act, ask, join, refusal, sign_in, sign_up, viewer

ADA = "ada@example.org"


@pytest.mark.usefixtures("database_url")
async def test_a_wrong_password_and_an_unknown_address_read_the_same(house: Client) -> None:
    await sign_up(house, ADA)
    errors = [
        (await ask(house, "signIn", email=email, password=password))["data"]["signIn"]
        for email, password in ((ADA, "not the password"), ("nobody@example.org", PASSWORD), ("", ""), ("\0", "\0"))
    ]

    assert errors[1:] == errors[:1] * 3
    assert errors[0]["errors"][0]["code"] == "INVALID_CREDENTIALS"


async def test_a_reset_says_nothing_of_who_exists(house: Client, mailbox: Mailbox) -> None:
    await sign_up(house, ADA)
    await mailbox.letter(ADA)
    answers = [await ask(house, "requestPasswordReset", "done", email=email) for email in (ADA, "nobody@example.org")]
    await mailbox.letter(ADA)

    assert answers[0] == answers[1]
    assert mailbox.letters == []


async def test_another_password_ends_all_other_sign_ins(house: Client) -> None:
    here, there = await join(house, ADA), await sign_in(house, ADA)
    change = {"oldPassword": PASSWORD, "newPassword": "another password"}

    assert (
        await refusal(house, "changePassword", key=here.access, **(change | {"oldPassword": "x"}))
        == "INVALID_CREDENTIALS"
    )
    assert await refusal(house, "changePassword", key=here.access, **(change | {"newPassword": "x"})) == "INVALID_INPUT"
    assert await viewer(house, there.access)
    await act(house, "changePassword", key=here.access, **change)
    assert await viewer(house, there.access) is None
    assert await refusal(house, "refreshSession", refreshToken=there.refresh) == "INVALID_CREDENTIALS"
    assert await viewer(house, here.access)
    await act(house, "refreshSession", refreshToken=here.refresh)
    assert await refusal(house, "signIn", email=ADA, password=PASSWORD) == "INVALID_CREDENTIALS"
    await sign_in(house, ADA, "another password")


@pytest.mark.usefixtures("database_url")
async def test_a_reset_link_works_once_and_ends_all_sign_ins(house: Client, mailbox: Mailbox) -> None:
    ada = await join(house, ADA)
    await mailbox.letter(ADA)
    await act(house, "requestPasswordReset", email=ADA)
    token = await mailbox.token(ADA)

    assert await refusal(house, "resetPassword", token=token, password="short") == "INVALID_INPUT"
    made = await act(house, "resetPassword", "user { emailVerifiedAt }", token=token, password="another password")
    assert made["user"]["emailVerifiedAt"]  # it came by mail
    assert await viewer(house, ada.access) is None
    assert await refusal(house, "resetPassword", token=token, password="a third password") == "BAD_SIGNATURE"
    await sign_in(house, ADA, "another password")


async def test_a_reset_link_ends_after_two_hours_and_with_any_change(
    house: Client, mailbox: Mailbox, clock: Clock
) -> None:
    ada = await join(house, ADA)
    await mailbox.letter(ADA)
    for _ in range(2):
        await act(house, "requestPasswordReset", email=ADA)
    late, void = await mailbox.token(ADA), await mailbox.token(ADA)
    await act(house, "changePassword", key=ada.access, oldPassword=PASSWORD, newPassword="another password")
    assert await refusal(house, "resetPassword", token=void, password="a third password") == "BAD_SIGNATURE"
    clock.forward(hours=2, seconds=1)
    answer = await ask(house, "resetPassword", token=late, password="a third password")

    assert "expired" in answer["data"]["resetPassword"]["errors"][0]["message"]


async def test_a_link_for_one_thing_is_no_link_for_another(house: Client, mailbox: Mailbox) -> None:
    await join(house, ADA)
    verify = await mailbox.token(ADA)
    await act(house, "requestPasswordReset", email=ADA)
    reset = await mailbox.token(ADA)

    assert await refusal(house, "resetPassword", token=verify, password=PASSWORD) == "BAD_SIGNATURE"
    assert await refusal(house, "verifyEmail", token=reset) == "BAD_SIGNATURE"


async def test_who_shows_that_an_address_is_theirs_has_it_alone(house: Client, mailbox: Mailbox) -> None:
    thief = await join(house, ADA)
    made = await act(house, "createKey", "secret", key=thief.access, name="k", scopes=["READ", "ADMIN"])
    await act(house, "inviteMember", key=thief.access, email="thief@example.org", role="OWNER")
    await sign_up(house, "thief@example.org", invitation=await mailbox.token("thief@example.org", "invitation"))
    other = await sign_in(house, "thief@example.org")
    await act(house, "inviteMember", key=thief.access, email="another@example.org", role="OWNER")
    await act(house, "requestPasswordReset", email=ADA)
    await mailbox.token(ADA)
    await act(house, "resetPassword", token=await mailbox.token(ADA), password="another password")
    ada = await sign_in(house, ADA, "another password")
    team = "{ viewer { team { members { user { email } } invitations { email } keys { name } } } }"

    assert [await viewer(house, key) for key in (thief.access, made["secret"], str(thief.test_key))] == [None] * 3
    assert (await viewer(house, other.access))["team"] is None
    assert (await house.data(team, key=ada.access))["viewer"]["team"] == {
        "members": [{"user": {"email": ADA}}],
        "invitations": [],
        "keys": [],
    }
