"""Several callers at once: limits that hold all the same, and what is removed while it is being changed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from graphql_api.db import media as rows
from graphql_api.domain.rendition import Rendition, StoredRendition
from graphql_api.services import collections, presets, webhooks
from graphql_api.services.renderer import Renderer
from tests import pictures
from tests.client import Client
from tests.people import act, ask, refusal

pytestmark = pytest.mark.usefixtures("database_url")

MANY = 12


def webhook(n: int) -> dict[str, Any]:
    return {"url": f"https://example.org/{n}", "events": ["MEDIA_CREATED"]}


def collection(n: int) -> dict[str, Any]:
    return {"name": f"c{n}"}


def preset(n: int) -> dict[str, Any]:
    return {"name": f"p{n}", "transform": {"width": n + 1}}


CASES: list[tuple[object, str, str, Callable[[int], dict[str, Any]]]] = [
    (webhooks, "MAX_WEBHOOKS", "createWebhook", webhook),
    (collections, "MAX_COLLECTIONS", "createCollection", collection),
    (presets, "MAX_PRESETS", "setPreset", preset),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[2])
async def test_no_number_of_callers_at_once_passes_a_limit(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[object, str, str, Callable[[int], dict[str, Any]]],
) -> None:
    service, limit, mutation, wanted = case
    monkeypatch.setattr(service, limit, 1)
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}"
    answers = await asyncio.gather(*(client.data(query, {"input": wanted(n)}) for n in range(MANY)))
    refused = [error["code"] for answer in answers for error in answer[mutation]["errors"]]
    made = await client.data("{ webhooks { id } collections { id } presets { name } }")

    assert refused == ["INVALID_INPUT"] * (MANY - 1)
    assert sum(map(len, made.values())) == 1


def meanwhile(monkeypatch: pytest.MonkeyPatch, module: object, name: str, act: Callable[[], Awaitable[object]]) -> None:
    """Once, as soon as this function of a module has its answer, somebody else does something."""
    real = getattr(module, name)

    async def interrupted(*asked: Any, **more: Any) -> Any:
        found = await real(*asked, **more)
        monkeypatch.undo()
        await act()
        return found

    monkeypatch.setattr(module, name, interrupted)


async def test_a_media_that_is_erased_while_it_is_put_into_a_collection_is_not_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await client.uploaded(pictures.png()), await client.uploaded(pictures.png(seed=2))
    made = (await act(client, "createCollection", "collection { id }", name="c", key="first"))["collection"]
    meanwhile(
        monkeypatch, rows, "find_many", lambda: act(client, "deleteMedia", id=one["id"], forGood=True, key="first")
    )
    code = await refusal(client, "addToCollection", id=made["id"], mediaIds=[other["id"], one["id"]], key="first")

    assert code == "NOT_FOUND"
    assert (await client.data("{ collections { mediaCount } }"))["collections"] == [{"mediaCount": 0}]


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("changes", [{"caption": "x"}, {"tags": ["x"], "labels": [{"key": "k", "value": "v"}]}])
async def test_what_is_deleted_while_it_is_changed_is_not_changed(
    client: Client, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], *, for_good: bool
) -> None:
    media = await client.uploaded(pictures.png())
    found: list[uuid.UUID] = []
    real = rows.find

    async def find(media_id: uuid.UUID) -> object:
        answer = await real(media_id)
        if not found:
            found.append(media_id)
            await act(client, "deleteMedia", id=media["id"], forGood=for_good, key="first")
        return answer

    monkeypatch.setattr(rows, "find", find)
    code = await refusal(client, "updateMedia", id=media["id"], **changes, key="first")
    monkeypatch.undo()

    assert code == "NOT_FOUND"
    if not for_good:
        await act(client, "restoreMedia", id=media["id"], key="first")
        shown = "query ($id: ID!) { media(by: { id: $id }) { caption tags } }"
        assert (await client.data(shown, {"id": media["id"]}))["media"] == {"caption": None, "tags": []}


async def test_new_tags_at_once_are_no_deadlock(client: Client) -> None:
    media = [(await client.uploaded(pictures.png(seed=seed)))["id"] for seed in range(3)]
    batch = "mutation ($input: [UpdateMediaInput!]!) { updateMediaBatch(input: $input, errorPolicy: REJECT_ALL) { results { errors { code } } } }"
    for turn in range(4):
        words = [f"{word}-{turn}" for word in "abcd"]
        items = [{"id": one, "tags": words[at:] + words[:at]} for at, one in enumerate(media)]
        answers = await asyncio.gather(
            client.data(batch, {"input": items}),
            client.data(batch, {"input": items[::-1]}),
            *(act(client, "updateMedia", key="first", id=one, tags=words[::-1]) for one in media),
            *(client.uploaded(pictures.png(seed=turn), tags=words[at:] + words[:at]) for at in range(2)),
        )
        for answer in answers[:2]:
            assert [item["errors"] for item in answer["updateMediaBatch"]["results"]] == [[]] * 3


async def test_what_is_made_of_a_media_that_is_deleted_meanwhile_is_not_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, render = await client.uploaded(pictures.png()), Renderer.render

    async def and_delete(self: Renderer, rendition: Rendition) -> StoredRendition:
        stored = await render(self, rendition)
        await act(client, "deleteMedia", key="first", id=source["id"], forGood=True)
        return stored

    monkeypatch.setattr(Renderer, "render", and_delete)
    code = await refusal(client, "transformMedia", key="first", id=source["id"], transform={"width": 20})

    assert code == "NOT_FOUND"
    assert client.blobs() == []


async def test_a_webhook_that_is_deleted_meanwhile_is_told_nothing_and_stops_nobody(client: Client) -> None:
    for turn in range(3):
        made = await act(client, "createWebhook", "webhook { id }", key="first", **webhook(turn))
        hook = made["webhook"]["id"]
        tried = [ask(client, "testWebhook", key="first", id=hook) for _ in range(3)]
        uploads = [client.uploaded(pictures.png(seed=10 * turn + number)) for number in range(3)]
        answers, _, _ = await asyncio.gather(
            asyncio.gather(*tried), act(client, "deleteWebhook", key="first", id=hook), asyncio.gather(*uploads)
        )

        codes = {error["code"] for answer in answers for error in answer["data"]["testWebhook"]["errors"]}
        assert codes <= {"NOT_FOUND"}
