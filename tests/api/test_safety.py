"""What bounds a document, its answer and its time, and what GraphQL does not tell."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from graphql import get_introspection_query

from graphql_api.imaging.pool import ImagingPool
from schema.limits import MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_TOKENS
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app


def many(part: str, count: int) -> str:
    return "{ __typename " + " ".join(part.replace("#", str(number)) for number in range(count)) + " }"


@pytest.mark.parametrize(
    ("part", "count", "message"),
    [
        ("a#: __typename", MAX_ALIASES, "51 aliases"),
        ("__typename", MAX_TOKENS - 3, "1000 tokens"),
        ("__typename @skip(if: false)", MAX_DIRECTIVES, "at most 50 directives"),
    ],
)
async def test_a_document_may_have_so_much_and_no_more(client: Client, part: str, count: int, message: str) -> None:
    fine, refused = await client.graphql(many(part, count)), await client.graphql(many(part, count + 1))

    assert message not in str(fine)
    assert message in refused["errors"][0]["message"]
    assert "data" not in refused


async def test_a_document_may_be_so_deep_and_no_deeper(client: Client) -> None:
    for depth, refused in ((MAX_DEPTH, False), (MAX_DEPTH + 1, True)):
        errors = (await client.graphql("{ a " * depth + "{ a }" + " }" * depth))["errors"]
        assert any("depth of 12" in error["message"] for error in errors) is refused


async def test_fragments_that_double_at_each_level_are_looked_at_once(client: Client) -> None:
    doubling = " ".join(f"fragment F{level} on Query {{ ...F{level + 1} ...F{level + 1} }}" for level in range(60))
    (error,) = (await client.graphql(f"{{ ...F0 }} {doubling} fragment F60 on Query {{ a: __typename }}"))["errors"]
    fine = await client.graphql(f"{{ ...F0 }} {doubling} fragment F60 on Query {{ __typename }}")

    assert "aliases found" in error["message"]
    assert fine["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "query",
    [
        "{ ...F }",
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
    ],
)
async def test_fragments_that_are_not_there_or_go_in_circles_are_refused(client: Client, query: str) -> None:
    refused = await client.graphql(query)

    assert {error["extensions"]["code"] for error in refused["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_introspection_is_as_deep_as_tools_need_it(client: Client) -> None:
    assert (await client.data(get_introspection_query()))["__schema"]["types"]
    circle = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
    (error,) = (await client.graphql(circle))["errors"]

    assert error["message"] == "Maximum introspection depth exceeded"


async def test_of_many_errors_few_are_told(client: Client) -> None:
    told = (await client.graphql("{ " + " ".join(f"wrong{n}" for n in range(40)) + " }"))["errors"]
    few = (await client.graphql("{ " + " ".join(f"wrong{n}" for n in range(8)) + " }"))["errors"]

    assert (len(told), told[-1]["message"]) == (9, "32 more errors are not told.")
    assert told[-1]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert len(few) == 8


async def test_names_that_are_near_are_told_only_where_the_operator_wants_it(
    client: Client, tmp_path: Path, imaging: ImagingPool
) -> None:
    wrong = [
        "{ mediaLis { totalCount } }",
        "{ mediaList(frist: 1) { totalCount } }",
        "{ node(id: 1) { ... on Medi { id } } }",
    ]
    for query in wrong:
        assert "mean" not in str(await client.graphql(query))
    async with run_app(make_settings(tmp_path / "other", graphql_suggestions=True), imaging) as open_hearted:
        for query in wrong:
            assert "Did you mean" in str(await open_hearted.graphql(query))


async def test_a_null_for_what_may_only_be_left_out_is_refused_in_our_words(client: Client) -> None:
    errors = (await client.graphql("{ media(by: { uid: null }) { id } }"))["errors"]

    assert errors[0]["message"] == "Field 'uid' may be left out, but not be null."


async def test_the_schema_can_be_kept_to_oneself(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, graphql_introspection=False), imaging) as client:
        for query in ("{ __schema { types { name } } }", '{ __type(name: "Media") { name } }'):
            answer = await client.graphql(query)
            assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            assert "data" not in answer
        assert await client.data("{ __typename }") == {"__typename": "Query"}


async def test_an_answer_that_is_too_large_is_an_error_that_says_so(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, graphql_response_mb=1), imaging) as client:
        long = [{"key": f"key{number}", "value": "x" * 1000} for number in range(50)]
        media = await client.uploaded(pictures.png(), attributes=long)
        part = f'a#: media(by: {{ uid: "{media["uid"]}" }}) {{ attributes {{ value }} }}'
        fine, refused = await client.graphql(many(part, 10)), await client.graphql(many(part, 25))
        strict = await client.request(
            "POST", "/graphql", json={"query": many(part, 25)}, headers={"Accept": "application/graphql-response+json"}
        )

    assert len(fine["data"]) == 11
    (error,) = refused["errors"]
    assert error["extensions"]["code"] == "RESPONSE_TOO_LARGE"
    assert "1048576" in error["message"]
    assert "data" not in refused
    assert strict.status == 400


async def test_a_query_that_takes_too_long_is_ended_and_a_mutation_is_not(tmp_path: Path, imaging: ImagingPool) -> None:
    body = {"query": "{ mediaList { nodes { tags placeholder { color } } totalCount } }"}
    async with run_app(make_settings(tmp_path, graphql_seconds=1e-6), imaging) as client:
        media = await client.uploaded(pictures.png(), tags=["cat"])
        old = await client.request("POST", "/graphql", json=body)
        new = await client.request(
            "POST", "/graphql", json=body, headers={"Accept": "application/graphql-response+json"}
        )
        by_get = await client.get("/graphql", params=body)

    assert media["tags"] == ["cat"]
    assert (old.status, new.status, by_get.status) == (200, 503, 200)
    for answer in (old, new, by_get):
        (error,) = answer.json["errors"]
        assert error["extensions"]["code"] == "EXECUTION_TIMEOUT"
        assert "1e-06 seconds" in error["message"]
        assert "data" not in answer.json


async def test_queries_that_are_ended_leave_the_database_open(
    tmp_path: Path, imaging: ImagingPool, database_url: str
) -> None:
    settings = make_settings(tmp_path, graphql_seconds=0.004, database_url=database_url, rate_limit_scale=0)
    query = (
        "{ mediaList { nodes { tags labels { key } palette { color } } totalCount } tags { name } presets { name } }"
    )
    async with run_app(settings, imaging) as client:
        await client.uploaded(pictures.png(), tags=["cat"])
        answers = await asyncio.gather(*(client.graphql(query) for _ in range(60)))
        renamed = await client.uploaded(pictures.png(3, 4), tags=["dog"])

    codes = {answer["errors"][0]["extensions"]["code"] for answer in answers if "errors" in answer}
    assert codes <= {"EXECUTION_TIMEOUT"}
    assert renamed["tags"] == ["dog"]


@pytest.mark.parametrize(
    "query", ["{ mediaList { nodes { tags } } }", "{ mediaList { totalCount } }", "{ tags { name } }"]
)
async def test_what_breaks_in_us_is_masked_and_can_be_found_by_its_id(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    await client.uploaded(pictures.png())

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret db password in /srv/tintype")

    for name in ("tags_of", "count", "tags"):
        monkeypatch.setattr(f"graphql_api.services.library.Library.{name}", fail)
    answer = await client.request("POST", "/graphql", json={"query": query})
    (error,) = answer.json["errors"]

    assert (answer.status, error["message"]) == (200, "Something went wrong.")
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": answer.headers["X-Request-Id"]}
    assert b"secret" not in answer.body
