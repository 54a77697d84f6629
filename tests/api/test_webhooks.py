"""Webhooks: what they are told, signed, at least once, until it arrives; and who may have them."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from graphql_api.config import Settings
from graphql_api.imaging.pool import ImagingPool
from graphql_api.services.deliveries import MAX_ATTEMPTS
from tests import pictures
from tests.client import Client
from tests.conftest import run_app
from tests.people import Clock, act, run_settled_app

ALL = ["MEDIA_CREATED", "MEDIA_UPDATED", "MEDIA_REPLACED", "MEDIA_DELETED", "MEDIA_RESTORED"]
LOG = "{ webhooks { id url events active deliveries { id event attempts status failure deliveredAt nextAttemptAt payload } } }"
PATIENCE = 20


@dataclass(slots=True)
class Hook:
    """A team's server: it answers `status`, and keeps what it was told."""

    url: str = ""
    place: str = ""
    status: int = 204
    answers: asyncio.Event | None = None  # until then nobody is answered
    waiting: int = 0
    most: int = 0  # that waited at once
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.told.append((dict(request.headers), await request.read()))
        if self.answers is not None:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self.answers.wait()
            self.waiting -= 1
        return web.Response(status=self.status, headers={"Location": f"{self.url}?again"})

    async def events(self, count: int) -> list[Any]:
        """The bodies that came, once there are so many."""
        async with asyncio.timeout(PATIENCE):
            while len(self.told) < count:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        assert len(self.told) == count
        return [orjson.loads(body) for _, body in self.told]


@asynccontextmanager
async def receiving() -> AsyncIterator[Hook]:
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.handle)
    async with TestServer(app) as server:
        hook.url, hook.place = str(server.make_url("/hook")), f"{server.host}:{server.port}"
        yield hook


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def told(settings: Settings, imaging: ImagingPool, hook: Hook) -> AsyncIterator[Client]:
    """An application that may reach the hook."""
    async with run_app(settings.model_copy(update={"webhook_allowed_hosts": [hook.place]}), imaging) as running:
        yield running


async def do(client: Client, mutation: str, fields: str = "", /, *, key: str = "first", **values: Any) -> Any:
    return await act(client, mutation, fields, key=key, **values)


async def made(client: Client, url: str, events: list[str] | None = None) -> Any:
    return await do(client, "createWebhook", "webhook { id } secret", url=url, events=events or ALL)


async def logged(client: Client, count: int) -> list[Any]:
    """The deliveries of the only webhook, once so many have had an attempt."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (webhook,) = (await client.data(LOG))["webhooks"]
            found = [item for item in webhook["deliveries"] if item["attempts"] and (item["status"] or item["failure"])]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("database_url")
async def test_it_is_told_of_all_that_happens_signed_and_in_order_of_events(told: Client, hook: Hook) -> None:
    secret = (await made(told, hook.url))["secret"]
    media = await told.uploaded(pictures.png(80, 60), name="a.png")
    await hook.events(1)
    await do(told, "updateMedia", id=media["id"], caption="new")
    await hook.events(2)
    await do(told, "deleteMedia", id=media["id"])
    await hook.events(3)
    await do(told, "restoreMedia", id=media["id"])
    await hook.events(4)
    replace = "mutation ($input: ReplaceMediaInput!) { replaceMedia(input: $input) { errors { code } } }"
    await told.multipart(
        replace, {"input": {"id": media["id"], "file": None}}, {"variables.input.file": pictures.png()}
    )
    await hook.events(5)
    await do(told, "deleteMedia", id=media["id"], forGood=True)
    events = await hook.events(6)

    assert [event["type"] for event in events] == [
        *("media.created", "media.updated", "media.deleted", "media.restored", "media.replaced", "media.deleted"),
    ]
    assert {event["media"]["id"] for event in events} == {media["id"]}
    assert [event["media"]["caption"] for event in events] == [None, *["new"] * 5]
    assert [event["media"]["version"] for event in events] == [1, 1, 1, 1, 2, 2]
    assert [event["media"]["deletedAt"] is not None for event in events] == [False, False, True, False, False, True]
    assert len({event["id"] for event in events}) == 6
    for headers, body in hook.told:
        moment, _, given = headers["Tintype-Signature"].removeprefix("t=").partition(",v1=")
        assert given == hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
        assert headers["Tintype-Delivery"] == orjson.loads(body)["id"]
    log = await logged(told, 6)
    assert [item["status"] for item in log] == [204] * 6
    assert all(item["deliveredAt"] and not item["nextAttemptAt"] for item in log)


async def test_only_what_was_asked_for_of_the_own_team_while_it_is_active(told: Client, hook: Hook) -> None:
    webhook = (await made(told, hook.url, ["MEDIA_UPDATED"]))["webhook"]
    media = await told.uploaded(pictures.png())
    foreign = await told.uploaded(pictures.png(seed=2), key="second")
    await do(told, "updateMedia", id=foreign["id"], caption="x", key="second")
    await do(told, "updateMedia", id=media["id"], caption="one")
    await hook.events(1)
    await do(told, "updateWebhook", "webhook { active }", id=webhook["id"], active=False)
    await do(told, "updateMedia", id=media["id"], caption="two")
    await do(told, "updateWebhook", "webhook { active }", id=webhook["id"], active=True, events=["MEDIA_DELETED"])
    await do(told, "deleteMedia", id=media["id"])
    events = await hook.events(2)

    assert [(event["type"], event["media"]["caption"]) for event in events] == [
        ("media.updated", "one"),
        ("media.deleted", "two"),
    ]


@pytest.mark.parametrize("field", ["url", "events", "active"])
async def test_nothing_of_it_can_be_null(told: Client, hook: Hook, field: str) -> None:
    webhook = (await made(told, hook.url))["webhook"]
    update = "mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { errors { code path } } }"
    payload = (await told.data(update, {"input": {"id": webhook["id"], field: None}}))["updateWebhook"]

    assert payload["errors"] == [{"code": "INVALID_INPUT", "path": ["input", field]}]


async def test_what_did_not_happen_is_told_to_nobody(told: Client, hook: Hook) -> None:
    await made(told, hook.url)
    media = await told.uploaded(pictures.png(), externalId="one")
    await hook.events(1)
    await told.upload(pictures.png(seed=2), externalId="one")
    await told.upload(b"no image")
    update = "mutation ($input: UpdateMediaInput!) { updateMedia(input: $input) { errors { code } } }"
    await told.data(update, {"input": {"id": media["id"], "name": ""}})
    await told.data(update, {"input": {"id": media["id"]}})

    await hook.events(1)
    assert len((await told.data(LOG))["webhooks"][0]["deliveries"]) == 1


async def test_a_failure_is_tried_again_later_and_given_up_in_the_end(
    settings: Settings, imaging: ImagingPool, hook: Hook, clock: Clock
) -> None:
    hook.status = 302  # (followed by nobody)
    asked = settings.model_copy(update={"webhook_allowed_hosts": [hook.place]})
    async with run_settled_app(asked, imaging) as client:
        webhook = (await made(client, hook.url))["webhook"]
        await client.uploaded(pictures.png())
        (first,) = await logged(client, 1)
        for attempt in range(2, MAX_ATTEMPTS + 1):
            clock.forward(days=1, minutes=1)
            await do(client, "updateWebhook", id=webhook["id"], active=True)
            await hook.events(attempt)
        async with asyncio.timeout(PATIENCE):
            while (last := (await logged(client, 1))[0])["nextAttemptAt"]:
                await asyncio.sleep(0.05)
        hook.status = 200
        again = await do(client, "redeliverWebhook", "delivery { id attempts }", deliveryId=last["id"])
        await hook.events(MAX_ATTEMPTS + 1)
        (arrived,) = await logged(client, 1)

        assert (first["attempts"], first["status"], first["failure"]) == (1, 302, "The answer had the status 302.")
        assert first["nextAttemptAt"]
        assert (last["attempts"], last["deliveredAt"]) == (MAX_ATTEMPTS, None)
        assert again["delivery"]["id"] == last["id"]
        assert (arrived["status"], arrived["failure"], arrived["attempts"]) == (200, None, 1)
        assert len({body for _, body in hook.told}) == 1


@pytest.mark.usefixtures("database_url")
async def test_who_is_slow_makes_nobody_else_wait(settings: Settings, imaging: ImagingPool, hook: Hook) -> None:
    slow_answers = asyncio.Event()
    async with receiving() as slow:
        slow.answers = slow_answers
        asked = settings.model_copy(update={"webhook_allowed_hosts": [hook.place, slow.place]})
        async with run_app(asked, imaging) as client:
            first = (await made(client, slow.url))["webhook"]
            for _ in range(80):  # more than there are places
                await do(client, "testWebhook", id=first["id"])
            quick = (await made(client, hook.url))["webhook"]
            await do(client, "testWebhook", id=quick["id"])
            await hook.events(1)
            held = slow.waiting, len(slow.told)
            slow_answers.set()
            async with asyncio.timeout(PATIENCE):
                while len(slow.told) < 80:
                    await asyncio.sleep(0.02)

    assert held == (2, 2)
    assert slow.most == 2


async def test_what_was_on_its_way_when_the_server_stopped_arrives_after_it_starts(
    settings: Settings, imaging: ImagingPool, clock: Clock
) -> None:
    async with receiving() as gone:
        place, url = gone.place, gone.url
    asked = settings.model_copy(update={"webhook_allowed_hosts": [place]})
    async with run_settled_app(asked, imaging) as client:
        await made(client, url)
        media = await client.uploaded(pictures.png())
        (failed,) = await logged(client, 1)
    clock.forward(minutes=1)
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.handle)
    async with TestServer(app, port=int(place.rpartition(":")[2])), run_settled_app(asked, imaging):
        (event,) = await hook.events(1)

    assert (failed["status"], failed["failure"]) == (None, "The server could not be reached.")
    assert event["media"]["id"] == media["id"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://[::1]:9/", "http://169.254.169.254/latest/", "http://localhost:9/x"]
)
async def test_it_leads_to_no_private_address(client: Client, url: str) -> None:
    webhook = (await made(client, url))["webhook"]
    payload = await do(client, "testWebhook", "delivery { event attempts }", id=webhook["id"])
    (delivery,) = await logged(client, 1)

    assert payload["delivery"] == {"event": "WEBHOOK_TEST", "attempts": 0}
    assert delivery["failure"] == "The URL leads to an address that is not public."


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.org/",
        "https://a:b@example.org/",
        "x" * 5000,
        "https://",
        "http://a..b/",
        f"http://{'a' * 64}.org/",
    ],
)
async def test_what_is_no_address_is_refused(client: Client, url: str) -> None:
    query = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } errors { code path } } }"
    payload = (await client.data(query, {"input": {"url": url, "events": ALL}}))["createWebhook"]
    silent = await client.data(query, {"input": {"url": "https://example.org", "events": ["WEBHOOK_TEST"]}})

    assert (payload["webhook"], payload["errors"][0]["path"]) == (None, ["input", "url"])
    assert silent["createWebhook"]["errors"][0]["path"] == ["input", "events"]


async def test_they_are_for_the_admins_of_the_team_alone(client: Client) -> None:
    webhook = (await made(client, "http://127.0.0.1:9/hook"))["webhook"]
    delivery = (await do(client, "testWebhook", "delivery { id }", id=webhook["id"]))["delivery"]
    mutations = {
        "updateWebhook": {"id": webhook["id"], "url": "https://example.org/other"},
        "rotateWebhookSecret": {"id": webhook["id"]},
        "testWebhook": {"id": webhook["id"]},
        "redeliverWebhook": {"deliveryId": delivery["id"]},
        "deleteWebhook": {"id": webhook["id"]},
    }
    for mutation, asked in mutations.items():
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}"
        foreign = (await client.data(query, {"input": asked}, key="second"))[mutation]
        assert [error["code"] for error in foreign["errors"]] == ["NOT_FOUND"], mutation
        for key, code in (("writer", "FORBIDDEN"), ("reader", "FORBIDDEN"), (None, "UNAUTHENTICATED")):
            answer = await client.graphql(query, {"input": asked}, key=key)
            assert answer["errors"][0]["extensions"]["code"] == code, (mutation, key)
    for key in ("writer", "reader", None):
        assert "errors" in await client.graphql(LOG, key=key)

    assert (await client.data(LOG, key="second"))["webhooks"] == []
    assert (await client.data(LOG))["webhooks"][0]["url"] == "http://127.0.0.1:9/hook"


async def test_secrets_are_shown_once_and_rotated(told: Client, hook: Hook) -> None:
    first = await made(told, hook.url)
    second = await do(told, "rotateWebhookSecret", "secret", id=first["webhook"]["id"])
    await do(told, "testWebhook", "delivery { id }", id=first["webhook"]["id"])
    await hook.events(1)
    headers, body = hook.told[0]
    moment, _, given = headers["Tintype-Signature"].removeprefix("t=").partition(",v1=")
    trail = "{ viewer { team { auditLog { action subject } } } }"
    actions = [item["action"] for item in (await told.data(trail))["viewer"]["team"]["auditLog"]]

    assert first["secret"] != second["secret"]
    assert given == hmac.new(second["secret"].encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    assert actions[:2] == ["WEBHOOK_CHANGED", "WEBHOOK_CREATED"]
    await do(told, "deleteWebhook", id=first["webhook"]["id"])
    assert (await told.data(trail))["viewer"]["team"]["auditLog"][0]["action"] == "WEBHOOK_DELETED"


async def test_a_team_has_ten_at_most_and_pages_of_the_log_follow_each_other(told: Client, hook: Hook) -> None:
    webhooks = [(await made(told, f"{hook.url}?{n}"))["webhook"] for n in range(10)]
    query = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { errors { code } } }"
    over = await told.data(query, {"input": {"url": hook.url, "events": ALL}})
    for _ in range(3):
        await do(told, "testWebhook", id=webhooks[0]["id"])
    page = "query ($before: ID) { webhooks { deliveries(first: 2, before: $before) { id } } }"
    first = (await told.data(page))["webhooks"][0]["deliveries"]
    second = (await told.data(page, {"before": first[-1]["id"]}))["webhooks"][0]["deliveries"]

    assert over["createWebhook"]["errors"][0]["code"] == "INVALID_INPUT"
    assert (len(first), len(second), len({item["id"] for item in first + second})) == (2, 1, 3)
