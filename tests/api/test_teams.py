"""Teams over GraphQL: who may do what in them, how people come and go, and how a team ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import (
    PASSWORD,
    Clock,
    Mailbox,
    Person,
    act,
    bring,
    eventually,
    join,
    refusal,
    sign_in,
    sign_up,
    viewer,
)

ROLES = ("owner", "admin", "member")
TEAM = "{ viewer { team { name members { role user { id email } } } } }"


@dataclass(frozen=True, slots=True)
class House:
    """A team with one of each role, and somebody of another team."""

    client: Client
    mailbox: Mailbox
    owner: Person
    admin: Person
    member: Person
    stranger: Person

    def __getitem__(self, name: str) -> Person:
        person: Person = getattr(self, name)
        return person


@pytest.fixture
async def team(house: Client, mailbox: Mailbox) -> House:
    owner = await join(house, "owner@example.org", teamName="Engines")
    admin = await bring(house, mailbox, owner, "admin@example.org", "ADMIN")
    member = await bring(house, mailbox, owner, "member@example.org", "MEMBER")
    return House(house, mailbox, owner, admin, member, await join(house, "stranger@example.org", teamName="Others"))


async def roles(team: House) -> dict[str, str]:
    """Who is in the team as what."""
    members = (await team.client.data(TEAM, key=team.owner.access))["viewer"]["team"]["members"]
    return {member["user"]["email"].partition("@")[0]: member["role"] for member in members}


async def test_a_team_is_who_was_brought_into_it(team: House) -> None:
    assert await roles(team) == {"owner": "OWNER", "admin": "ADMIN", "member": "MEMBER"}
    for name in ROLES:
        assert (await viewer(team.client, team[name].access))["team"]["name"] == "Engines"


@pytest.mark.parametrize("field", ["keys { name }", "auditLog { action }", "invitations { email }"])
async def test_what_only_admins_see(team: House, field: str) -> None:
    query = f"{{ viewer {{ team {{ {field} }} }} }}"
    for name in ("owner", "admin"):
        assert await team.client.data(query, key=team[name].access)
    answer = await team.client.graphql(query, key=team.member.access)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "Your role does not allow this."


@pytest.mark.parametrize(
    ("mutation", "values", "allowed"),
    [
        ("updateTeam", {"name": "Other engines"}, "owner admin"),
        ("inviteMember", {"email": "new@example.org", "role": "MEMBER"}, "owner admin"),
        ("inviteMember", {"email": "new@example.org", "role": "ADMIN"}, "owner admin"),
        ("inviteMember", {"email": "new@example.org", "role": "OWNER"}, "owner"),
        ("createKey", {"name": "k"}, "owner admin"),
        ("createKey", {"name": "k", "scopes": ["ADMIN"]}, "owner admin"),
        ("createKey", {"name": "k", "profile": "SK"}, "owner admin member"),
        ("setMemberRole", {"userId": "member", "role": "ADMIN"}, "owner admin"),
        ("setMemberRole", {"userId": "member", "role": "OWNER"}, "owner"),
        ("setMemberRole", {"userId": "owner", "role": "MEMBER"}, ""),  # the last one stays
        ("removeMember", {"userId": "owner"}, ""),
        ("exportTeam", {}, "owner admin"),
        ("deleteTeam", {"name": "Engines"}, "owner"),
        ("deleteTeam", {"name": "engines"}, ""),
    ],
)
async def test_who_may_do_what(team: House, mutation: str, values: dict[str, str], allowed: str) -> None:
    values = values | ({"userId": team[values["userId"]].id} if "userId" in values else {})
    expected = {name: name in allowed.split() for name in ROLES}
    done = {}
    for name in reversed(ROLES):  # who may the least first: what is done changes what can be done
        done[name] = await _does(team, name, mutation, values)

    assert done == expected


async def _does(team: House, name: str, mutation: str, values: dict[str, str]) -> bool:
    try:
        code = await refusal(team.client, mutation, key=team[name].access, **values)
    except ValueError:  # no error to unpack
        return True
    assert code in ("FORBIDDEN", "CONFLICT"), code
    return False


async def test_an_admin_takes_no_seat_of_an_owner(team: House) -> None:
    await act(team.client, "setMemberRole", key=team.owner.access, userId=team.member.id, role="OWNER")
    for mutation, more in (("removeMember", {}), ("setMemberRole", {"role": "MEMBER"})):
        code = await refusal(team.client, mutation, key=team.admin.access, userId=team.owner.id, **more)
        assert code == "FORBIDDEN"

    assert (await roles(team))["owner"] == "OWNER"


async def test_who_loses_a_seat_is_out_at_once_and_so_is_their_own_key(team: House) -> None:
    await act(team.client, "createKey", key=team.member.access, name="own", profile="SK")
    await act(team.client, "createKey", key=team.owner.access, name="the team's")
    await act(team.client, "removeMember", key=team.admin.access, userId=team.member.id)

    seen = await viewer(team.client, team.member.access)
    assert (seen["team"], seen["teams"]) == (None, [])
    answer = await team.client.graphql("{ mediaList { totalCount } }", key=team.member.access)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    keys = await team.client.data("{ viewer { team { keys { name } } } }", key=team.owner.access)
    assert [key["name"] for key in keys["viewer"]["team"]["keys"]] == ["test", "the team's"]
    assert (await sign_in(team.client, team.member.email)).id == team.member.id


async def test_anybody_may_leave_but_the_last_owner(team: House) -> None:
    client = team.client
    assert await refusal(client, "removeMember", key=team.owner.access, userId=team.owner.id) == "CONFLICT"
    await act(client, "removeMember", key=team.member.access, userId=team.member.id)
    await act(client, "setMemberRole", key=team.owner.access, userId=team.admin.id, role="OWNER")
    await act(client, "removeMember", key=team.owner.access, userId=team.owner.id)

    assert await refusal(client, "removeMember", key=team.admin.access, userId=team.admin.id) == "CONFLICT"
    members = await client.data(TEAM, key=team.admin.access)
    assert [member["role"] for member in members["viewer"]["team"]["members"]] == ["OWNER"]


@pytest.mark.usefixtures("database_url")
async def test_of_two_owners_who_leave_at_once_one_stays(team: House) -> None:
    await act(team.client, "setMemberRole", key=team.owner.access, userId=team.admin.id, role="OWNER")
    query = "mutation ($id: ID!) { removeMember(input: { userId: $id }) { done } }"
    answers = await asyncio.gather(
        *(team.client.data(query, {"id": person.id}, key=person.access) for person in (team.owner, team.admin))
    )

    assert sorted(answer["removeMember"]["done"] for answer in answers) == [False, True]


async def test_a_change_of_role_counts_from_the_next_request(team: House) -> None:
    await act(team.client, "setMemberRole", key=team.owner.access, userId=team.admin.id, role="MEMBER")

    assert await refusal(team.client, "updateTeam", key=team.admin.access, name="x") == "FORBIDDEN"


@pytest.mark.usefixtures("database_url")
async def test_a_key_may_never_more_than_who_made_it(team: House) -> None:
    client, admin = team.client, team.admin
    made = await act(client, "createKey", "secret", key=admin.access, name="k", scopes=["READ", "WRITE", "ADMIN"])
    child = await act(client, "createKey", "secret", key=made["secret"], name="child", scopes=["READ", "ADMIN"])
    keys = [made["secret"], child["secret"]]
    await act(client, "setMemberRole", key=team.owner.access, userId=admin.id, role="MEMBER")
    demoted = [await refusal(client, "setMemberRole", key=key, userId=admin.id, role="ADMIN") for key in keys]
    still = [await viewer(client, key) for key in keys]
    await act(client, "removeMember", key=team.owner.access, userId=admin.id)

    assert demoted == ["FORBIDDEN"] * 2
    assert all(still)
    assert [await viewer(client, key) for key in keys] == [None] * 2


async def test_a_key_that_rules_makes_no_owner(team: House) -> None:
    made = await act(team.client, "createKey", "secret", key=team.owner.access, name="k", scopes=["READ", "ADMIN"])
    key = made["secret"]

    assert await refusal(team.client, "setMemberRole", key=key, userId=team.member.id, role="OWNER") == "FORBIDDEN"
    assert await refusal(team.client, "removeMember", key=key, userId=team.owner.id) == "FORBIDDEN"
    assert await refusal(team.client, "deleteTeam", key=key, name="Engines") == "UNAUTHENTICATED"
    await act(team.client, "setMemberRole", key=key, userId=team.member.id, role="ADMIN")


# --- invitations


async def invite(team: House, email: str = "new@example.org", role: str = "MEMBER") -> str:
    """The token that is mailed to whom the owner invites."""
    await act(team.client, "inviteMember", "invitation { email }", key=team.owner.access, email=email, role=role)
    return await team.mailbox.token(email, "invitation")


async def test_who_is_invited_joins_and_can_go_between_their_teams(team: House) -> None:
    token = await invite(team, team.stranger.email, "ADMIN")
    made = await act(team.client, "acceptInvitation", "team { id role current }", key=team.stranger.access, token=token)
    assert (made["team"]["role"], made["team"]["current"]) == ("ADMIN", False)
    await act(team.client, "switchTeam", "team { current }", key=team.stranger.access, teamId=made["team"]["id"])

    seen = await viewer(team.client, team.stranger.access)
    assert seen["team"]["name"] == "Engines"
    assert [(item["name"], item["role"], item["current"]) for item in seen["teams"]] == [
        ("Others", "OWNER", False),
        ("Engines", "ADMIN", True),
    ]
    again = await sign_in(team.client, team.stranger.email)
    assert (await viewer(team.client, again.access))["team"]["name"] == "Engines"


async def test_an_invitation_is_good_once_and_for_its_address_alone(team: House) -> None:
    token = await invite(team)
    fields = {"password": PASSWORD, "invitation": token}

    assert await refusal(team.client, "acceptInvitation", key=team.stranger.access, token=token) == "FORBIDDEN"
    assert await refusal(team.client, "signUp", email="other@example.org", **fields) == "FORBIDDEN"
    assert await refusal(team.client, "acceptInvitation", key="first", token=token) == "UNAUTHENTICATED"
    made = await sign_up(team.client, "new@example.org", invitation=token)
    assert made["user"]["emailVerifiedAt"]  # it came by mail
    new = await sign_in(team.client, "new@example.org")
    assert await refusal(team.client, "acceptInvitation", key=new.access, token=token) == "BAD_SIGNATURE"
    assert await refusal(team.client, "signUp", email="new@example.org", **fields) == "BAD_SIGNATURE"
    assert await refusal(team.client, "inviteMember", key=team.owner.access, email=new.email) == "CONFLICT"


@pytest.mark.usefixtures("database_url")
async def test_an_invitation_used_at_once_gives_one_seat(team: House) -> None:
    token = await invite(team, team.stranger.email)
    query = "mutation ($t: String!) { acceptInvitation(input: { token: $t }) { team { name } errors { code } } }"
    answers = await asyncio.gather(*(team.client.data(query, {"t": token}, key=team.stranger.access) for _ in range(5)))

    assert len([answer for answer in answers if answer["acceptInvitation"]["team"]]) == 1
    assert len(await roles(team)) == 4


async def test_an_invitation_ends_after_seven_days(team: House, clock: Clock) -> None:
    token = await invite(team, team.stranger.email)
    clock.forward(days=7, seconds=1)
    stranger = await sign_in(team.client, team.stranger.email)
    owner = await sign_in(team.client, team.owner.email)

    assert await refusal(team.client, "acceptInvitation", key=stranger.access, token=token) == "BAD_SIGNATURE"
    waiting = await team.client.data("{ viewer { team { invitations { email } } } }", key=owner.access)
    assert waiting["viewer"]["team"]["invitations"] == []


@pytest.mark.usefixtures("database_url")
async def test_an_invitation_can_be_taken_back_or_replaced(team: House) -> None:
    first, second = await invite(team, role="OWNER"), await invite(team)
    fields = {"email": "new@example.org", "password": PASSWORD}
    query = "{ viewer { team { invitations { id email role } } } }"
    (waiting,) = (await team.client.data(query, key=team.admin.access))["viewer"]["team"]["invitations"]

    assert (waiting["email"], waiting["role"]) == ("new@example.org", "MEMBER")
    assert await refusal(team.client, "signUp", invitation=first, **fields) == "BAD_SIGNATURE"
    for person, code in ((team.member, "FORBIDDEN"), (team.stranger, "NOT_FOUND")):
        assert await refusal(team.client, "revokeInvitation", key=person.access, id=waiting["id"]) == code
    await act(team.client, "revokeInvitation", key=team.admin.access, id=waiting["id"])
    assert await refusal(team.client, "signUp", invitation=second, **fields) == "BAD_SIGNATURE"


async def test_invitations_are_limited_by_team_and_by_address_and_the_last_one_stays_good(
    tmp_path: Path, imaging: ImagingPool, mailbox: Mailbox
) -> None:
    settings = make_settings(tmp_path, rate_limit_scale=0.1, smtp_url=mailbox.url)
    async with run_app(settings, imaging) as client:
        ann, bob = [await join(client, f"{name}@example.org") for name in ("ann", "bob")]
        for _ in range(3):
            await act(client, "inviteMember", key=ann.access, email="new@example.org")
            token = await mailbox.token("new@example.org", "invitation")

        for person, email in ((ann, "new@example.org"), (ann, "other@example.org"), (bob, "new@example.org")):
            assert await refusal(client, "inviteMember", key=person.access, email=email) == "RATE_LIMITED"
        await act(client, "inviteMember", key=bob.access, email="other@example.org")
        await sign_up(client, "new@example.org", invitation=token)


async def test_a_name_of_a_team_stays_a_name_in_the_letter(team: House) -> None:
    await act(team.client, "updateTeam", key=team.owner.access, name="{link} {0} https://evil.example?token=x")
    await act(team.client, "inviteMember", key=team.owner.access, email="new@example.org")
    text = (await team.mailbox.letter("new@example.org")).get_content()

    assert text.count("/account/invitation?token=") == 1


# --- strangers, and the end


async def test_a_foreign_team_sees_and_changes_nothing(team: House) -> None:
    stranger = team.stranger.access
    made = await team.client.uploaded(pictures.png(), key=team.owner.access, public=False)
    key = await act(team.client, "createKey", "key { id }", key=team.owner.access, name="k")
    team_id = (await viewer(team.client, team.owner.access))["team"]["id"]
    query = "query ($id: ID!) { media(by: { id: $id }) { uid } node(id: $id) { id } mediaList { totalCount } trash { totalCount } }"

    assert await team.client.data(query, {"id": made["id"]}, key=stranger) == {
        "media": None,
        "node": None,
        "mediaList": {"totalCount": 0},
        "trash": {"totalCount": 0},
    }
    for mutation, values in (
        ("deleteMedia", {"id": made["id"]}),
        ("restoreMedia", {"id": made["id"]}),
        ("updateMedia", {"id": made["id"], "name": "x"}),
        ("purgeRenditions", {"id": made["id"]}),
        ("rotateKey", {"id": key["key"]["id"]}),
        ("revokeKey", {"id": key["key"]["id"]}),
        ("renameKey", {"id": key["key"]["id"], "name": "x"}),
        ("setMemberRole", {"userId": team.member.id, "role": "MEMBER"}),
        ("removeMember", {"userId": team.member.id}),
        ("switchTeam", {"teamId": team_id}),
    ):
        assert await refusal(team.client, mutation, key=stranger, **values) == "NOT_FOUND", mutation
    assert await refusal(team.client, "deleteTeam", key=stranger, name="Engines") == "CONFLICT"
    assert (await team.client.get(made["url"], key=stranger)).status == 404
    assert (await team.client.get(made["url"], key=team.member.access)).status == 200


@pytest.mark.usefixtures("database_url")
async def test_what_a_deleted_team_owned_is_gone_at_once_and_its_bytes_soon(team: House) -> None:
    client, owner = team.client, team.owner.access
    public = await client.uploaded(pictures.png(seed=1), key=owner)
    private = await client.uploaded(pictures.png(seed=2), key=owner, public=False)
    trashed = await client.uploaded(pictures.png(seed=3), key=owner)
    await act(client, "deleteMedia", key=owner, id=trashed["id"])
    shared = await client.uploaded(pictures.png(seed=1), key=team.stranger.access)
    key = (await act(client, "createKey", "secret", key=owner, name="k"))["secret"]
    token = await invite(team)
    export = (await act(client, "exportTeam", "url", key=owner))["url"]
    assert (await client.get(public["url"] + "?w=20")).status == 200
    await act(client, "deleteTeam", "done", key=owner, name="Engines")

    for url in (public["url"], public["url"] + "?w=20", private["url"]):
        assert (await client.get(url, key=None)).status == 404
    assert await viewer(client, key) is None
    assert (await viewer(client, team.member.access))["teams"] == []
    assert (await viewer(client, owner))["team"] is None
    assert (await client.get(export, key=None)).status == 403
    assert (
        await refusal(client, "signUp", email="new@example.org", password=PASSWORD, invitation=token) == "BAD_SIGNATURE"
    )
    assert await refusal(client, "deleteTeam", key=owner, name="Engines") == "FORBIDDEN"
    await eventually(lambda: [path.name for path in client.blobs()] == [shared["sha256"]])
    assert (await client.get(shared["url"], key=None)).status == 200
    made = await act(client, "createTeam", "team { name role }", key=owner, name="Engines")  # the name is free
    assert made["team"] == {"name": "Engines", "role": "OWNER"}


@pytest.mark.usefixtures("database_url")
async def test_an_upload_that_a_deletion_overtakes_leaves_nothing(
    team: House, capsys: pytest.CaptureFixture[str]
) -> None:
    client = team.client
    keys = [
        (await act(client, "createKey", "secret", key=team.owner.access, name="k", profile=profile))["secret"]
        for profile in ("G4", "TEST")
    ]
    ended, arrived = asyncio.Event(), asyncio.Event()
    content = pictures.png()

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + content[:100]
        arrived.set()
        await ended.wait()
        yield content[100:] + b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    uploads = [
        asyncio.create_task(client.request("POST", "/v1/images", key=key, data=body(), headers=headers)) for key in keys
    ]
    await arrived.wait()
    await asyncio.sleep(0.3)  # both are past the check of their key
    await act(client, "deleteTeam", key=team.owner.access, name="Engines")
    await eventually(lambda: "team_deleted" in "".join(capsys.readouterr()))
    ended.set()
    answers = await asyncio.gather(*uploads)

    assert [answer.status for answer in answers] == [401, 401]
    assert "Traceback" not in "".join(capsys.readouterr())
