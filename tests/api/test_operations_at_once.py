"""Several operations in one JSON request, where the operator allows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Answer, Client
from tests.conftest import make_settings, run_app

TEAM = {"query": "{ viewer { team { name } } }"}


@pytest.fixture
async def batching(tmp_path: Path, imaging: ImagingPool) -> AsyncIterator[Client]:
    async with run_app(make_settings(tmp_path, graphql_batch_limit=5), imaging) as running:
        yield running


async def ask(client: Client, body: Any, key: str = "first") -> Answer:
    return await client.request("POST", "/graphql", json=body, key=key)


async def test_each_operation_of_a_batch_is_answered_in_its_place(batching: Client) -> None:
    answer = await ask(batching, [TEAM, {"query": "{ nothing }"}, 1, {"query": 5}, {"query": "{"}])

    assert answer.status == 200
    first, *others = answer.json
    assert first["data"] == {"viewer": {"team": {"name": "first"}}}
    assert [item["errors"][0]["extensions"]["code"] for item in others] == [
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_REQUEST",
        "BAD_REQUEST",
        "GRAPHQL_PARSE_FAILED",
    ]
    assert [item for item in others if "data" in item] == []
    assert others[1]["errors"][0]["message"] == "A GraphQL request must be a JSON object."


async def test_a_later_operation_sees_what_an_earlier_one_did(batching: Client) -> None:
    media = await batching.uploaded(pictures.png())
    change = "mutation ($i: UpdateMediaInput!) { updateMedia(input: $i) { media { name } } }"
    look = {"query": f'{{ media(by: {{ id: "{media["id"]}" }}) {{ name }} }}'}
    answers = await ask(
        batching,
        [
            {"query": change, "variables": {"i": {"id": media["id"], "name": name}}} if name else look
            for name in ("a.png", "", "b.png", "")
        ],
    )

    assert [answers.json[at]["data"]["media"]["name"] for at in (1, 3)] == ["a.png", "b.png"]


@pytest.mark.parametrize(("body", "message"), [([], "at least one"), ([TEAM] * 6, "at most 5")])
async def test_a_batch_has_one_operation_at_least_and_so_many_at_most(
    batching: Client, body: list[object], message: str
) -> None:
    answer = await ask(batching, body)

    assert (answer.status, answer.json["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert message in answer.json["errors"][0]["message"]


async def test_a_batch_costs_what_its_operations_cost_together(batching: Client) -> None:
    page = {
        "query": f"{{ mediaList(first: 100) {{ nodes {{ {' '.join(f'r{n}: responsive {{ src }}' for n in range(4))} }} }} }}"
    }
    alone, together = await ask(batching, page), await ask(batching, [page, page, page, TEAM])

    assert alone.json["extensions"]["cost"]["requested"] == 8402
    assert ["data" in item for item in together.json] == [True, True, False, False]
    assert together.json[2]["errors"][0]["extensions"] | {"requestId": ""} == {"code": "TOO_EXPENSIVE", "requestId": ""}
    assert "25206" in together.json[2]["errors"][0]["message"]


async def test_a_batch_needs_one_good_key(batching: Client) -> None:
    assert (await ask(batching, [TEAM, TEAM], key="img_live_wrong")).status == 401
