"""Batches that are done as a whole, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests import pictures
from tests.api.test_media import DELETE
from tests.client import Answer, Client

KINDS = {
    "uploadMediaBatch": "UploadMediaInput",
    "updateMediaBatch": "UpdateMediaInput",
    "deleteMediaBatch": "DeleteMediaInput",
    "restoreMediaBatch": "RestoreMediaInput",
    "replaceMediaBatch": "ReplaceMediaInput",
    "importMediaBatch": "ImportMediaInput",
}
pytestmark = pytest.mark.usefixtures("database_url")


def document(mutation: str) -> str:
    return (
        f"mutation ($input: [{KINDS[mutation]}!]!) {{ {mutation}(input: $input, errorPolicy: REJECT_ALL) {{"
        " results { errors { code path } } } }"
    )


def codes(answer: Any, mutation: str) -> list[str | None]:
    """The code of each item's error, None for those without."""
    results = answer["data"][mutation]["results"]
    return [item["errors"][0]["code"] if item["errors"] else None for item in results]


async def together(client: Client, mutation: str, items: list[dict[str, Any]]) -> list[str | None]:
    return codes(await client.graphql(document(mutation), {"input": items}), mutation)


async def sent(client: Client, mutation: str, items: list[dict[str, Any]], contents: list[bytes]) -> list[str | None]:
    files = {f"variables.input.{at}.file": content for at, content in enumerate(contents)}
    asked = [{"file": None} | item for item in items]
    answer: Answer = await client.multipart(document(mutation), {"input": asked}, files)
    return codes(answer.json, mutation)


async def names(client: Client) -> list[str]:
    found = (await client.data("{ mediaList(orderBy: { field: NAME, ascending: true }) { nodes { name } } }"))[
        "mediaList"
    ]
    return [node["name"] for node in found["nodes"]]


async def uploads(client: Client) -> tuple[int, int]:
    viewer = (await client.data("{ viewer { usage { uploads images } team { usage { uploads images } } } }"))["viewer"]
    usage = viewer["usage"]
    assert usage == viewer["team"]["usage"]
    return usage["uploads"], usage["images"]


async def test_uploads_are_kept_together_or_not_at_all(client: Client) -> None:
    good = [pictures.png(seed=1), pictures.png(seed=2)]
    items = [{"name": "a.png"}, {"name": "b.png"}, {"name": "c.png"}]
    broken = await sent(client, "uploadMediaBatch", items, [*good, b"no image"])
    twice = [{"name": "a.png", "externalId": "one"}, {"name": "b.png", "externalId": "one"}]
    conflicting = await sent(client, "uploadMediaBatch", twice, good)
    before, counted = await names(client), await uploads(client)
    done = await sent(client, "uploadMediaBatch", items[:2], good)

    assert broken == ["BATCH_REJECTED", "BATCH_REJECTED", "UNSUPPORTED_MEDIA"]
    assert conflicting == ["BATCH_REJECTED", "EXTERNAL_ID_DUPLICATE"]
    assert (before, counted) == ([], (0, 0))
    assert len(client.blobs()) == 2  # those of the last; the others are gone
    assert (done, await names(client), await uploads(client)) == ([None, None], ["a.png", "b.png"], (2, 2))


async def test_changes_are_made_together_or_not_at_all(client: Client) -> None:
    one, two = [await client.uploaded(pictures.png(seed=seed), name=f"{seed}.png") for seed in (1, 2)]
    foreign = await client.uploaded(pictures.png(seed=3), key="second")
    wrong = [{"id": one["id"], "name": "x"}, {"id": foreign["id"], "name": "y"}, {"id": two["id"], "name": ""}]
    refused = await together(client, "updateMediaBatch", wrong)
    before = await names(client)
    done = await together(client, "updateMediaBatch", [{"id": one["id"], "name": "x"}, {"id": two["id"], "name": "y"}])

    assert refused == ["BATCH_REJECTED", "BATCH_REJECTED", "INVALID_INPUT"]
    assert before == ["1.png", "2.png"]
    assert (done, await names(client)) == ([None, None], ["x", "y"])


async def test_deletions_and_restorations_happen_together_or_not_at_all(client: Client) -> None:
    contents = [pictures.png(seed=seed) for seed in (1, 2)]
    one, two = [await client.uploaded(content) for content in contents]
    gone = [{"id": one["id"], "forGood": True}, {"id": two["id"], "forGood": True}, {"id": one["id"], "forGood": True}]
    refused = await together(client, "deleteMediaBatch", gone)
    there = [(await client.get(media["url"], key=None)).status for media in (one, two)]
    trashed = await together(client, "deleteMediaBatch", [{"id": one["id"]}])
    half = await together(client, "restoreMediaBatch", [{"id": one["id"]}, {"id": two["id"]}])
    back = await together(client, "restoreMediaBatch", [{"id": one["id"]}])
    done = await together(client, "deleteMediaBatch", gone[:2])

    assert refused == ["BATCH_REJECTED", "BATCH_REJECTED", "NOT_FOUND"]
    assert there == [200, 200]
    assert (trashed, half, back) == ([None], ["BATCH_REJECTED", "NOT_FOUND"], [None])
    assert (done, client.blobs(), await uploads(client)) == ([None, None], [], (2, 0))


async def test_files_are_replaced_together_or_not_at_all(client: Client) -> None:
    one, two = [await client.uploaded(pictures.png(seed=seed)) for seed in (1, 2)]
    items = [{"id": one["id"]}, {"id": two["id"]}]
    new = [pictures.png(50, 40, seed=seed) for seed in (3, 4)]
    refused = await sent(client, "replaceMediaBatch", items, [new[0], b"no image"])
    before = (await client.data("{ mediaList { nodes { version } } }"))["mediaList"]["nodes"]
    done = await sent(client, "replaceMediaBatch", items, new)
    after = (await client.data("{ mediaList { nodes { version width } } }"))["mediaList"]["nodes"]

    assert (refused, before) == (["BATCH_REJECTED", "UNSUPPORTED_MEDIA"], [{"version": 1}] * 2)
    assert (done, after) == ([None, None], [{"version": 2, "width": 50}] * 2)


async def test_imports_are_refused_as_a_whole(client: Client) -> None:
    items = [{"url": "ftp://example.org/a.png"}, {"url": "http://127.0.0.1:1/b.png"}]

    assert await together(client, "importMediaBatch", items) == ["INVALID_INPUT", "INVALID_INPUT"]
    assert await together(client, "importMediaBatch", []) == []
    over = await client.graphql(document("importMediaBatch"), {"input": items * 51})
    assert over["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize("policy", ["CONTINUE", "REJECT_ALL"])
async def test_an_error_says_which_item_it_is_of(client: Client, policy: str) -> None:
    items = [{"url": "http://127.0.0.1:1/b.png", "tags": ["x" * 51]}, {"url": "ftp://example.org/a.png"}]
    answer = await client.graphql(document("importMediaBatch").replace("REJECT_ALL", policy), {"input": items})
    paths = [item["errors"][0]["path"] for item in answer["data"]["importMediaBatch"]["results"]]

    assert paths == [["input", "0", "tags"], ["input", "1", "url"]]


async def test_batches_in_opposite_orders_do_not_wait_for_each_other(client: Client) -> None:
    media = [await client.uploaded(pictures.png(seed=seed)) for seed in range(6)]
    items = [{"id": item["id"], "caption": "x"} for item in media]
    for _ in range(3):
        outcomes = await asyncio.gather(
            *(together(client, "updateMediaBatch", order) for order in (items, items[::-1], items, items[::-1]))
        )
        assert outcomes == [[None] * 6] * 4
    gone = [{"id": item["id"], "forGood": True} for item in media]
    halves = await asyncio.gather(
        *(together(client, "deleteMediaBatch", order) for order in (gone, gone[::-1])),
        *(client.data(DELETE, {"input": item}) for item in gone[::2]),
    )

    assert halves
    assert client.blobs() == []
    assert (await uploads(client))[1] == 0
