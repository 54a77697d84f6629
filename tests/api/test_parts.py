"""Answers that come in parts: `@defer` and `@stream`."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests import pictures
from tests.api.test_live import connected, errors_of, events
from tests.client import Answer, Client

DEFER = (
    '{ mediaList { nodes { name ...Rest @defer(label: "rest") } } } fragment Rest on Media { tags palette { share } }'
)
STREAM = "{ mediaList { nodes @stream(initialCount: 1) { name } } }"


async def ask(client: Client, query: str, accept: str = "multipart/mixed, application/json", **more: Any) -> Answer:
    return await client.request("POST", "/graphql", json={"query": query} | more, headers={"Accept": accept})


def parts_of(answer: Answer) -> list[Any]:
    """The parts of a multipart answer, to its very end."""
    assert answer.status == 200
    assert answer.headers["Content-Type"] == 'multipart/mixed; boundary="-"'
    first, *pieces, last = answer.body.split(b"\r\n---")
    assert (first, last) == (b"", b"--\r\n")
    parts = [piece.removeprefix(b"\r\n").partition(b"\r\n\r\n") for piece in pieces]
    assert {head for head, _, _ in parts} == {b"Content-Type: application/json; charset=utf-8"}
    return [orjson.loads(body) for _, _, body in parts]


async def test_what_is_deferred_comes_later(client: Client) -> None:
    await client.uploaded(pictures.png(), name="a.png", tags=["x"])
    first, *rest = parts_of(await ask(client, DEFER))
    later = [item for part in rest for item in part.get("incremental", ())]

    assert first["data"] == {"mediaList": {"nodes": [{"name": "a.png"}]}}
    assert first["pending"][0]["label"] == "rest"
    assert first["hasNext"] is True
    assert later[0]["data"]["tags"] == ["x"]
    assert rest[-1]["hasNext"] is False


async def test_a_list_is_streamed(client: Client) -> None:
    for n in range(3):
        await client.uploaded(pictures.png(seed=n), name=f"{n}.png")
    first, *rest = parts_of(await ask(client, STREAM))
    later = [item["name"] for part in rest for more in part.get("incremental", ()) for item in more["items"]]

    assert first["data"] == {"mediaList": {"nodes": [{"name": "2.png"}]}}
    assert later == ["1.png", "0.png"]


@pytest.mark.parametrize("count", ["-1", "null", "$n"])
async def test_a_stream_begins_with_no_fewer_than_nothing(client: Client, count: str) -> None:
    query = (
        "query" + ("($n: Int)" if count == "$n" else "") + STREAM.replace("initialCount: 1", f"initialCount: {count}")
    )
    answer = await ask(client, query, variables={"n": -5})

    (error,) = answer.json["errors"]
    assert "initialCount" in error["message"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")


async def test_parts_come_as_events_too(client: Client) -> None:
    await client.uploaded(pictures.png(), name="a.png")
    async with events(client, DEFER) as stream:
        told = [item async for item in stream]

    assert [name for name, _ in told][-1] == "complete"
    assert told[0][1]["data"] == {"mediaList": {"nodes": [{"name": "a.png"}]}}
    assert len(told) > 2


async def test_what_is_whole_is_answered_at_once(client: Client) -> None:
    switched_off = await ask(client, DEFER.replace("@defer(", "@defer(if: false, "))
    invalid = await ask(client, "{ nothing @defer }", accept="multipart/mixed, application/graphql-response+json")
    broken = await ask(client, "{ mediaList @defer(")

    assert switched_off.headers["Content-Type"].startswith("application/json")
    assert switched_off.json["data"] == {"mediaList": {"nodes": []}}
    assert (invalid.status, invalid.json["errors"][0]["extensions"]["code"]) == (400, "GRAPHQL_VALIDATION_FAILED")
    assert broken.json["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


async def test_errors_in_later_parts_are_told_as_all_are(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await client.uploaded(pictures.png())

    async def fail(*_: object) -> None:
        raise RuntimeError("secret db password")

    monkeypatch.setattr("graphql_api.services.library.Library.tags_of", fail)
    answer = await ask(client, DEFER)
    said = str(parts_of(answer))

    assert b"secret" not in answer.body
    assert "Something went wrong." in said
    assert "requestId" in said


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "multipart/mixed;q=0, */*"]
)
async def test_who_takes_no_parts_is_told_what_it_needs(client: Client, accept: str) -> None:
    answer = await ask(client, DEFER, accept)

    assert answer.status == 400
    assert "multipart/mixed" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("multipart/mixed;deferSpec=20220824, application/json", 406),
        ("multipart/mixed; deferspec=20220824,application/graphql-response+json,application/json;q=0.9", 406),
        ("multipart/mixed;deferSpec=20220824", 406),
        ("multipart/mixed;deferSpec=20220824, multipart/mixed;q=0.5", 200),
        ("multipart/mixed;incrementalSpec=v0.2, application/json", 200),
    ],
)
async def test_who_reads_another_format_of_parts_is_told(client: Client, accept: str, status: int) -> None:
    answer = await ask(client, DEFER, accept)
    whole = await ask(client, "{ __typename }", accept)

    assert answer.status == status
    assert status == 200 or "'deferSpec'" in answer.json["errors"][0]["message"]
    assert whole.json["data"] == {"__typename": "Query"}


async def test_a_subscription_is_told_what_it_needs(client: Client) -> None:
    answer = await ask(client, "subscription { mediaChanged { media { ... @defer { name } } } }")

    assert answer.json["errors"][0]["message"] == "Subscriptions need text/event-stream or a WebSocket."


async def test_sockets_carry_no_parts(client: Client) -> None:
    async with connected(client) as socket:
        await socket.begin(Authorization=f"Bearer {client.keys['first']}")
        await socket.subscribe(DEFER)
        answer = await socket.receive()

    assert "text/event-stream" in errors_of(answer)[0]["message"]


async def test_limits_hold_for_parts(client: Client) -> None:
    fields = " ".join(f"r{n}: responsive {{ src }}" for n in range(12))
    answer = await ask(client, f"{{ mediaList(first: 100) {{ nodes {{ ... @defer {{ {fields} }} }} }} }}")
    by_get = await client.get(
        "/graphql",
        params={"query": 'mutation { deleteMedia(input: {id: "x"}) { ... @defer { deletedId } } }'},
        headers={"Accept": "multipart/mixed"},
    )

    assert answer.json["errors"][0]["extensions"]["code"] == "TOO_EXPENSIVE"
    assert by_get.json["errors"][0]["message"] == "mutations are not allowed"
