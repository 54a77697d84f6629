"""Statuses of the draft of June 2026, where the operator wants them: the same for every media type that is accepted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests.client import Client
from tests.conftest import make_settings, run_app

TYPES = ("application/json", "application/graphql-response+json")
PARTIAL = "{ __typename viewer { team { name } } }"  # without a key


@pytest.fixture
async def modern(tmp_path: Path, imaging: ImagingPool) -> AsyncIterator[Client]:
    async with run_app(make_settings(tmp_path, graphql_http_draft=True), imaging) as running:
        yield running


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ('{"query": "{"}', 400),
        ("5", 422),
        ("[]", 422),
        ("{}", 422),
        ('{"query": 5}', 422),
        ('{"query": "{ a }", "variables": 5}', 422),
        ('{"query": "{ nothing }"}', 422),
        ('{"query": "query A { __typename } query B { __typename }"}', 422),
        ('{"query": "query A { __typename }", "operationName": "B"}', 422),
        ('{"query": "query ($n: Int) { mediaList(first: $n) { totalCount } }", "variables": {"n": "x"}}', 422),
        ('{"query": "query ($n: Int!) { mediaList(first: $n) { totalCount } }"}', 422),
        ('{"query": "subscription { a }"}', 422),
        ('{"query": "{ __typename }"}', 200),
    ],
)
async def test_a_request_that_never_ran_says_why(modern: Client, body: str, status: int) -> None:
    for accept in TYPES:
        answer = await modern.request(
            "POST", "/graphql", data=body.encode(), headers={"Content-Type": "application/json", "Accept": accept}
        )
        assert answer.status == status
        assert answer.headers["Content-Type"] == f"{accept}; charset=utf-8"
        assert ("data" in answer.json) is (status == 200)


async def test_data_beside_errors_is_a_partial_success(modern: Client, client: Client) -> None:
    statuses = []
    for server in (modern, client):
        for accept in TYPES:
            answer = await server.request(
                "POST", "/graphql", json={"query": PARTIAL}, headers={"Accept": accept}, key=None
            )
            assert answer.json["errors"]
            assert "data" in answer.json
            statuses.append(answer.status)

    assert statuses == [200, 294, 200, 200]


async def test_what_has_a_status_of_its_own_keeps_it(modern: Client) -> None:
    written = {"query": 'mutation { deleteMedia(input: { id: "x" }) { deletedId } }'}
    refused = await modern.get("/graphql", params=written)

    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert (await modern.request("POST", "/graphql", data=b"x", headers={"Content-Type": "text/plain"})).status == 415
    assert (await modern.request("POST", "/graphql", json={}, headers={"Accept": "image/png"})).status == 406
    assert (await modern.request("POST", "/graphql", json={}, key="img_live_wrong")).status == 401
