"""Requests that are made once, whatever crashes when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graphql_api.db import idempotency as keys
from graphql_api.db import media as rows
from graphql_api.services.originals import Originals
from tests.client import Answer, Client
from tests.imgpro import G1, code_of, drop, send
from tests.people import Clock

pytestmark = pytest.mark.usefixtures("database_url")

KEY = {"Idempotency-Key": "k"}
USAGE = "{ mediaList { nodes { uid } } viewer { team { usage { uploads images } } } }"


async def made(client: Client) -> list[str]:
    """The uids of all that was made; as many are counted."""
    data = await client.data(USAGE)
    uids = [node["uid"] for node in data["mediaList"]["nodes"]]
    usage = data["viewer"]["team"]["usage"]
    assert (usage["uploads"], usage["images"]) == (len(uids), len(uids))
    return uids


def dies_in(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """The process ends there: nothing is tidied up after it."""

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    async def nothing(*_: object, **__: object) -> None:
        pass

    monkeypatch.setattr(module, name, die)
    monkeypatch.setattr(keys, "forget", nothing)


async def test_a_crash_after_the_commit_makes_no_second(
    house: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        dies_in(patch, keys, "finish")
        crashed = await send(house, "/v1/images", headers=KEY)
    again = await send(house, "/v1/images", headers=KEY)
    other = await send(house, "/v1/images", {"caption": "c"}, headers=KEY)
    clock.forward(minutes=11)
    later = await send(house, "/v1/images", headers=KEY)

    assert (crashed.status, again.status, later.status) == (500, 201, 201)
    assert await made(house) == [again.json["id"]] == [later.json["id"]]
    assert (other.status, code_of(other)) == (409, "idempotency_key_conflict")


async def test_after_a_crash_before_the_commit_one_of_many_makes_it(
    house: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        dies_in(patch, rows, "insert")
        crashed = await send(house, "/v1/images", headers=KEY)
    early = await send(house, "/v1/images", headers=KEY)
    clock.forward(minutes=11)
    answers = await asyncio.gather(*(send(house, "/v1/images", headers=KEY) for _ in range(5)))
    last = await send(house, "/v1/images", headers=KEY)

    assert (crashed.status, early.status, code_of(early)) == (500, 409, "idempotency_key_in_progress")
    assert {answer.json["id"] for answer in answers if answer.status == 201} == {last.json["id"]}
    assert {code_of(answer) for answer in answers if answer.status != 201} <= {"idempotency_key_in_progress"}
    assert await made(house) == [last.json["id"]]


async def test_who_was_thought_dead_makes_no_second(
    house: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, wakes = asyncio.Event(), asyncio.Event()
    real = Originals.put

    async def slow_once(self: Originals, upload: Any) -> None:
        monkeypatch.undo()
        stuck.set()
        await wakes.wait()
        await real(self, upload)

    monkeypatch.setattr(Originals, "put", slow_once)
    first = asyncio.create_task(send(house, "/v1/images", headers=KEY))
    await stuck.wait()
    clock.forward(minutes=11)
    second = await send(house, "/v1/images", headers=KEY)
    wakes.set()
    answers: list[Answer] = [await first, second, await send(house, "/v1/images", headers=KEY)]

    assert [answer.status for answer in answers] == [201, 201, 201]
    assert {answer.json["id"] for answer in answers} == set(await made(house))
    assert len(await made(house)) == 1
    assert len(house.blobs()) == 1


async def test_what_was_removed_for_good_is_made_anew_at_once(house: Client) -> None:
    first = await send(house, "/v1/images", headers=KEY)
    await drop(house, f"/v1/images/{first.json['id']}", headers=G1)
    second = await send(house, "/v1/images", headers=KEY)

    assert second.status == 201
    assert second.json["id"] != first.json["id"]


async def test_what_crashed_and_is_in_the_trash_is_made_anew(house: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        dies_in(patch, keys, "finish")
        await send(house, "/v1/images", headers=KEY)
    (first,) = await made(house)
    await drop(house, f"/v1/images/{first}")
    second = await send(house, "/v1/images", headers=KEY)

    assert second.status == 201
    assert second.json["id"] != first


async def test_an_idempotency_key_does_not_care_how_json_is_written(house: Client) -> None:
    forms = [
        {"labels": '{"a": "1", "b": "2"}', "metadata": '{"c":"3","d":"4"}'},
        {"metadata": '{ "d": "4", "c": "3" }', "labels": '{"b":"2","a":"1"}'},
        {"metadata": '{ "d": "4", "c": "5" }', "labels": '{"b":"2","a":"1"}'},
    ]
    sent = [await send(house, "/v1/images", fields, headers=KEY) for fields in forms]

    assert [answer.status for answer in sent] == [201, 201, 409]
    assert sent[0].json["id"] == sent[1].json["id"]
