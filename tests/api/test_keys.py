"""API keys over GraphQL: shown once, rotated, revoked, expiring to the moment, and worth no more than their maker."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import Clock, Mailbox, act, ask, bring, join, refusal, viewer

KEY = "key { id name scopes profile createdAt expiresAt lastUsedAt lastUsedAddress }"
KEYS = "{ viewer { team { keys { id name lastUsedAt lastUsedAddress expiresAt } } } }"
FORMS = {
    "G1": r"\d+\|[A-Za-z0-9]{40}",
    "G3": r"img_live_[A-Za-z0-9]{40}",
    "G4": r"img_live_[A-Za-z0-9]{40}",
    "APP": r"img_sk_live_[A-Za-z0-9]{40}",
    "TEST": r"test_[A-Za-z0-9]{40}",
    "LIVE": r"live_[A-Za-z0-9]{40}",
    "SK": r"sk_[0-9a-f]{64}",
}


async def listed(client: Client, name: str, *, key: str = "first") -> dict[str, str | None]:
    """The key of this name as the team's admins see it."""
    keys = (await client.data(KEYS, key=key))["viewer"]["team"]["keys"]
    (found,) = [item for item in keys if item["name"] == name]
    return dict(found)


@pytest.mark.parametrize("profile", FORMS)
async def test_a_key_has_the_form_of_its_profile_and_is_shown_once(client: Client, profile: str) -> None:
    made = await act(client, "createKey", f"secret {KEY}", key="first", name=" new ", profile=profile)
    secret = made["secret"]
    stored = sqlite3.connect(client.settings.data_dir / "tintype.db").execute("SELECT * FROM api_key").fetchall()
    shown = str(await client.data(KEYS))

    assert re.fullmatch(FORMS[profile], secret)
    assert (made["key"]["name"], made["key"]["scopes"], made["key"]["profile"]) == ("new", ["READ", "WRITE"], profile)
    for kept in (str(stored), shown):
        assert "new" in kept
        assert secret.rpartition("|")[2] not in kept


@pytest.mark.parametrize("profile", [profile for profile in FORMS if profile != "SK"])
async def test_a_key_works_plain_and_with_its_number_and_with_no_other(client: Client, profile: str) -> None:
    made = await act(client, "createKey", f"secret {KEY}", key="first", name="new", profile=profile)
    number, bar, body = made["secret"].rpartition("|")
    if not bar:
        number = str(await _number(client, "new"))

    for good in (made["secret"], body, f"{number}|{body}"):
        assert (await viewer(client, good))["key"]["name"] == "new"
    for bad in (
        f"{int(number) + 1}|{body}",
        f"|{body}",
        f"x|{body}",
        f"{number}|",
        f"{number}|{body}x",
        body[:-1],
        f"{body} x",
    ):
        assert await viewer(client, bad) is None, bad


async def _number(client: Client, name: str) -> int:
    database = sqlite3.connect(client.settings.data_dir / "tintype.db")
    return int(database.execute("SELECT id FROM api_key WHERE name = ?", (name,)).fetchone()[0])


async def test_sk_keys_are_refused_everywhere_but_where_they_belong(client: Client) -> None:
    made = await client.uploaded(pictures.png(), public=False)
    graphql = await client.request("POST", "/graphql", key="sk", json={"query": "{ __typename }"})
    upload = await client.rest_upload(pictures.png(), key="sk")
    image = await client.get(made["url"], key="sk")

    assert (graphql.status, upload.status, image.status) == (401, 401, 401)
    for message in (graphql.json["errors"][0]["message"], upload.json["error"]["message"]):
        assert message == "Keys that begin with sk_ are for /api/external alone."


async def test_a_rotated_key_has_another_secret_and_is_else_the_same(client: Client) -> None:
    made = await act(client, "createKey", f"secret {KEY}", key="first", name="new", scopes=["READ"], profile="G1")
    assert await viewer(client, made["secret"])
    rotated = await act(client, "rotateKey", f"secret {KEY}", key="first", id=made["key"]["id"])

    assert rotated["secret"] != made["secret"]
    assert rotated["secret"].partition("|")[0] == made["secret"].partition("|")[0]
    assert rotated["key"] | {"lastUsedAt": None, "lastUsedAddress": None} == made["key"]
    assert await viewer(client, made["secret"]) is None
    assert await viewer(client, rotated["secret"])


async def test_a_revoked_key_is_worth_nothing_at_once(client: Client) -> None:
    made = await act(client, "createKey", f"secret {KEY}", key="first", name="new")
    await client.uploaded(pictures.png(), key=made["secret"])  # (one that was good is remembered)
    revoked = await act(client, "revokeKey", "revokedId", key="first", id=made["key"]["id"])

    assert revoked["revokedId"] == made["key"]["id"]
    assert await viewer(client, made["secret"]) is None
    assert await refusal(client, "revokeKey", key="first", id=made["key"]["id"]) == "NOT_FOUND"
    assert await refusal(client, "rotateKey", key="first", id=made["key"]["id"]) == "NOT_FOUND"


async def test_a_key_may_revoke_itself(client: Client) -> None:
    made = await act(client, "createKey", f"secret {KEY}", key="first", name="new", scopes=["READ", "ADMIN"])
    await act(client, "revokeKey", key=made["secret"], id=made["key"]["id"])

    assert await viewer(client, made["secret"]) is None


@pytest.mark.usefixtures("database_url")
async def test_a_key_expires_to_the_microsecond(house: Client, clock: Clock) -> None:
    end = clock.stop() + dt.timedelta(hours=1)
    made = await act(house, "createKey", f"secret {KEY}", key="first", name="new", expiresAt=end.isoformat())
    assert dt.datetime.fromisoformat(made["key"]["expiresAt"]) == end
    clock.stop(end - dt.timedelta(microseconds=1))
    assert await viewer(house, made["secret"])
    clock.stop(end)
    answer = await house.graphql("{ __typename }", key=made["secret"])

    assert answer["errors"][0]["message"] == "This API key has expired."
    rotated = await act(house, "rotateKey", f"secret {KEY}", key="first", id=made["key"]["id"])
    assert await viewer(house, rotated["secret"]) is None  # another secret is no more time


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"profile": "SK", "scopes": ["ADMIN"]}, "scopes"),
        ({"profile": "TEST", "scopes": ["READ", "ADMIN"]}, "scopes"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_name(client: Client, wrong: dict[str, object], field: str) -> None:
    answer = await ask(client, "createKey", key="first", **({"name": "new"} | wrong))

    (error,) = answer["data"]["createKey"]["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", field])


async def test_scopes_are_rights_and_no_more(client: Client) -> None:
    made = await client.uploaded(pictures.png(), public=False)
    secrets = {
        scope: (await act(client, "createKey", "secret", key="first", name=scope, scopes=[scope]))["secret"]
        for scope in ("READ", "WRITE", "ADMIN")
    }

    for scope, key in secrets.items():
        reads = await client.graphql("{ mediaList { totalCount } }", key=key)
        writes = await client.rest_upload(pictures.png(), key=key)
        rules = await client.graphql("{ viewer { team { keys { name } } } }", key=key)
        renames = await ask(client, "updateMedia", key=key, id=made["id"], name="x.png")
        image = await client.get(made["url"], key=key)
        assert ("errors" not in reads) == (scope == "READ"), scope
        assert (image.status == 200) == (scope == "READ"), scope
        assert writes.status == (201 if scope == "WRITE" else 403), scope
        assert ("errors" not in renames) == (scope == "WRITE"), scope
        assert ("errors" not in rules) == (scope == "ADMIN"), scope


async def test_no_key_makes_one_that_may_more_than_itself(client: Client) -> None:
    ruler = (await act(client, "createKey", "secret", key="first", name="r", scopes=["ADMIN", "READ"]))["secret"]
    strong = (await act(client, "createKey", KEY, key="first", name="strong"))["key"]["id"]

    assert await refusal(client, "createKey", key="writer", name="x", scopes=["WRITE"]) == "FORBIDDEN"
    assert await refusal(client, "createKey", key="test", name="x") == "FORBIDDEN"
    assert await refusal(client, "createKey", key=ruler, name="x", scopes=["WRITE"]) == "FORBIDDEN"
    assert await refusal(client, "createKey", key=ruler, name="x", profile="SK") == "FORBIDDEN"
    assert (
        await refusal(client, "rotateKey", key=ruler, id=strong) == "FORBIDDEN"
    )  # its secret would be that of a writer
    await act(client, "createKey", key=ruler, name="x", scopes=["READ", "ADMIN"])


async def test_a_member_has_keys_of_their_own_for_uploads_alone(house: Client, mailbox: Mailbox) -> None:
    owner = await join(house, "owner@example.org")
    member = await bring(house, mailbox, owner, "member@example.org", "MEMBER")
    own = await act(house, "createKey", f"secret {KEY}", key=member.access, name="own", profile="SK")
    theirs = await act(house, "createKey", KEY, key=owner.access, name="theirs", profile="SK")

    assert await refusal(house, "createKey", key=member.access, name="x") == "FORBIDDEN"
    assert await refusal(house, "createKey", key=member.access, name="x", scopes=["ADMIN"]) == "FORBIDDEN"
    assert await refusal(house, "createKey", key=member.access, name="x", profile="TEST") == "FORBIDDEN"
    for mutation, more in (("rotateKey", {}), ("renameKey", {"name": "x"}), ("revokeKey", {})):
        code = await refusal(house, mutation, key=member.access, id=theirs["key"]["id"], **more)
        assert code == "FORBIDDEN", mutation
    rotated = await act(house, "rotateKey", f"secret {KEY}", key=member.access, id=own["key"]["id"])
    assert rotated["secret"] != own["secret"]
    await act(house, "revokeKey", key=member.access, id=own["key"]["id"])


async def test_when_and_from_where_a_key_was_used_is_known(tmp_path: Path, imaging: ImagingPool, clock: Clock) -> None:
    async with run_app(make_settings(tmp_path, trusted_proxies="127.0.0.1"), imaging) as client:
        made = await act(client, "createKey", f"secret {KEY}", key="first", name="new")
        assert (made["key"]["lastUsedAt"], made["key"]["lastUsedAddress"]) == (None, None)
        for seconds, address, seen in (
            (0, "8.8.8.8", "8.8.8.8"),
            (30, "9.9.9.9", "8.8.8.8"),
            (31, "9.9.9.9", "9.9.9.9"),
        ):
            clock.forward(seconds=seconds)
            await client.request("GET", "/v1/usage", key=made["secret"], headers={"X-Forwarded-For": address})
            assert (await listed(client, "new"))["lastUsedAddress"] == seen


async def test_a_refused_use_is_no_use(house: Client, clock: Clock) -> None:
    end = clock.stop() + dt.timedelta(hours=1)
    made = await act(house, "createKey", f"secret {KEY}", key="first", name="new", expiresAt=end.isoformat())
    clock.stop(end)
    assert await viewer(house, made["secret"]) is None

    assert (await listed(house, "new"))["lastUsedAt"] is None


async def test_a_team_has_two_hundred_keys_at_most(client: Client) -> None:
    database = sqlite3.connect(client.settings.data_dir / "tintype.db")
    columns = "team_id, name, digest, profile, scopes, created_at"
    with database:
        for number in range(200):
            database.execute(
                f"INSERT INTO api_key ({columns}) SELECT team_id, 'x', ?, profile, scopes, created_at FROM api_key WHERE id = 1",
                (f"{number}",),
            )

    assert await refusal(client, "createKey", key="first", name="one more") == "CONFLICT"
