"""What is no HTTP, or too long to be read: answered in our words, and nothing of the parser's or of what was sent."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import orjson
import pytest

from graphql_api.web.malformed import MAX_LINE
from schema.limits import MAX_QUERY
from tests.client import Client

SECRET = "img_live_secret"


async def raw(client: Client, sent: bytes) -> tuple[bytes, bytes]:
    """Head and body of all that comes back until the server ends the connection."""
    host, port = client.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"GET /v1/media?cursor=" + b"a" * MAX_LINE + b" HTTP/1.1", "longer than"),
        (f"GET / HTTP/1.1\r\nAuthorization: Bearer {SECRET}{'a' * 9000}".encode(), "longer than 8190 bytes"),
        (b"FOO\x00 / HTTP/1.1", "not a valid HTTP request"),
        (b"\x16\x03\x01\x02\x00", "not a valid HTTP request"),
        (f"GET / HTTP/1.1\r\nX-{SECRET}\x01: a\x00b".encode(), "not a valid HTTP request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b", "not a valid HTTP request"),
        (b"GET / HTTP/1.1\r\n" + b"\r\n".join(b"A%d: b" % n for n in range(400)), "not a valid HTTP request"),
        (b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: -5", "not a valid HTTP request"),
        (b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 2", "gzip or deflate"),
        (b"PATCH /v1/media/x HTTP/1.1\r\nHost: a\r\nContent-Encoding: zstd\r\nContent-Length: 2", "gzip or deflate"),
    ],
)
async def test_what_is_no_request_is_told_so_in_our_words(
    client: Client, head: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told, body = await raw(client, head + b"\r\n\r\n{}")
    lines = told.decode().splitlines()
    error = orjson.loads(body)["error"]

    assert " 400 " in lines[0]
    assert "Content-Type: application/json; charset=utf-8" in lines
    assert f"X-Request-Id: {error['requestId']}" in lines
    assert error["code"] == "invalid_input"
    assert words in error["message"]
    assert SECRET not in told.decode() + body.decode() + "".join(capsys.readouterr())


async def test_a_connection_whose_body_broke_is_said_to_end(client: Client) -> None:
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    told, body = await raw(client, head + b"Content-Length: 2\r\n\r\n{}")

    assert b" 400 " in told
    assert b"Connection: close" in told
    assert b"Content-Encoding" in body


async def test_the_longest_document_has_room_in_an_address(client: Client) -> None:
    query = "{ __typename }".ljust(MAX_QUERY, "\n")
    answer = await client.get(f"/graphql?query={quote(query)}", headers={"Accept": "application/json"})

    assert answer.json["data"] == {"__typename": "Query"}
