"""What bounds streams: the time and the size of each event and part, how many there are, who listens, and who is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.api.test_live import CHANGES, PATIENCE, Socket, connected, errors_of, events, listening, update
from tests.api.test_parts import DEFER, ask, parts_of
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import act, eventually

SECONDS = 2.0
LONG = [{"key": f"key{number}", "value": "x" * 1000} for number in range(50)]
HUGE = (
    "subscription { mediaChanged { " + " ".join(f"a{n}: media {{ attributes {{ value }} }}" for n in range(45)) + " } }"
)


@pytest.fixture
async def client(request: pytest.FixtureRequest, tmp_path: Path, imaging: ImagingPool) -> AsyncIterator[Client]:
    """An application with the settings that a test names."""
    async with run_app(make_settings(tmp_path, **getattr(request, "param", {})), imaging) as running:
        yield running


def settings(**values: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", [values], indirect=True)


class Stuck:
    """A method that never comes to its end, and knows whether somebody gave it up."""

    def __init__(self) -> None:
        self.begun = self.given_up = 0

    async def __call__(self, *_: object) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up += 1


def code_of(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def message(socket: Socket) -> tuple[str, Any]:
    said = await socket.receive()
    return said["type"], said.get("payload")


# --- time


@settings(graphql_seconds=SECONDS)
async def test_an_event_has_the_time_of_a_query_and_waiting_for_it_has_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Stuck()
    media = await client.uploaded(pictures.png())
    async with events(client, CHANGES) as stream, listening(client) as socket:
        await asyncio.sleep(SECONDS * 1.2)
        await update(client, media["id"], "one")
        fine = (await anext(stream))[1], (await message(socket))[1]
        monkeypatch.setattr("graphql_api.services.library.Library.find_many", stuck)
        await act(client, "deleteMedia", id=media["id"], key="first")
        ended = [said async for said in stream]
        over = [await message(socket), await message(socket)]

    assert [item["data"]["mediaChanged"]["media"]["caption"] for item in fine] == ["one", "one"]
    assert [name for name, _ in ended] == ["next", "complete"]
    assert [kind for kind, _ in over] == ["next", "complete"]
    for answer in (ended[0][1], over[0][1]):
        assert code_of(answer) == "EXECUTION_TIMEOUT"
        assert "data" not in answer
    assert (stuck.begun, stuck.given_up) == (2, 2)


@settings(graphql_seconds=1e-6)
async def test_a_query_that_takes_too_long_is_ended_on_streams_and_a_mutation_is_not(client: Client) -> None:
    query, mutation = (
        "{ mediaList { nodes { tags } } }",
        'mutation { createCollection(input: { name: "x" }) { errors { code } } }',
    )
    async with connected(client) as socket:
        await socket.begin(authorization=f"Bearer {client.keys['first']}")
        await socket.subscribe(query)
        late = await socket.receive()
        await socket.subscribe(mutation, at="2")
        done = await socket.receive()
    async with events(client, query) as stream:
        ended = [said async for _, said in stream]
    async with events(client, mutation.replace('"x"', '"y"')) as stream:
        made = [said async for _, said in stream]

    assert (late["type"], errors_of(late)[0]["extensions"]["code"]) == ("error", "EXECUTION_TIMEOUT")
    assert code_of(ended[0]) == "EXECUTION_TIMEOUT"
    assert [done["payload"]["data"], made[0]["data"]] == [{"createCollection": {"errors": []}}] * 2


@settings(graphql_seconds=SECONDS)
async def test_a_part_that_takes_too_long_is_told_so_and_is_the_last(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Stuck()
    await client.uploaded(pictures.png(), name="a.png")
    monkeypatch.setattr("graphql_api.services.library.Library.tags_of", stuck)
    before = asyncio.all_tasks()
    first, *_, last = parts_of(await ask(client, DEFER))
    async with events(client, DEFER) as stream:
        told = [said async for _, said in stream]
    monkeypatch.undo()
    await eventually(lambda: stuck.given_up == stuck.begun)
    left = [task for task in asyncio.all_tasks() - before if "graphql" in repr(task.get_coro())]

    assert first["data"] == {"mediaList": {"nodes": [{"name": "a.png"}]}}
    for part in (last, told[-2]):
        assert part["hasNext"] is False
        (completed,) = part["completed"]
        assert (completed["id"], code_of(completed)) == (first["pending"][0]["id"], "EXECUTION_TIMEOUT")
    assert (told[-1], stuck.begun, left) == (None, 2, [])


# --- size


@settings(graphql_response_mb=1)
async def test_an_event_that_is_too_large_is_told_so_and_is_the_last(client: Client) -> None:
    media = await client.uploaded(pictures.png(), attributes=LONG)
    async with events(client, HUGE) as stream, connected(client) as socket:
        await socket.begin(authorization=f"Bearer {client.keys['first']}")
        await socket.subscribe(HUGE)
        await socket.subscribe("{ __typename }", at="known")
        assert [(await message(socket))[0] for _ in range(2)] == ["next", "complete"]
        await update(client, media["id"], "x")
        told, refused = [said async for said in stream], await socket.receive()

    assert ([name for name, _ in told], code_of(told[0][1])) == (["next", "complete"], "RESPONSE_TOO_LARGE")
    assert (refused["type"], errors_of(refused)[0]["extensions"]["code"]) == ("error", "RESPONSE_TOO_LARGE")


@settings(graphql_response_mb=1)
async def test_parts_are_together_as_large_as_an_answer_may_be(client: Client) -> None:
    media = await client.uploaded(pictures.png(), attributes=LONG, tags=["x"])
    fields = " ".join(f"a{n}: attributes {{ value }}" for n in range(12))
    some = f'{{ media(by: {{ uid: "{media["uid"]}" }}) {{ name {fields} ... @defer {{ tags }} }} }}'
    more = some.replace(
        "{ tags }",
        f"{{ tags {fields.replace('a', 'b')} }}".replace("bttributes", "attributes").replace("vblue", "value"),
    )
    fine, large = parts_of(await ask(client, some)), await ask(client, more)
    first, last = parts_of(large)

    assert fine[-1]["hasNext"] is False
    assert "errors" not in str(fine[-1])
    assert first["data"]["media"]["name"] == media["name"]
    assert last["hasNext"] is False
    assert [code_of(item) for item in last["completed"]] == ["RESPONSE_TOO_LARGE"]
    assert len(large.body) < 2**20


# --- how many


async def refused(client: Client, key: str = "first") -> Any:
    """The error of a stream that is not opened; None for one that is, and ends at once."""
    answer = await client.request(
        "POST", "/graphql", json={"query": "{ __typename }"}, headers={"Accept": "text/event-stream"}, key=key
    )
    if answer.status == 200:
        return None
    assert answer.status == 429
    return answer.json["errors"][0]


async def admitted(client: Client) -> None:
    """Wait until there is a place: a server learns a moment later that somebody has gone."""
    async with asyncio.timeout(PATIENCE):
        while await refused(client) is not None:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def open_socket(client: Client) -> AsyncIterator[Socket]:
    async with connected(client) as socket:
        assert (await socket.begin(authorization=f"Bearer {client.keys['first']}"))["type"] == "connection_ack"
        yield socket


@settings(graphql_streams=2)
async def test_a_caller_has_so_many_streams_and_no_more(client: Client) -> None:
    async with events(client, CHANGES), events(client, CHANGES):
        error = await refused(client)
        others = [await refused(client, key) for key in ("second", "reader")]
        async with connected(client) as socket:
            hung_up = await socket.begin(authorization=f"Bearer {client.keys['first']}")
    await admitted(client)
    async with open_socket(client) as socket:
        await socket.subscribe(CHANGES)
        await socket.subscribe("{ __typename }", at="2")
        over = await socket.receive()
        await socket.send(type="complete", id="1")
        async with asyncio.timeout(PATIENCE):
            while over["type"] == "error":
                last = over
                await socket.subscribe("{ __typename }", at="3")
                over = await socket.receive()
        assert (await socket.receive())["type"] == "complete"
    await admitted(client)
    for _ in range(3):
        async with open_socket(client), open_socket(client):
            assert await refused(client) is not None
        await admitted(client)

    assert (error["extensions"]["code"], error["message"]) == ("RATE_LIMITED", "No more than 2 streams at a time.")
    assert (others, hung_up) == ([None, None], 4429)
    assert last["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert over["payload"]["data"] == {"__typename": "Query"}


@settings(graphql_streams=2, rate_limit_scale=0)
@pytest.mark.parametrize("kind", ["events", "socket"])
async def test_who_does_not_take_what_is_sent_is_hung_up_on(
    client: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("schema.answers._SEND_SECONDS", 0.5)
    media = await client.uploaded(pictures.png(), attributes=LONG)
    async with AsyncExitStack() as stack:
        if kind == "events":
            await stack.enter_async_context(events(client, HUGE))
            await stack.enter_async_context(events(client, HUGE))
        else:
            socket = await stack.enter_async_context(open_socket(client))
            await socket.subscribe(HUGE)
        async with asyncio.timeout(PATIENCE):
            while await refused(client) is None:
                await asyncio.sleep(0.02)
        for n in range(12):  # 2 MB each: more than all the buffers between the two have room for
            await update(client, media["id"], str(n))
        await admitted(client)


# --- who


async def test_a_stream_on_which_nothing_happens_ends_with_its_credential(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.waiting._CHECK_SECONDS", 0.1)
    made = await act(client, "createKey", "secret key { id }", name="short", scopes=["READ"], key="first")
    async with events(client, CHANGES, key=made["secret"]) as stream, listening(client, key=made["secret"]) as socket:
        await asyncio.sleep(0.5)
        media = await client.uploaded(pictures.png())
        name, said = await anext(stream)
        await message(socket)
        await act(client, "revokeKey", id=made["key"]["id"], key="first")
        ended, over = [item async for item in stream], await socket.receive()

    assert (name, said["data"]["mediaChanged"]["mediaId"]) == ("next", media["id"])
    assert [kind for kind, _ in ended] == ["next", "complete"]
    assert code_of(ended[0][1]) == errors_of(over)[0]["extensions"]["code"] == "UNAUTHENTICATED"
