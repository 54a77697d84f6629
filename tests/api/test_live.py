"""What happens, told to who listens: over a WebSocket and as Server-Sent Events, in one process and in several."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from graphql_api.errors import Overloaded
from graphql_api.imaging.pool import ImagingPool
from graphql_api.server import DRAIN_SECONDS
from graphql_api.services import live
from graphql_api.services.metrics import Metrics
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import Mailbox, act, bring, eventually, join, page_cookie
from tests.processes import serving
from tests.redis_server import Redis

CHANGES = "subscription ($filter: MediaChangeFilter) { mediaChanged(filter: $filter) { event mediaId at media { uid caption } } }"
PATIENCE = 20


class Socket:
    """A client of graphql-transport-ws."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send_str(orjson.dumps(message).decode())

    async def receive(self) -> Any:
        """The next message, or the code with which the server hangs up."""
        async with asyncio.timeout(PATIENCE):
            message = await self.socket.receive()
        return orjson.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else self.socket.close_code

    async def begin(self, **payload: Any) -> Any:
        await self.send(type="connection_init", payload=payload)
        return await self.receive()

    async def subscribe(self, query: str, at: str = "1", **variables: Any) -> None:
        await self.send(type="subscribe", id=at, payload={"query": query, "variables": variables})


@asynccontextmanager
async def connected(client: Client, **options: Any) -> AsyncIterator[Socket]:
    async with (
        aiohttp.ClientSession(client.url) as session,
        session.ws_connect("/graphql", protocols=["graphql-transport-ws"], **options) as socket,
    ):
        yield Socket(socket)


@asynccontextmanager
async def listening(client: Client, key: str = "first", **wanted: Any) -> AsyncIterator[Socket]:
    """A socket that has subscribed, and is known to be heard."""
    async with connected(client) as socket:
        assert (await socket.begin(Authorization=f"Bearer {client.keys.get(key, key)}"))["type"] == "connection_ack"
        await socket.subscribe(CHANGES, filter=wanted or None)
        await socket.subscribe("{ __typename }", at="known")
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
        yield socket


async def change(socket: Socket) -> Any:
    message = await socket.receive()
    assert message["type"] == "next", message
    return message["payload"]["data"]["mediaChanged"]


async def update(client: Client, media_id: str, caption: str, key: str = "first") -> None:
    await act(client, "updateMedia", id=media_id, caption=caption, key=key)


async def test_changes_come_as_they_happen(client: Client) -> None:
    async with listening(client) as socket:
        media = await client.uploaded(pictures.png())
        await update(client, media["id"], "new")
        await act(client, "deleteMedia", id=media["id"], key="first")
        changes = [await change(socket) for _ in range(3)]
        await socket.send(type="complete", id="1")
        await act(client, "restoreMedia", id=media["id"], key="first")
        await socket.send(type="ping")
        last = await socket.receive()

    assert [item["event"] for item in changes] == ["MEDIA_CREATED", "MEDIA_UPDATED", "MEDIA_DELETED"]
    assert {item["mediaId"] for item in changes} == {media["id"]}
    assert (changes[-1]["media"], last["type"]) == (None, "pong")


async def test_only_what_is_wanted_and_the_teams_own(client: Client) -> None:
    one, other = await client.uploaded(pictures.png()), await client.uploaded(pictures.png(seed=2))
    foreign = await client.uploaded(pictures.png(seed=3), key="second")
    tried = await client.uploaded(pictures.png(seed=4), key="test")
    async with listening(client, events=["MEDIA_UPDATED"], ids=[one["id"], foreign["id"], tried["id"]]) as socket:
        await update(client, foreign["id"], "x", key="second")
        await update(client, tried["id"], "x", key="test")
        await update(client, other["id"], "x")
        await act(client, "deleteMedia", id=one["id"], key="first")
        await act(client, "restoreMedia", id=one["id"], key="first")
        await update(client, one["id"], "mine")
        only = await change(socket)

    assert (only["mediaId"], only["media"]["caption"]) == (one["id"], "mine")


async def test_queries_and_mutations_go_over_the_socket_with_all_their_limits(client: Client) -> None:
    media = await client.uploaded(pictures.png())
    async with connected(client) as socket:
        await socket.begin(authorization=f"Bearer {client.keys['first']}")
        answers = {}
        for at, query in {
            "query": "{ mediaList { totalCount } }",
            "mutation": f'mutation {{ updateMedia(input: {{ id: "{media["id"]}", caption: "c" }}) {{ media {{ caption }} }} }}',
            "expensive": "{ "
            + " ".join(f"a{n}: mediaList(first: 100) {{ nodes {{ responsive {{ src }} }} }}" for n in range(20))
            + " }",
            "deep": "{ " + "mediaList { nodes { derivedMedia { nodes { " * 7 + "id" + " } } } }" * 7 + " }",
            "wrong": "{ nothing }",
            "long": "{ __typename }" + " " * 20_000,
            "masked": '{ mediaList(after: "zzz") { totalCount } }',
        }.items():
            await socket.subscribe(query, at=at)
            answers[at] = await socket.receive()
            if answers[at]["type"] == "next":
                assert (await socket.receive())["type"] == "complete"

    assert answers["query"]["payload"]["data"] == {"mediaList": {"totalCount": 1}}
    assert answers["mutation"]["payload"]["data"]["updateMedia"]["media"]["caption"] == "c"
    codes = {at: errors_of(answer)[0]["extensions"]["code"] for at, answer in answers.items() if errors_of(answer)}
    assert codes == {
        "expensive": "TOO_EXPENSIVE",
        "deep": "GRAPHQL_VALIDATION_FAILED",
        "wrong": "GRAPHQL_VALIDATION_FAILED",
        "long": "BAD_REQUEST",
        "masked": "INVALID_INPUT",
    }


def errors_of(answer: Any) -> Any:
    payload = answer["payload"]
    return payload if isinstance(payload, list) else payload.get("errors")


async def test_who_has_no_good_key_is_not_heard(client: Client) -> None:
    async with connected(client) as socket:
        refused = await socket.begin(Authorization="Bearer nonsense")
    async with connected(client) as socket:
        strange = await socket.begin(Authorization=5)
    async with connected(client) as socket:
        await socket.begin()
        await socket.subscribe(CHANGES)
        nobody = await socket.receive()
    async with connected(client) as socket:
        await socket.subscribe(CHANGES)
        early = await socket.receive()
    async with connected(client, headers={"Authorization": f"Bearer {client.keys['first']}"}) as socket:
        await socket.begin()
        await socket.subscribe("{ viewer { team { name } } }")
        by_header = await socket.receive()

    assert (refused, strange, early) == (4403, 4403, 4401)
    assert errors_of(nobody)[0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert by_header["payload"]["data"]["viewer"]["team"]["name"] == "first"


async def test_a_key_that_is_revoked_hears_no_more(client: Client) -> None:
    made = await act(client, "createKey", "secret key { id }", name="short", scopes=["READ"], key="first")
    async with listening(client, key=made["secret"]) as socket:
        media = await client.uploaded(pictures.png())
        before = await change(socket)
        await act(client, "revokeKey", id=made["key"]["id"], key="first")
        await update(client, media["id"], "secret")
        after = await socket.receive()

    assert before["event"] == "MEDIA_CREATED"
    assert "secret" not in str(after["payload"].get("data"))
    assert errors_of(after)[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_no_foreign_page_speaks_with_a_users_cookie(house: Client) -> None:
    owner = await join(house, "owner@example.org")
    signed_in = await page_cookie(house, owner.email)
    who = "{ viewer { user { email } } }"
    seen = {}
    for origin in (house.settings.public_url, "https://evil.example"):
        headers = {"Origin": origin, "Cookie": signed_in}
        async with connected(house, headers=headers) as socket:
            await socket.begin()
            await socket.subscribe(who)
            seen[origin] = await socket.receive()

    assert seen[house.settings.public_url]["payload"]["data"]["viewer"]["user"]["email"] == owner.email
    assert errors_of(seen["https://evil.example"])[0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "message",
    [
        *("", "[]", "5", "null", '"x"', "{}", '{"type": 5}', '{"type": "subscribe"}'),
        '{"type": "subscribe", "id": 5}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "connection_init", "payload": "x"}',
    ],
)
async def test_what_is_no_message_ends_the_socket_and_nothing_else(
    client: Client, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connected(client) as socket:
        await socket.begin(Authorization=f"Bearer {client.keys['first']}")
        await socket.socket.send_str(message)
        code = await socket.receive()

    assert code in (4400, 1011), code
    assert "Traceback" not in "".join(capsys.readouterr())
    assert (await client.get("/healthz", key=None)).status == 200


@asynccontextmanager
async def events(
    client: Client, query: str, key: str = "first", **variables: Any
) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """An operation whose results come as events: their names and their data."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {client.keys.get(key, key)}"}
    name = variables.pop("operationName", None)
    async with (
        aiohttp.ClientSession(client.url) as session,
        session.post(
            "/graphql", json={"query": query, "variables": variables, "operationName": name}, headers=headers
        ) as response,
    ):
        assert response.content_type == "text/event-stream", await response.text()

        async def parsed() -> AsyncIterator[tuple[str, Any]]:
            name = ""
            async with asyncio.timeout(PATIENCE):
                async for line in response.content:
                    said, _, value = line.decode().rstrip("\n").partition(":")
                    if said == "event":
                        name = value.strip()
                    elif said == "data":
                        yield name, orjson.loads(value) if value.strip() else None

        yield parsed()


async def test_changes_come_as_events(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schema.live._PING_SECONDS", 0.05)
    async with events(client, CHANGES) as stream:
        await asyncio.sleep(0.3)
        media = await client.uploaded(pictures.png())
        name, said = await anext(stream)

    assert (name, said["data"]["mediaChanged"]["mediaId"]) == ("next", media["id"])


async def test_a_query_is_one_event_and_the_end(client: Client) -> None:
    async with events(client, "{ mediaList { totalCount } }") as stream:
        told = [item async for item in stream]
    async with events(client, "{ nothing }") as stream:
        refused = [item async for item in stream]
    async with events(client, "{ broken") as stream:
        unread = [item async for item in stream]
    async with events(client, "query A { __typename }", operationName="B") as stream:
        unnamed = [item async for item in stream]

    assert [name for name, _ in told] == ["next", "complete"]
    assert told[0][1]["data"] == {"mediaList": {"totalCount": 0}}
    assert refused[0][1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in refused[0][1]
    assert unread[0][1]["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert "B" in unnamed[0][1]["errors"][0]["message"]


async def test_a_subscription_needs_a_stream(client: Client) -> None:
    answer = await client.graphql(CHANGES)

    assert "text/event-stream" in answer["errors"][0]["message"]


async def test_who_goes_is_forgotten_and_who_is_slow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_WAITING", 3)
    told, upload_id = live.Live("", Metrics()), uuid.uuid4()
    message = live.Progress(upload_id, received=1, total=2, done=False)
    with told.progress(upload_id) as slow:
        for _ in range(6):
            told.tell(message)
        heard = [await anext(slow) for _ in range(3)]
        with pytest.raises(Overloaded):
            await anext(slow)
    told.tell(message)

    assert heard == [message] * 3
    assert not told._listeners


async def test_processes_tell_each_other_through_redis(tmp_path: Path, imaging: ImagingPool, redis: Redis) -> None:
    settings = make_settings(tmp_path, redis_url=redis.url)
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(run_app(settings, imaging)) for _ in range(2)]
        socket = await stack.enter_async_context(listening(two))
        await eventually(lambda: redis.listeners() == len((one, two)))
        media = await one.uploaded(pictures.png())
        here = await change(socket)
        redis.stop()
        await update(one, media["id"], "unheard")
        own = await two.uploaded(pictures.png(seed=2))
        alone = await change(socket)

    assert (here["event"], here["mediaId"]) == ("MEDIA_CREATED", media["id"])
    assert alone["mediaId"] == own["id"]


async def test_a_server_that_stops_does_not_wait_for_who_listens(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as server:
        async with aiohttp.ClientSession(server.base_url) as session:
            socket = Socket(await session.ws_connect("/graphql", protocols=["graphql-transport-ws"]))
            await socket.begin()
            stream = await session.get(
                "/graphql", params={"query": "{ __typename }"}, headers={"Accept": "text/event-stream"}
            )
            started = asyncio.get_running_loop().time()
            stopping = asyncio.ensure_future(asyncio.to_thread(server.stop, signal.SIGTERM))
            code = await socket.receive()
            exit_code, _ = await stopping
            seconds = asyncio.get_running_loop().time() - started
            stream.close()

    assert code == 1001
    assert (exit_code, seconds < DRAIN_SECONDS) == (0, True)


@pytest.mark.usefixtures("database_url")
async def test_mutations_whose_sockets_close_leave_the_database_as_it_was(client: Client) -> None:
    media = await client.uploaded(pictures.png())
    query = f'mutation {{ updateMedia(input: {{ id: "{media["id"]}", caption: "x" }}) {{ media {{ caption }} }} }}'
    for _ in range(25):
        async with connected(client) as socket:
            await socket.begin(Authorization=f"Bearer {client.keys['first']}")
            for at in range(8):
                await socket.subscribe(query, at=str(at))
            await asyncio.sleep(0.005)
    async with asyncio.timeout(PATIENCE):
        await update(client, media["id"], "still there")


async def test_an_address_changes_nothing_by_events(client: Client) -> None:
    query = 'mutation { createCollection(input: { name: "x" }) { collection { id } } }'
    headers = {"Accept": "text/event-stream"}
    answer = await client.get("/graphql", params={"query": query}, headers=headers)

    assert "mutations are not allowed" in answer.body.decode()
    assert (await client.data("{ collections { name } }"))["collections"] == []


async def test_who_has_left_the_team_hears_no_more_and_listening_costs_nothing(house: Client, mailbox: Mailbox) -> None:
    owner = await join(house, "owner@example.org")
    member = await bring(house, mailbox, owner, "member@example.org", "MEMBER")
    media = await house.uploaded(pictures.png(), key=owner.access)
    async with listening(house, key=member.access) as socket:
        left = [await _left(house, owner.access)]
        for _ in range(5):
            await update(house, media["id"], "heard", key=owner.access)
            await change(socket)
        left.append(await _left(house, owner.access))
        await act(house, "removeMember", key=owner.access, userId=member.id)
        await update(house, media["id"], "unheard", key=owner.access)
        after = await socket.receive()

    assert errors_of(after)[0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert left[0] - left[1] == 6  # those of the owner alone


async def _left(client: Client, key: str) -> int:
    answer = await client.request("POST", "/graphql", json={"query": "{ __typename }"}, key=key)
    return int(answer.headers["RateLimit-Remaining"])
