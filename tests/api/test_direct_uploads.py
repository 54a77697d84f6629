"""Uploads in three steps: announced, sent without a key, completed; and how far they are."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.api.test_live import connected, errors_of
from tests.client import Answer, Client
from tests.conftest import make_settings
from tests.people import Clock, act, run_settled_app
from tests.plans import OURS

FILE = pictures.png(80, 60)
CREATE = (
    "mutation ($input: CreateUploadInput!) { createUpload(input: $input) {"
    " upload { id url method expiresAt } errors { code path } } }"
)
COMPLETE = (
    "mutation ($input: CompleteUploadInput!) { completeUpload(input: $input) {"
    " media { id name width bytes sha256 tags url } errors { code path } } }"
)


async def announced(client: Client, *, key: str = "first", **asked: Any) -> Any:
    return (await client.data(CREATE, {"input": {"bytes": len(FILE)} | asked}, key=key))["createUpload"]


async def target(client: Client, *, key: str = "first", **asked: Any) -> Any:
    payload = await announced(client, key=key, **asked)
    assert payload["errors"] == []
    return payload["upload"]


async def put(client: Client, upload: Any, content: Any = FILE) -> Answer:
    return await client.request("PUT", upload["url"], data=content, key=None)


async def complete(client: Client, upload: Any, *, key: str = "first", **asked: Any) -> Any:
    return (await client.data(COMPLETE, {"input": {"id": upload["id"]} | asked}, key=key))["completeUpload"]


def waiting(client: Client) -> list[Path]:
    return [path for path in (client.settings.media_folder / "uploads").rglob("*") if path.is_file()]


MANY = (
    "mutation ($input: [CreateUploadInput!]!, $policy: BatchErrorPolicy) {"
    " createUploadBatch(input: $input, errorPolicy: $policy) {"
    " results { upload { id url } errors { code path } } } }"
)
ALL = (
    "mutation ($input: [CompleteUploadInput!]!, $policy: BatchErrorPolicy) {"
    " completeUploadBatch(input: $input, errorPolicy: $policy) {"
    " results { media { id name } errors { code path } } } }"
)


@pytest.mark.usefixtures("database_url")
async def test_many_are_announced_and_completed_at_once(client: Client) -> None:
    async def results(query: str, items: list[Any], policy: str) -> tuple[list[Any], list[Any]]:
        (answer,) = (await client.data(query, {"input": items, "policy": policy})).values()
        return [(item["errors"] or [{"code": None}])[0]["code"] for item in answer["results"]], answer["results"]

    asked = [{"bytes": len(FILE), "filename": f"{name}.png"} for name in "ab"]
    wrong = {"bytes": 0}
    none, _ = await results(MANY, [*asked, wrong], "REJECT_ALL")
    some, made = await results(MANY, [wrong, *asked], "CONTINUE")
    uploads = [item["upload"] for item in made[1:]]
    for upload in uploads:
        assert (await put(client, upload)).status == 204
    ids = [{"id": upload["id"]} for upload in uploads]
    refused, _ = await results(ALL, [*ids, {"id": "x"}], "REJECT_ALL")
    kept = len(waiting(client))
    done, media = await results(ALL, [{"id": "x"}, *ids], "CONTINUE")
    again, media_again = await results(ALL, ids, "REJECT_ALL")
    many = await client.graphql(MANY, {"input": [wrong] * 101, "policy": "CONTINUE"})

    assert (none, some) == (["BATCH_REJECTED", "BATCH_REJECTED", "INVALID_INPUT"], ["INVALID_INPUT", None, None])
    assert (refused[:2], kept) == (["BATCH_REJECTED"] * 2, 2)
    assert (done[1:], [item["media"] and item["media"]["name"] for item in media]) == (
        [None, None],
        [None, "a.png", "b.png"],
    )
    assert (again, media_again, waiting(client)) == ([None, None], media[1:], [])
    assert many["errors"][0]["extensions"]["field"] == "input"


@pytest.mark.usefixtures("database_url")
async def test_a_file_is_sent_without_a_key_and_becomes_a_media(client: Client) -> None:
    digest = hashlib.sha256(FILE).hexdigest()
    upload = await target(client, filename="kätzchen.png", sha256=digest.upper())
    sent = await put(client, upload)
    payload = await complete(client, upload, tags=["x"])
    media = payload["media"]
    again = await complete(client, upload, tags=["y"])
    late = await put(client, upload)

    assert upload["method"] == "PUT"
    assert (sent.status, sent.body) == (204, b"")
    assert payload["errors"] == []
    assert (media["name"], media["width"], media["sha256"], media["tags"]) == ("kätzchen.png", 80, digest, ["x"])
    assert pictures.decode((await client.get(media["url"], key=None)).body).size == (80, 60)
    assert again == payload
    assert late.status == 409
    assert waiting(client) == []
    assert await client.spooled() == []


async def test_what_became_of_it_is_not_given_out_once_it_is_deleted(client: Client) -> None:
    upload = await target(client)
    await put(client, upload)
    media = (await complete(client, upload))["media"]
    codes = []
    for for_good in (False, True):
        await act(client, "deleteMedia", key="first", id=media["id"], forGood=for_good)
        codes.append((await complete(client, upload))["errors"][0]["code"])

    assert codes == ["NOT_FOUND"] * 2


async def test_only_the_file_that_was_announced_is_taken_and_once(client: Client) -> None:
    upload = await target(client, sha256=hashlib.sha256(FILE).hexdigest())

    async def pieces(content: bytes) -> AsyncIterator[bytes]:
        yield content

    refused = [
        await put(client, upload, FILE + b"x"),
        await put(client, upload, FILE[:-1]),
        await put(client, upload, pieces(FILE + b"x")),
        await put(client, upload, pieces(FILE[:-1])),
        await put(client, upload, b"y" * len(FILE)),
    ]
    early = await complete(client, upload)
    good, second = await put(client, upload), await put(client, upload)

    assert [answer.status for answer in refused] == [422, 422, 413, 422, 422]
    assert {answer.json["error"]["field"] for answer in refused} == {"body"}
    assert early["errors"][0]["code"] == "NOT_FOUND"
    assert (good.status, second.status) == (204, 409)


async def test_what_must_not_be_sent_is_refused_before_it_is(client: Client) -> None:
    refused = {
        "bytes": await announced(client, bytes=0),
        "sha256": await announced(client, sha256="g" * 64),
        "filename": await announced(client, filename="x" * 256),
    }
    large = await announced(client, bytes=2**40)
    for field, payload in refused.items():
        assert (payload["upload"], payload["errors"][0]["path"]) == (None, ["input", field])
    answers = {key: await client.graphql(CREATE, {"input": {"bytes": 5}}, key=key) for key in ("reader", None)}

    assert large["errors"][0]["code"] == "TOO_LARGE"
    assert [answer["errors"][0]["extensions"]["code"] for answer in answers.values()] == [
        "FORBIDDEN",
        "UNAUTHENTICATED",
    ]


async def test_what_is_no_picture_is_refused_and_another_can_be_sent(client: Client) -> None:
    upload = await target(client, bytes=8)
    await put(client, upload, b"no image")
    payload = await complete(client, upload)

    assert payload["errors"][0]["code"] == "UNSUPPORTED_MEDIA"
    assert client.blobs() == []


@pytest.mark.usefixtures("database_url")
async def test_many_who_complete_it_at_once_make_one(client: Client) -> None:
    upload = await target(client)
    await put(client, upload)
    payloads = await asyncio.gather(*(complete(client, upload) for _ in range(4)))
    total = (await client.data("{ mediaList { totalCount } }"))["mediaList"]["totalCount"]

    assert len({payload["media"]["id"] for payload in payloads if payload["media"]}) == total == 1
    assert {error["code"] for payload in payloads for error in payload["errors"]} <= {"CONFLICT"}
    assert waiting(client) == []


async def test_tokens_are_for_one_team_one_purpose_and_an_hour(
    tmp_path: Path, imaging: ImagingPool, clock: Clock
) -> None:
    async with run_settled_app(make_settings(tmp_path), imaging) as client:
        upload = await target(client)
        export = (await act(client, "exportTeam", "url", key="first"))["url"].partition("token=")[2]
        forged = [upload["url"][:-2], upload["url"].replace("token=", "token=x"), upload["url"].partition("?")[0]]
        forged.append(upload["url"].partition("token=")[0] + "token=" + export)
        statuses = [(await put(client, {"url": url})).status for url in forged]
        await put(client, upload)
        foreign = [await complete(client, upload, key=key) for key in ("second", "test")]
        clock.forward(hours=1, seconds=1)
        late = [(await put(client, upload)).status, (await complete(client, upload))["errors"][0]["code"]]
        stolen = await client.get(f"/export?token={upload['id']}", key=None)

        assert statuses == [403] * 4
        assert [payload["errors"][0]["code"] for payload in foreign] == ["BAD_SIGNATURE"] * 2
        assert late == [403, "BAD_SIGNATURE"]
        assert stolen.status in (401, 403)
        assert len(waiting(client)) == 1


async def test_pages_of_other_origins_may_send_and_no_token_is_logged(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = await target(client)
    asked = await client.request("OPTIONS", upload["url"], key=None)
    sent = await put(client, upload)

    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    assert sent.headers["Access-Control-Allow-Origin"] == "*"
    assert upload["id"] not in "".join(capsys.readouterr())


async def test_how_far_it_is_is_told_until_it_is_there(client: Client) -> None:
    content = pictures.png(400, 300)
    upload = await target(client, bytes=len(content))
    query = "subscription ($id: ID!) { uploadProgress(id: $id) { received total done } }"

    async def slowly() -> AsyncIterator[bytes]:
        for at in range(0, len(content), len(content) // 3):
            yield content[at : at + len(content) // 3]
            await asyncio.sleep(0.3)

    async with connected(client) as socket:
        await socket.begin(Authorization=f"Bearer {client.keys['first']}")
        await socket.subscribe(query, id=upload["id"])
        await socket.subscribe("{ __typename }", at="known")
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
        sending = asyncio.ensure_future(put(client, upload, slowly()))
        told = []
        while (message := await socket.receive())["type"] == "next":
            told.append(message["payload"]["data"]["uploadProgress"])
        await sending
        await socket.subscribe(query, id=upload["id"], at="late")
        late = await socket.receive()
        assert (await socket.receive())["type"] == "complete"
    async with connected(client) as socket:
        await socket.begin(Authorization=f"Bearer {client.keys['second']}")
        await socket.subscribe(query, id=upload["id"])
        foreign = await socket.receive()

    received = [item["received"] for item in told]
    assert message["type"] == "complete"
    assert received == sorted(received)
    assert len(received) > 2
    assert (
        told[-1]
        == late["payload"]["data"]["uploadProgress"]
        == {"received": len(content), "total": len(content), "done": True}
    )
    assert [item["done"] for item in told[:-1]] == [False] * (len(told) - 1)
    assert errors_of(foreign)[0]["extensions"]["code"] == "BAD_SIGNATURE"


async def test_no_more_is_parked_than_the_plan_has_room_for(tmp_path: Path, imaging: ImagingPool) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(OURS.replace('storage = "5GiB"', 'storage = "1MiB"'))
    async with run_settled_app(make_settings(tmp_path, plans_file=plans), imaging) as client:
        large = await announced(client, bytes=2 * 1024 * 1024)
        for _ in range(50):
            await put(client, await target(client))
        over = await announced(client)

        assert large["errors"][0]["code"] == "QUOTA_EXCEEDED"
        assert over["errors"][0]["code"] == "LIMIT_EXCEEDED"
