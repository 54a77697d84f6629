"""The audit trail: every act that matters is in it, the team's admins alone read it, and no secret is in it or the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphql_api.domain.audit import AuditAction
from graphql_api.imaging.pool import ImagingPool
from graphql_api.wiring import open_services
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import (
    PASSWORD,
    Clock,
    Mailbox,
    act,
    bring,
    join,
    page_cookie,
    post_form,
    refusal,
    sign_in,
    sign_up,
    token_in,
)
from tests.processes import run

LOG = "query ($first: Int! = 100, $before: ID) { viewer { team { auditLog(first: $first, before: $before) { id action actor subject address at } } } }"
OTHER = "quite other words"
OWNER, MEMBER = "owner@example.org", "member@example.org"


async def trail(client: Client, key: str, **variables: object) -> list[dict[str, Any]]:
    """The trail of the caller's team, the latest first."""
    return list((await client.data(LOG, variables, key=key))["viewer"]["team"]["auditLog"])


def acts(events: list[dict[str, Any]]) -> list[str]:
    return [event["action"] for event in events]


async def live(house: Client, mailbox: Mailbox, clock: Clock) -> set[str]:
    """A team's life, in which everything happens once; the secrets that were in it."""
    owner = await join(house, OWNER, teamName="Engines")
    secrets = {PASSWORD, OTHER, str(owner.test_key), owner.access, owner.refresh}
    verify = await mailbox.token(OWNER, "verify")
    await act(house, "verifyEmail", token=verify)
    await refusal(house, "signIn", email=OWNER, password="a wrong password")
    cookie = await page_cookie(house, OWNER)
    await post_form(house, "/account/sign-out", cookie=cookie)
    stolen = await sign_in(house, OWNER)
    pair = await act(house, "refreshSession", "accessToken refreshToken", refreshToken=stolen.refresh)
    clock.forward(minutes=2)
    await refusal(house, "refreshSession", refreshToken=stolen.refresh)
    secrets |= {verify, cookie.partition("=")[2], stolen.access, stolen.refresh, *pair.values(), "a wrong password"}

    member = await bring(house, mailbox, owner, MEMBER, "MEMBER")
    await act(house, "setMemberRole", key=owner.access, userId=member.id, role="ADMIN")
    await act(house, "changePassword", key=member.access, oldPassword=PASSWORD, newPassword=OTHER)
    await act(house, "requestPasswordReset", email=MEMBER)
    reset = await mailbox.token(MEMBER, "reset")
    await act(house, "resetPassword", token=reset, password=PASSWORD)
    for word in ("suspend", "reinstate"):
        run(house.settings.data_dir, "user", word, "--email", MEMBER)
    run(house.settings.data_dir, "team", "plan", "--team", "Engines", "--plan", "pro")
    member = await sign_in(house, MEMBER)
    await act(house, "deleteAccount", key=member.access, password=PASSWORD)
    secrets |= {member.access, member.refresh, reset}

    for email in ("guest@example.org", "late@example.org"):
        await act(house, "inviteMember", key=owner.access, email=email)
    late = "{ viewer { team { invitations { id email } } } }"
    waiting = (await house.data(late, key=owner.access))["viewer"]["team"]["invitations"]
    await act(house, "revokeInvitation", key=owner.access, id=waiting[1]["id"])
    invited = await mailbox.token("guest@example.org", "invitation")
    await sign_up(house, "guest@example.org", invitation=invited)
    guest = await sign_in(house, "guest@example.org")
    await act(house, "removeMember", key=guest.access, userId=guest.id)

    made = await act(house, "createKey", "key { id } secret", key=owner.access, name="k", profile="G1")
    rotated = await act(house, "rotateKey", "secret", key=owner.access, id=made["key"]["id"])
    await act(house, "renameKey", key=owner.access, id=made["key"]["id"], name="other")
    await act(house, "revokeKey", key=owner.access, id=made["key"]["id"])
    await act(house, "updateTeam", key=owner.access, name="Machines")
    export = (await act(house, "exportTeam", "url", key=owner.access))["url"]
    await house.get(export, key=None)
    await house.get(export.replace("token=", "token=x"), key=None)
    return secrets | {invited, made["secret"].partition("|")[2], rotated["secret"].partition("|")[2], token_in(export)}


async def test_a_life_is_in_the_trail_and_none_of_its_secrets(
    house: Client, mailbox: Mailbox, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = await live(house, mailbox, clock)
    owner = await sign_in(house, OWNER)
    events = await trail(house, owner.access)
    done = acts(events)
    elsewhere = {"TEAM_CREATED", "USER_APPROVED"}  # tests of their own, below
    elsewhere |= {"WEBHOOK_CREATED", "WEBHOOK_CHANGED", "WEBHOOK_DELETED"}  # and in test_webhooks.py
    never = {"TEAM_DELETED"}  # it goes with its trail

    assert {action.name for action in AuditAction} - set(done) == elsewhere | never
    moments = [event["at"] for event in events if event["address"]]  # (commands do not know of the moved clock)
    assert moments == sorted(moments, reverse=True)
    by_act = {event["action"]: event for event in events}
    assert [(by_act[name]["actor"], by_act[name]["subject"]) for name in ("MEMBER_ROLE_CHANGED", "PLAN_CHANGED")] == [
        (OWNER, f"{MEMBER}: member to admin"),
        ("operator", "to pro"),
    ]
    assert by_act["SIGN_IN_FAILED"]["actor"] == "somebody"
    assert by_act["SIGN_IN_FAILED"]["subject"] == OWNER
    assert by_act["KEY_RENAMED"]["subject"].endswith("(k) to other")
    assert {event["address"] for event in events} == {"127.0.0.1", ""}
    assert {event["actor"] for event in events if not event["address"]} == {"operator"}
    written = "".join(capsys.readouterr())
    assert "mail_sent" in written
    for place in (str(events), written):
        assert not [secret for secret in secrets if secret in place]
    assert len(secrets) > 15


async def test_a_new_team_and_an_approval_are_in_the_trail(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, sign_up="approval"), imaging) as client:
        await sign_up(client, OWNER)
        run(client.settings.data_dir, "user", "approve", "--email", OWNER)
        owner = await sign_in(client, OWNER)
        assert acts(await trail(client, owner.access)) == ["SIGNED_IN", "USER_APPROVED", "SIGNED_UP"]
        made = await act(client, "createTeam", "team { id }", key=owner.access, name="Second")
        await act(client, "switchTeam", key=owner.access, teamId=made["team"]["id"])

        (event,) = await trail(client, owner.access)
        assert (event["action"], event["actor"], event["subject"]) == ("TEAM_CREATED", OWNER, "Second")


async def test_it_is_read_by_admins_of_the_team_alone(house: Client, mailbox: Mailbox) -> None:
    owner = await join(house, OWNER)
    member = await bring(house, mailbox, owner, MEMBER, "MEMBER")
    for key in (member.access, "reader", "writer", "test"):
        answer = await house.graphql(LOG, key=key)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    assert all(MEMBER not in str(event) and OWNER not in str(event) for event in await trail(house, "first"))
    assert "MEMBER_JOINED" in acts(await trail(house, owner.access))


@pytest.mark.usefixtures("database_url")
async def test_it_is_read_page_by_page(house: Client) -> None:
    owner = await join(house, OWNER)
    for name in ("a", "b", "c"):
        await act(house, "updateTeam", key=owner.access, name=name)
    everything = await trail(house, owner.access)
    pages, before = [], None
    while page := await trail(house, owner.access, first=2, **({"before": before} if before else {})):
        pages += page
        before = page[-1]["id"]

    assert pages == everything
    for first in (-1, 101):
        answer = await house.graphql(LOG, {"first": first}, key=owner.access)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    answer = await house.graphql(LOG, {"before": "nonsense"}, key=owner.access)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_what_fails_is_not_in_the_trail(house: Client) -> None:
    owner = await join(house, OWNER)
    before = await trail(house, owner.access)
    await refusal(house, "updateTeam", key=owner.access, name="first")  # another's name
    await refusal(house, "setMemberRole", key=owner.access, userId=owner.id, role="MEMBER")
    await refusal(house, "createKey", key=owner.access, name="")

    assert await trail(house, owner.access) == before


async def test_it_is_kept_for_four_hundred_days(house: Client, clock: Clock, imaging: ImagingPool) -> None:
    clock.stop()
    await join(house, OWNER)
    for days, kept in ((400, True), (1, False)):
        clock.forward(days=days)
        async with open_services(house.settings, imaging) as services:
            await services.audit.sweep()
        owner = await sign_in(house, OWNER)
        assert ("SIGNED_UP" in acts(await trail(house, owner.access))) == kept
