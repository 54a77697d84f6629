"""GraphQL over HTTP: every malformed request has a clear answer, and none has a traceback."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

from graphql_api.web.uploads import MAX_JSON
from tests import pictures
from tests.client import UPLOAD, Client

NEW = {"Accept": "application/graphql-response+json"}
JSON = {"Content-Type": "application/json"}
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


async def post(client: Client, body: bytes | str, headers: dict[str, str] | None = None) -> Any:
    content = io.BytesIO(body) if isinstance(body, bytes) else body
    return await client.request("POST", "/graphql", data=content, headers=JSON | (headers or {}))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"5", "JSON object."),
        (b'"x"', "JSON object"),
        (b"null", "JSON object"),
        (b"[]", "batches"),
        (b"[1]", "batches"),
        (b'[{"query": 5}]', "batches"),
        (b"{", "valid JSON"),
        (b"", "valid JSON"),
        (b"\xff\xfe{}", "valid JSON"),
        (b"{}", "'query'"),
        (b'{"query": 5}', "'query'"),
        (b'{"query": ""}', "'query'"),
        (b'{"query": null}', "'query'"),
        (b'{"query": "{ __typename } #' + b"x" * 20_000 + b'"}', "20000 characters"),
        (b'{"query": "{ a }", "variables": []}', "'variables'"),
        (b'{"query": "{ a }", "variables": "x"}', "'variables'"),
        (b'{"query": "{ a }", "operationName": 5}', "'operationName'"),
        (b'{"query": "{ a }", "extensions": 5}', "'extensions'"),
        (b'{"query": "{ a }", "variables": ' + b"[" * 100_000, "valid JSON"),
    ],
)
async def test_what_is_no_request_is_a_400(client: Client, body: bytes, message: str) -> None:
    for accept in ({}, NEW):
        answer = await post(client, body, accept)
        (error,) = answer.json["errors"]
        assert (answer.status, error["extensions"]["code"]) == (400, "BAD_REQUEST")
        assert message in error["message"]
        assert "data" not in answer.json


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment A on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_document_that_cannot_run_has_a_status_and_a_code(client: Client, query: str, code: str) -> None:
    body = orjson.dumps({"query": query})
    new, old = await post(client, body, NEW), await post(client, body, {"Accept": "application/json"})

    assert (new.status, old.status) == (400, 200)
    assert new.headers["Content-Type"].startswith("application/graphql-response+json")
    assert old.headers["Content-Type"].startswith("application/json")
    for answer in (new, old):
        assert "data" not in answer.json
        assert {error["extensions"]["code"] for error in answer.json["errors"]} == {code}
        assert all(error["extensions"]["requestId"] for error in answer.json["errors"])


async def test_an_operation_is_chosen_by_name(client: Client) -> None:
    query = "query A { a: __typename } query B { b: __typename }"
    answer = await post(client, orjson.dumps({"query": query, "operationName": "B"}))
    unknown = await post(client, orjson.dumps({"query": query, "operationName": "C"}), NEW)

    assert answer.json["data"] == {"b": "Query"}
    assert (unknown.status, unknown.json["errors"][0]["message"]) == (400, 'Unknown operation named "C".')


async def test_variables_that_do_not_fit_are_a_400_without_data(client: Client) -> None:
    body = orjson.dumps({"query": "query ($n: Int) { mediaList(first: $n) { totalCount } }", "variables": {"n": "x"}})
    answer = await post(client, body, NEW)

    assert answer.status == 400
    assert "data" not in answer.json


async def test_get_reads_and_cannot_write(client: Client) -> None:
    plain = {"params": {"query": "{ __typename }", "operationName": "", "variables": "", "extensions": ""}}
    answer = await client.get("/graphql", **plain)
    assert answer.json["data"] == {"__typename": "Query"}
    refused = await client.get("/graphql", params={"query": 'mutation { deleteMedia(input: {id: "x"}) { deletedId } }'})
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert (await client.get("/graphql", params={"query": "{ __typename }", "variables": "["})).status == 400
    assert (await client.get("/graphql")).status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_say_which_are_allowed(client: Client, method: str) -> None:
    answer = await client.request(method, "/graphql")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET,OPTIONS,POST")


@pytest.mark.parametrize("path", ["/graphql", "/v1/images", "/v1/images/x", "/src/a/b.jpg"])
async def test_pages_of_other_origins_may_ask(client: Client, path: str) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = await client.request("OPTIONS", path, key=None, headers=asked)
    answer = await client.get(path, key=None, headers={"Origin": "https://app.example"})

    assert preflight.status == 204
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    for got in (preflight, answer):
        assert got.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in got.headers


@pytest.mark.parametrize(
    "kind", ["application/jsonfoo", "text/plain", "application/x-www-form-urlencoded", "application/graphql", ""]
)
async def test_other_content_types_are_a_415(client: Client, kind: str) -> None:
    answer = await client.request(
        "POST", "/graphql", data=b'{"query": "{ __typename }"}', headers={"Content-Type": kind}
    )

    assert answer.status == 415
    assert answer.json["errors"]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_is_json_however_it_is_spelled(client: Client, kind: str) -> None:
    answer = await client.request(
        "POST", "/graphql", data=b'{"query": "{ __typename }"}', headers={"Content-Type": kind}
    )

    assert answer.json["data"] == {"__typename": "Query"}


async def test_nothing_acceptable_is_a_406(client: Client) -> None:
    assert (await post(client, b'{"query": "{ __typename }"}', {"Accept": "image/png"})).status == 406


async def test_only_a_browser_gets_graphiql(client: Client) -> None:
    browser = await client.get("/graphql", key=None, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    curl = await client.get("/graphql", key=None, headers={"Accept": "*/*"})

    assert browser.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in browser.headers["Content-Security-Policy"]
    assert curl.json["errors"]


async def test_a_body_past_the_limit_is_refused(client: Client) -> None:
    body = orjson.dumps({"query": "{ __typename }", "variables": {"x": "y" * 1024 * 1024}})

    assert (await post(client, body)).status == 413


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_is_not_packed_as_it_says_is_refused(client: Client, coding: str) -> None:
    for body in (b'{"query": "{ __typename }"}', gzip.compress(b"{}")[:-9], b""):
        answer = await client.request(
            "POST",
            "/graphql",
            data=io.BytesIO(body),
            headers=JSON | {"Content-Encoding": coding, "Connection": "close"},
        )

        assert (answer.status, b"Traceback" in answer.body) == (400, False), body


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_body_may_be_as_large_as_that_however_it_comes(
    client: Client, *, at_once: bool, compressed: bool
) -> None:
    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 8192):
            yield body[start : start + 8192]

    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "deflate"} if compressed else {})
    answers = []
    for size in (MAX_JSON, MAX_JSON + 1):
        body = b'{"query": "{ __typename }"}'.ljust(size)
        sent = zlib.compress(body) if compressed else body
        answers.append(
            await client.request(
                "POST", "/graphql", data=io.BytesIO(sent) if at_once else pieces(sent), headers=headers
            )
        )

    assert [answer.status for answer in answers] == [200, 413]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ " + " ".join(f"a{n}: __typename" for n in range(60)) + " }", "aliases"),
        ("{ " + "__typename " * 1100 + "}", "tokens"),
        ("{ node(id: 1) { ... on Media { id } " + "}" * 1, "Syntax"),
        ("query { " + "a { " * 300 + "b" + " }" * 300 + " }", ""),
    ],
)
async def test_documents_have_limits(client: Client, query: str, message: str) -> None:
    answer = await post(client, orjson.dumps({"query": query}), NEW)

    assert answer.status == 400
    assert message in str(answer.json["errors"])


async def test_a_malformed_request_is_no_error_of_ours(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    await client.graphql("{ nothing }")
    await client.graphql("{")

    assert "error" not in capsys.readouterr().out.lower().replace("errors", "")


# --- multipart


async def form(client: Client, parts: list[tuple[str, Any]], headers: dict[str, str] | None = None) -> Any:
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in parts:
        options = {"filename": "f.png"} if isinstance(value, bytes) else {}
        data.add_field(name, value, **options)
    return await client.request("POST", "/graphql", data=data, headers=PREFLIGHT if headers is None else headers)


OPERATIONS = orjson.dumps({"query": UPLOAD, "variables": {"input": {"file": None}}}).decode()
MAP = '{"0": ["variables.input.file"]}'


async def test_a_form_of_a_foreign_page_is_refused(client: Client) -> None:
    parts = [("operations", OPERATIONS), ("map", MAP), ("0", pictures.png())]
    forged = await form(client, parts, headers={})

    assert (forged.status, forged.json["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert "GraphQL-Require-Preflight" in forged.json["errors"][0]["message"]
    assert client.blobs() == []
    for name in ("GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"):
        assert (await form(client, parts, headers={name: "x"})).json["data"]["uploadMedia"]["errors"] == []


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [("operations", OPERATIONS)],
        [("map", MAP), ("operations", OPERATIONS), ("0", b"x")],
        [("operations", OPERATIONS), ("map", MAP)],
        [("operations", "5"), ("map", MAP), ("0", b"x")],
        [("operations", "{"), ("map", MAP), ("0", b"x")],
        [("operations", OPERATIONS), ("map", "[]"), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": "variables.input.file"}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": [5]}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": []}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": ["variables.input.file", "variables.input.name"]}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": ["query"]}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": ["variables"]}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": ["variables.input.nothing.deep"]}'), ("0", b"x")],
        [("operations", OPERATIONS), ("map", '{"0": ["variables.input"]}'), ("0", b"x")],
        [
            ("operations", OPERATIONS),
            ("map", '{"0": ["variables.input.file"], "1": ["variables.input.file"]}'),
            ("0", b"x"),
        ],
        [("operations", OPERATIONS), ("map", MAP), ("1", b"x")],
        [("operations", OPERATIONS), ("map", MAP), ("0", b"x"), ("0", b"y")],
        [
            ("operations", OPERATIONS),
            ("map", orjson.dumps({str(n): [f"variables.{n}"] for n in range(101)}).decode()),
            ("0", b"x"),
        ],
    ],
)
async def test_a_form_that_is_not_of_the_specification_is_a_400(client: Client, parts: list[tuple[str, Any]]) -> None:
    answer = await form(client, parts)

    assert answer.status == 400, answer
    assert answer.json["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert client.blobs() == []
    assert await client.spooled() == []


async def test_an_upload_is_a_file_and_nothing_else(client: Client) -> None:
    for value in ("/etc/passwd", 5, {"path": "/etc/passwd"}):
        answer = await client.graphql(UPLOAD, {"input": {"file": value}})
        assert "An Upload is a file of a multipart request." in answer["errors"][0]["message"]
    literal = 'mutation { uploadMedia(input: { file: "/etc/passwd" }) { media { uid } } }'
    assert "errors" in await client.graphql(literal)


async def test_no_path_leaves_with_an_upload_in_the_wrong_place(client: Client) -> None:
    query = "mutation ($f: String!) { importMedia(input: { url: $f }) { media { uid } } }"
    answer = await client.multipart(query, {"f": None}, {"variables.f": pictures.png()})

    assert answer.json["errors"]
    assert str(client.settings.spool_folder) not in answer.body.decode()
    assert await client.spooled() == []


async def test_without_a_key_no_byte_of_a_file_is_kept(client: Client) -> None:
    answer = await client.multipart(
        UPLOAD, {"input": {"file": None}}, {"variables.input.file": pictures.png()}, key=None
    )

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.blobs() == []
