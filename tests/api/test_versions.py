"""New files for media that are there, and what becomes of the old ones and of their addresses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graphql_api.db import usage
from tests import pictures
from tests.client import Answer, Client

SEEN = "id uid url version width height bytes sha256 source versions { number width height bytes sha256 url createdAt }"
REPLACE = (
    "mutation ($input: ReplaceMediaInput!) { replaceMedia(input: $input) {"
    f" media {{ {SEEN} }} errors {{ code path message }} }} }}"
)
DROP = (
    "mutation ($input: DeleteMediaVersionInput!) { deleteMediaVersion(input: $input) {"
    f" media {{ {SEEN} }} errors {{ code path message }} }} }}"
)
FIND = f"query ($by: MediaBy!) {{ media(by: $by) {{ {SEEN} }} }}"
ONE, TWO, THREE = (pictures.png(width, 60) for width in (80, 90, 100))


async def replaced(client: Client, content: bytes, *, key: str = "first", **more: Any) -> Any:
    """The payload of a replacement by an uploaded file."""
    answer = await client.multipart(
        REPLACE, {"input": {"file": None, **more}}, {"variables.input.file": content}, key=key
    )
    return answer.json["data"]["replaceMedia"]


async def restored(client: Client, **more: Any) -> Any:
    return (await client.data(REPLACE, {"input": more}))["replaceMedia"]


async def dropped(client: Client, media_id: str, version: int) -> Any:
    return (await client.data(DROP, {"input": {"id": media_id, "version": version}}))["deleteMediaVersion"]


def width(answer: Answer) -> int:
    assert answer.status == 200, answer
    return pictures.decode(answer.body).width


async def used(client: Client) -> tuple[int, int, int]:
    """Uploads, images and bytes as they were counted, which must be the truth."""
    for recount in [await usage.recount(team_id, repair=False) for team_id in await usage.team_ids()]:
        assert recount.is_right, recount
    team = (await client.data("{ viewer { team { usage { uploads images storageBytes } } } }"))["viewer"]["team"]
    return team["usage"]["uploads"], team["usage"]["images"], team["usage"]["storageBytes"]


@pytest.mark.usefixtures("database_url")
async def test_the_record_stays_and_the_old_file_becomes_a_version(client: Client) -> None:
    made = await client.uploaded(ONE, name="a.png", tags=["x"], caption="c")
    media = (await replaced(client, TWO, id=made["id"]))["media"]
    found = (await client.data(FIND, {"by": {"uid": made["uid"]}}))["media"]

    assert found == media
    assert (media["id"], media["version"], media["width"], media["bytes"]) == (made["id"], 2, 90, len(TWO))
    assert media["url"] == f"{made['url']}?v=2"
    assert [(item["number"], item["width"]) for item in media["versions"]] == [(2, 90), (1, 80)]
    assert [width(await client.get(item["url"], key=None)) for item in media["versions"]] == [90, 80]
    assert width(await client.get(made["url"], key=None)) == 90
    assert width(await client.get(f"{made['url']}?w=45", key=None)) == 45
    assert await used(client) == (2, 1, len(ONE) + len(TWO))


async def test_addresses_that_are_out_can_stay_with_what_they_showed(client: Client) -> None:
    made = await client.uploaded(ONE)
    media = (await replaced(client, TWO, id=made["id"], oldAddresses="KEEP"))["media"]
    third = (await replaced(client, THREE, id=made["id"], oldAddresses="KEEP"))["media"]
    await client.uploaded(pictures.png(50, 50, seed=3))
    shown = [await client.get(url, key=None) for url in (made["url"], media["url"], third["url"])]
    etags = {answer.headers["ETag"] for answer in shown}
    cdn = [await client.get(f"/cdn-cgi/image/width=40/{made['uid']}{query}", key=None) for query in ("", "?v=3")]
    moved = (await restored(client, id=made["id"], version=2))["media"]

    assert [width(answer) for answer in shown] == [80, 90, 100]
    assert len(etags) == 3
    assert [pictures.decode(answer.body).size for answer in cdn] == [(40, 30), (40, 24)]
    assert (moved["version"], moved["width"], moved["sha256"]) == (4, 90, media["sha256"])
    assert width(await client.get(made["url"], key=None)) == 90


@pytest.mark.parametrize("asked", ["0", "2", "99", "x", "", "-1", "1e3", "\u0661"])
async def test_a_version_that_never_was_is_ignored(client: Client, asked: str) -> None:
    made = await client.uploaded(ONE)
    assert width(await client.get(f"{made['url']}?v={asked}", key=None)) == 80


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("1", True), ("2", False), ("900", False), ("1764381600", True), ("9" * 5000, True), ("x", True)],
)
async def test_no_cache_can_be_filled_with_a_version_that_is_still_to_come(
    client: Client, asked: str, *, kept: bool
) -> None:
    made = await client.uploaded(ONE)
    for query in (f"?v={asked}", f"?w=20&v={asked}", f"?format=json&v={asked}"):
        answer = await client.get(made["url"] + query, key=None)
        assert answer.headers["Cache-Control"] == ("public, max-age=86400" if kept else "no-cache")


@pytest.mark.usefixtures("database_url")
async def test_a_version_that_is_removed_is_gone_with_its_bytes(client: Client) -> None:
    made = await client.uploaded(ONE)
    await replaced(client, TWO, id=made["id"], oldAddresses="KEEP")
    newest = await dropped(client, made["id"], 2)
    first = await dropped(client, made["id"], 1)
    again = await dropped(client, made["id"], 1)

    assert (newest["media"], newest["errors"][0]["path"]) == (None, ["input", "version"])
    assert [item["number"] for item in first["media"]["versions"]] == [2]
    assert again["errors"][0]["code"] == "NOT_FOUND"
    assert (await client.get(f"{made['url']}?v=1", key=None)).status == 404
    assert width(await client.get(made["url"], key=None)) == 90
    assert await used(client) == (2, 1, len(TWO))
    assert len(client.blobs()) == 1


@pytest.mark.usefixtures("database_url")
async def test_all_versions_end_with_the_media(client: Client) -> None:
    made = await client.uploaded(ONE)
    for content in (TWO, ONE, THREE):  # (the same bytes may come twice)
        await replaced(client, content, id=made["id"])
    delete = "mutation ($input: DeleteMediaInput!) { deleteMedia(input: $input) { errors { code } } }"
    await client.data(delete, {"input": {"id": made["id"], "forGood": True}})

    assert client.blobs() == []
    assert await used(client) == (4, 0, 0)


@pytest.mark.usefixtures("database_url")
async def test_many_at_once_leave_one_line_of_versions(client: Client) -> None:
    made = await client.uploaded(ONE)
    contents = [pictures.png(60 + at, 50) for at in range(6)]
    outcomes = await asyncio.gather(*(replaced(client, content, id=made["id"]) for content in contents))
    media = (await client.data(FIND, {"by": {"id": made["id"]}}))["media"]

    assert [outcome["errors"] for outcome in outcomes] == [[]] * 6
    assert [item["number"] for item in media["versions"]] == [7, 6, 5, 4, 3, 2, 1]
    assert sorted(item["width"] for item in media["versions"]) == [60, 61, 62, 63, 64, 65, 80]
    assert await used(client) == (7, 1, len(ONE) + sum(map(len, contents)))


async def test_deletion_and_replacement_at_once_lose_nothing(client: Client) -> None:
    delete = "mutation ($input: DeleteMediaInput!) { deleteMedia(input: $input) { errors { code } } }"
    for _ in range(5):
        made = await client.uploaded(ONE)
        gone = {"input": {"id": made["id"], "forGood": True}}
        await asyncio.gather(
            replaced(client, TWO, id=made["id"]), client.data(delete, gone), replaced(client, THREE, id=made["id"])
        )
        assert (await client.data(FIND, {"by": {"id": made["id"]}}))["media"] is None
        assert client.blobs() == []
        assert (await used(client))[1:] == (0, 0)


async def test_what_cannot_replace_leaves_all_as_it_was(client: Client) -> None:
    made = await client.uploaded(ONE)
    refused = {
        "UNSUPPORTED_MEDIA": await replaced(client, b"no image", id=made["id"]),
        "INVALID_INPUT": await restored(client, id=made["id"], url="http://127.0.0.1:1/x.png"),
        "NOT_FOUND": await restored(client, id=made["id"], version=7),
    }
    nothing = await restored(client, id=made["id"])
    both = await replaced(client, TWO, id=made["id"], version=1)
    foreign = await replaced(client, TWO, id=made["id"], key="second")
    found = (await client.data(FIND, {"by": {"id": made["id"]}}))["media"]

    for code, payload in refused.items():
        assert (payload["media"], payload["errors"][0]["code"]) == (None, code)
    assert both["errors"][0]["path"] == nothing["errors"][0]["path"] == ["input", "file"]
    assert foreign["errors"][0]["code"] == "NOT_FOUND"
    assert (found["version"], found["sha256"]) == (1, made["sha256"])
    assert len(client.blobs()) == 1


async def test_versions_are_told_to_the_team_alone(client: Client) -> None:
    made = await client.uploaded(ONE)
    await replaced(client, TWO, id=made["id"])
    for key in (None, "second"):
        seen = (await client.data(FIND, {"by": {"uid": made["uid"]}}, key=key))["media"]
        assert (seen["version"], seen["versions"]) == (2, [])


async def test_test_media_count_nothing_however_often_they_are_replaced(client: Client) -> None:
    made = await client.uploaded(ONE, key="test")
    await replaced(client, TWO, id=made["id"], key="test")
    await dropped(client, made["id"], 1)

    assert await used(client) == (0, 0, 0)


async def test_a_batch_replaces_each_on_its_own(client: Client) -> None:
    made = [await client.uploaded(pictures.png(80, 60, seed=seed)) for seed in (1, 2)]
    query = (
        "mutation ($input: [ReplaceMediaInput!]!) { replaceMediaBatch(input: $input) {"
        " results { media { width } errors { code } } } }"
    )
    items = [{"id": made[0]["id"], "file": None}, {"id": "nothing", "file": None}, {"id": made[1]["id"], "file": None}]
    files: dict[str, Any] = {f"variables.input.{at}.file": TWO for at in range(3)}
    results = (await client.multipart(query, {"input": items}, files)).json["data"]["replaceMediaBatch"]["results"]

    assert [item["media"] and item["media"]["width"] for item in results] == [90, None, 90]
    assert [item["errors"] and item["errors"][0]["code"] for item in results] == [[], "NOT_FOUND", []]
