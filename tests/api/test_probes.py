"""What scanners of GraphQL servers ask (the twelve probes that graphql-cop has), and what each comes to here."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests.client import Answer, Client
from tests.conftest import make_settings, run_app

POST_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def post(client: Client, query: str, **headers: str) -> Answer:
    return await client.request("POST", "/graphql", json={"query": query}, headers=headers, key=None)


async def test_misspelt_fields_lead_nowhere(client: Client) -> None:
    answer = await post(client, "query { __schema { directive } }")

    assert answer.json["errors"][0]["message"] == "Cannot query field 'directive' on type '__Schema'."


async def test_the_schema_can_be_asked_for_unless_the_operator_hides_it(
    client: Client, tmp_path: Path, imaging: ImagingPool
) -> None:
    query = "query { __schema { types { name fields { name } } } }"
    assert (await post(client, query)).json["data"]["__schema"]["types"]
    async with run_app(make_settings(tmp_path / "hidden", graphql_introspection=False), imaging) as hiding:
        assert "data" not in (await post(hiding, query)).json


@pytest.mark.parametrize("path", ["/graphiql", "/playground", "/console", "/v1/graphql", "/graphql/console", "/altair"])
async def test_no_forgotten_console_is_left_about(client: Client, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"}, key=None)

    assert answer.status == 404
    assert b"graphi" not in answer.body.lower()


async def test_graphiql_is_for_browsers_and_runs_no_foreign_code(client: Client) -> None:
    page = await client.get("/graphql", headers={"Accept": "text/html"}, key=None)

    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "https://" not in page.headers["Content-Security-Policy"]


async def test_get_reads(client: Client) -> None:
    answer = await client.get("/graphql", params={"query": "query { __typename }"}, key=None)

    assert answer.json["data"] == {"__typename": "Query"}


async def test_get_does_not_write(client: Client) -> None:
    answer = await client.get("/graphql", params={"query": "mutation { __typename }"}, key=None)

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert "data" not in answer.json


async def test_a_form_of_another_site_does_nothing(client: Client) -> None:
    answer = await client.request(
        "POST", "/graphql", data=b"query=query%20%7B%20__typename%20%7D", headers=POST_FORM, key=None
    )

    assert answer.status == 415
    assert "data" not in answer.json


async def test_a_hundred_aliases_are_too_many(client: Client) -> None:
    answer = await post(client, "query { " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }")

    assert "data" not in answer.json


async def test_a_batch_is_none(client: Client) -> None:
    answer = await client.request("POST", "/graphql", json=[{"query": "query { __typename }"}] * 10, key=None)

    assert answer.status == 400
    assert isinstance(answer.json, dict)


async def test_no_trace_is_told(client: Client) -> None:
    for answer in (await post(client, "query { __typename }"), await post(client, "query { nothing }")):
        assert not {"tracing", "traces"} & set(answer.json.get("extensions", {}))
        assert b"stacktrace" not in answer.body


async def test_directives_do_not_multiply_errors(client: Client) -> None:
    repeated = await post(client, "query { __typename " + "@aa" * 10 + " }")

    assert len(repeated.json["errors"]) == 9
    assert "data" not in repeated.json


async def test_introspection_does_not_go_in_circles(client: Client) -> None:
    query = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
    answer = await post(client, query)

    assert "data" not in answer.json
    assert "introspection depth" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize("query", ["qwerty { abc }", "query { __typename", '{ node(id: "💥") { id } }', "{ node }"])
async def test_errors_are_handled(client: Client, query: str) -> None:
    answer = await post(client, query)

    assert answer.status == 200
    for error in answer.json.get("errors", ()):
        assert set(error["extensions"]) <= {"code", "requestId"}
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
