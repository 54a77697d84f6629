"""The archive of a team: whole, streamed, for nobody else, and worth nothing when it is cut."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
from PIL import Image

from tests import pictures
from tests.client import Client
from tests.people import Clock, Mailbox, act, bring, join, refusal, sign_in
from tests.processes import run


def opened(archive: bytes) -> dict[str, bytes]:
    """The members of an archive by name."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        files = {member.name: tar.extractfile(member) for member in tar}
    return {name: file.read() for name, file in files.items() if file}


def described(members: dict[str, bytes]) -> dict[str, Any]:
    """What is said of each media, by uid."""
    manifest = orjson.loads(members["manifest.json"])
    items = [item for part in manifest["media"]["parts"] for item in orjson.loads(members[part])]
    assert manifest["media"]["count"] == len(items)
    return {item["uid"]: item for item in items}


@pytest.mark.usefixtures("database_url")
async def test_the_archive_has_every_original_and_all_that_is_said_of_it(house: Client, mailbox: Mailbox) -> None:
    owner = await join(house, "owner@example.org", teamName="Engines & mögliche/Dinge")
    member = await bring(house, mailbox, owner, "member@example.org", "MEMBER")
    contents = {n: pictures.png(seed=n) for n in (1, 2, 3)}
    rich = await house.uploaded(
        contents[1], key=owner.access, name="kätzchen.png", caption="c", altText="a", tags=["b", "a"], public=False
    )
    trashed = await house.uploaded(contents[2], key=owner.access, ttl="7d")
    await act(house, "deleteMedia", key=owner.access, id=trashed["id"])
    assert owner.test_key
    tried = await house.uploaded(contents[3], key=owner.test_key)
    await act(house, "setPreset", key=owner.access, name="small", transform={"width": 20})
    await house.uploaded(pictures.png(seed=9))  # another team's
    made = await act(house, "exportTeam", "url expiresAt", key=owner.access)
    answer = await house.get(made["url"], key=None)
    members = opened(answer.body)
    said, manifest = described(members), orjson.loads(members["manifest.json"])

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-tar")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''Engines%20%26%20m%C3%B6gliche%2FDinge.tar"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(said) == {rich["uid"], trashed["uid"], tried["uid"]}
    for media, n in ((rich, 1), (trashed, 2), (tried, 3)):
        assert members[said[media["uid"]]["file"]] == contents[n]
        assert (said[media["uid"]]["sha256"], said[media["uid"]]["bytes"]) == (media["sha256"], len(contents[n]))
    item = said[rich["uid"]]
    named = ("name", "caption", "altText", "tags", "public", "width", "height")
    assert {name: item[name] for name in named} == {name: rich[name] for name in named}
    assert (item["test"], item["deletedAt"], item["expiresAt"]) == (False, None, None)
    assert said[trashed["uid"]]["deletedAt"]
    assert said[trashed["uid"]]["expiresAt"]
    assert said[tried["uid"]]["test"]
    assert manifest["team"]["name"] == "Engines & mögliche/Dinge"
    assert [(person["email"], person["role"]) for person in manifest["members"]] == [
        (owner.email, "owner"),
        (member.email, "member"),
    ]
    assert [key["name"] for key in manifest["keys"]] == ["test"]
    assert [(preset["name"], preset["query"]) for preset in manifest["presets"]] == [("small", "w=20")]
    assert owner.test_key not in answer.body.decode("latin-1")


@pytest.mark.usefixtures("database_url")
async def test_the_archive_has_earlier_versions_collections_and_webhooks_too(client: Client) -> None:
    contents = [pictures.png(seed=1), pictures.png(seed=2)]
    made = await client.uploaded(contents[0])
    replace = "mutation ($input: ReplaceMediaInput!) { replaceMedia(input: $input) { media { version } } }"
    await client.multipart(replace, {"input": {"id": made["id"], "file": None}}, {"variables.input.file": contents[1]})
    collection = await act(client, "createCollection", "collection { id }", key="first", name="c", description="d")
    await act(client, "addToCollection", key="first", id=collection["collection"]["id"], mediaIds=[made["id"]])
    hook = {"url": "https://example.org/hook", "events": ["MEDIA_CREATED"]}
    secret = (await act(client, "createWebhook", "secret", key="first", **hook))["secret"]
    archive = (await client.get("/export")).body
    members = opened(archive)
    item, manifest = described(members)[made["uid"]], orjson.loads(members["manifest.json"])

    assert [members[version["file"]] for version in item["versions"]] == [contents[1], contents[0]]
    assert item["file"] == item["versions"][0]["file"]
    assert (item["collections"], manifest["collections"]) == (["c"], [{"name": "c", "description": "d"}])
    assert manifest["webhooks"] == [{"url": hook["url"], "events": ["media.created"], "active": True}]
    assert secret.encode() not in archive


async def test_an_archive_of_nothing_is_an_archive(client: Client) -> None:
    answer = await client.get("/export", key="second")
    members = opened(answer.body)

    assert list(members) == ["manifest.json"]
    assert described(members) == {}
    assert orjson.loads(members["manifest.json"])["format"] == "tintype-export/1"


async def test_it_is_for_who_rules_the_team_and_by_the_link_for_an_hour(
    house: Client, mailbox: Mailbox, clock: Clock
) -> None:
    owner = await join(house, "owner@example.org")
    member = await bring(house, mailbox, owner, "member@example.org", "MEMBER")
    refused = {key: (await house.get("/export", key=key)).status for key in ("reader", "test", "sk", "nonsense", None)}
    refused["member"] = (await house.get("/export", key=member.access)).status
    assert refused == {"reader": 403, "test": 403, "sk": 401, "nonsense": 401, None: 401, "member": 403}
    assert await refusal(house, "exportTeam", key=member.access) == "FORBIDDEN"
    assert (await house.get("/export", key=owner.access)).status == 200
    url = (await act(house, "exportTeam", "url", key=owner.access))["url"]
    clock.forward(minutes=59)
    assert (await house.get(url, key=None)).status == 200
    clock.forward(minutes=1, seconds=1)
    late = await house.get(url, key=None)

    assert (late.status, late.json["error"]["code"]) == (403, "bad_signature")
    assert (await sign_in(house, owner.email)).id == owner.id


async def test_every_way_to_it_is_in_the_trail(client: Client) -> None:
    await client.get("/export")
    await act(client, "exportTeam", "url", key="first")
    await client.get("/export", key="reader")
    target = client.settings.data_dir / "first.tar"
    assert run(client.settings.data_dir, "team", "export", "--team", "first", "--output", str(target)).returncode == 0
    events = (await client.data("{ viewer { team { auditLog { action actor } } } }"))["viewer"]["team"]["auditLog"]

    actors = [event["actor"] for event in events if event["action"] == "TEAM_EXPORTED"]
    assert actors == ["operator", "key 1 (test)", "key 1 (test)"]
    assert "manifest.json" in opened(target.read_bytes())


# --- large ones

LARGE = 12


async def fill(client: Client) -> list[Any]:
    """More than any buffer on the way holds; in the order of the archive."""
    made = [
        await client.uploaded(pictures.encode(Image.frombytes("RGB", (700, 700), os.urandom(1_470_000)), "PNG"))
        for _ in range(LARGE)
    ]
    return sorted(made, key=lambda media: str(media["id"]))


@asynccontextmanager
async def begun(client: Client) -> AsyncIterator[aiohttp.ClientResponse]:
    """An archive of which the first bytes have come."""
    headers = {"Authorization": f"Bearer {client.keys['first']}"}
    async with aiohttp.ClientSession(client.url) as session, session.get("/export", headers=headers) as response:
        assert response.status == 200
        assert len(await response.content.readexactly(512)) == 512
        yield response


async def test_it_is_made_while_it_is_sent(client: Client) -> None:
    made = await fill(client)
    async with begun(client) as response:
        for media in made:
            await act(client, "deleteMedia", key="first", id=media["id"], forGood=True)
        rest = await response.content.read()
    manifest = orjson.loads(rest[rest.rindex(b'{\n  "format"') :].rstrip(b"\0"))

    assert response.content_length is None
    assert 0 < len(manifest["media"]["missing"]) < LARGE
    assert manifest["media"]["count"] == LARGE


async def test_one_that_is_cut_harms_nothing(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    made = await fill(client)
    for _ in range(3):
        async with begun(client) as response:
            response.close()
    await asyncio.sleep(0.3)
    whole = await client.get("/export")

    assert set(described(opened(whole.body))) == {media["uid"] for media in made}
    written = "".join(capsys.readouterr())
    assert "Traceback" not in written
    assert "export_failed" not in written


async def test_an_original_that_is_broken_does_not_look_whole(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    await client.uploaded(pictures.png())
    (blob,) = client.blobs()
    blob.write_bytes(blob.read_bytes()[:-10])

    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get("/export")
    assert "export_failed" in "".join(capsys.readouterr())
    target = client.settings.data_dir / "first.tar"
    target.write_bytes(b"that of yesterday")
    assert run(client.settings.data_dir, "team", "export", "--team", "first", "--output", str(target)).returncode == 1
    assert target.read_bytes() == b"that of yesterday"


async def test_an_original_that_is_lost_is_named(client: Client) -> None:
    lost, kept = await client.uploaded(pictures.png(seed=1)), await client.uploaded(pictures.png(seed=2))
    next(path for path in client.blobs() if path.name == lost["sha256"]).unlink()
    members = opened((await client.get("/export")).body)

    assert orjson.loads(members["manifest.json"])["media"]["missing"] == [lost["uid"]]
    assert set(described(members)) == {lost["uid"], kept["uid"]}
