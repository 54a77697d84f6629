"""Rate limits over HTTP: bursts, refusals in each surface's words, headers, addresses behind proxies, tried keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graphql_api.db import keys as rows
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Answer, Client
from tests.conftest import make_settings, run_app

NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
async def tight(tmp_path: Path, imaging: ImagingPool, early_in_the_minute: None) -> AsyncIterator[Client]:
    """A fiftieth of each limit, behind a proxy: a team has 24 a minute, a guest 6, uploads 1 and 2, a guesser 1."""
    settings = make_settings(tmp_path, rate_limit_scale=0.02, trusted_proxies="127.0.0.1")
    async with run_app(settings, imaging) as running:
        yield running


async def ask(client: Client, address: str = "8.8.8.8", *, key: str | None = "first", **headers: str) -> Answer:
    return await client.request(
        "POST", "/graphql", key=key, headers={"X-Forwarded-For": address, **headers}, json={"query": "{ __typename }"}
    )


def numbers(answer: Answer) -> list[int]:
    return [int(answer.headers[name]) for name in NAMES]


async def test_a_burst_is_let_in_and_what_passes_it_is_refused_in_graphqls_words(tight: Client) -> None:
    answers = await asyncio.gather(*(ask(tight) for _ in range(30)))
    statuses = sorted(answer.status for answer in answers)
    refused = next(answer for answer in answers if answer.status == 429)
    new = await ask(tight, Accept="application/graphql-response+json")

    assert statuses == [200] * 24 + [429] * 6
    assert min(numbers(answer)[1] for answer in answers) == 0
    assert {numbers(answer)[0] for answer in answers} == {24}
    (error,) = refused.json["errors"]
    assert "data" not in refused.json
    assert error["message"] == "No more than 24 requests per minute."
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] == int(refused.headers["Retry-After"]) == numbers(refused)[2]
    assert numbers(refused)[1] == 0
    assert (new.status, new.headers["Content-Type"]) == (429, "application/graphql-response+json; charset=utf-8")
    assert (await ask(tight, key="second")).status == 200


async def test_the_rate_of_a_team_holds_for_all_its_keys_and_languages_but_not_for_images(tight: Client) -> None:
    made = await tight.uploaded(pictures.png())
    while (await ask(tight)).status == 200:
        pass
    refused = await tight.get(f"/v1/images/{made['uid']}", key="reader")

    assert refused.status == 429
    assert refused.json["error"] | {"action": None} == {
        "type": "rate_limit_error",
        "code": "rate_limited",
        "message": "No more than 24 requests per minute.",
        "action": None,
    }
    assert refused.json["error"]["action"] == {"type": "wait", "retry_after": int(refused.headers["Retry-After"])}
    image = await tight.get(made["url"])
    assert image.status == 200
    assert not set(NAMES) & set(image.headers)
    for path in ("/healthz", "/readyz"):
        assert (await tight.get(path)).status == 200


async def test_a_key_of_generation_1_reads_the_old_word(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, rate_limit_scale=0.001), imaging) as client:
        answers = [await client.get("/v1/images/nothing", key="g1") for _ in range(3)]

    assert [answer.json["error"]["code"] for answer in answers] == ["not_found"] * 2 + ["rate_limit_exceeded"]


async def test_who_has_no_key_is_counted_by_address_or_by_64(tight: Client) -> None:
    mine = [(await ask(tight, f"2001:db8::{host:x}", key=None)).status for host in range(1, 9)]
    (other, behind) = await ask(tight, "2001:db8:0:1::1", key=None), await ask(tight, "6.6.6.6, 2001:db8::1", key=None)

    assert mine == [200] * 6 + [429] * 2
    assert other.status == 200
    assert behind.status == 429
    assert numbers(other)[:2] == [6, 5]
    assert behind.json["errors"][0]["message"] == "No more than 6 requests per minute without an API key."


async def test_a_header_of_somebody_who_is_no_trusted_proxy_is_ignored(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, rate_limit_scale=0.02), imaging) as client:
        statuses = [(await ask(client, f"1.2.3.{number}", key=None)).status for number in range(8)]

    assert statuses == [200] * 6 + [429] * 2


async def test_the_answer_to_every_counted_request_tells_what_is_left(tight: Client) -> None:
    bad_body = await tight.request("POST", "/graphql", data=b"{", headers={"Content-Type": "application/json"})
    missing = await tight.get("/v1/images/nothing")
    page = await tight.get("/graphql", headers={"Accept": "text/html"})
    preflight = await tight.request("OPTIONS", "/graphql")

    assert (bad_body.status, numbers(bad_body)[:2]) == (400, [24, 23])
    assert (missing.status, numbers(missing)[:2]) == (404, [24, 22])
    assert 0 < numbers(missing)[2] <= 60
    exposed = missing.headers["Access-Control-Expose-Headers"].split(", ")
    assert {*NAMES, "Retry-After", "X-RateLimit-Remaining-Daily"} <= set(exposed)
    assert not set(NAMES) & (set(page.headers) | set(preflight.headers))


async def test_a_guests_upload_tells_what_is_left_of_the_hour_and_the_day(tight: Client) -> None:
    first = await tight.rest_upload(pictures.png(), key=None)
    refused = await tight.rest_upload(pictures.png(), key=None)
    keyed = await tight.rest_upload(pictures.png())

    told = {name: first.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining")}
    daily = {name: first.headers[f"X-RateLimit-{name}-Daily"] for name in ("Limit", "Remaining")}
    assert (first.status, told, daily) == (
        201,
        {"Limit": "1", "Remaining": "0"},
        {"Limit": "2", "Remaining": "1"},
    )
    assert (refused.status, refused.json["error"]["code"]) == (429, "rate_limited")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Remaining-Daily"] == "1"
    assert abs(int(refused.headers["X-RateLimit-Reset"]) - time.time() - int(refused.headers["Retry-After"])) < 30
    assert numbers(refused)[:2] == [1, 0]  # not of the requests, of which more are left
    assert abs(numbers(refused)[2] - int(refused.headers["Retry-After"])) < 30
    assert keyed.status == 201
    assert "X-RateLimit-Limit" not in keyed.headers


async def test_who_tries_keys_is_refused_before_anything_is_looked_up(
    tight: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    find = rows.find

    async def watched(secret: str) -> Any:
        asked.append(secret)
        return await find(secret)

    monkeypatch.setattr(rows, "find", watched)
    assert (await ask(tight, "8.8.8.8")).status == 200  # the neighbour's key is known by now
    answers = [await ask(tight, "8.8.8.8", key=f"img_live_{number}") for number in range(5)]
    image = await tight.get("/src/t/nothing.jpg", key="img_live_x", headers={"X-Forwarded-For": "8.8.8.8"})
    malformed = await ask(tight, "9.9.9.9", Authorization="Basic x")

    assert [answer.status for answer in answers] == [401] + [429] * 4
    assert asked[1:] == ["img_live_0"]
    assert numbers(answers[0])[:2] == [1, 0]
    assert answers[1].json["errors"][0]["message"] == "No more than 1 credentials that are not valid per minute."
    assert int(answers[1].headers["Retry-After"]) > 0
    assert image.status == 429
    assert malformed.status == 401
    assert (await ask(tight, "9.9.9.9", key="img_live_y")).status == 429
    assert (await ask(tight, "8.8.8.8")).status == 200
    assert (await ask(tight, "8.8.4.4", key="second")).status == 200


async def test_a_window_ends(tight: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    while (answer := await ask(tight, key=None)).status == 200:
        pass
    later = time.time() + int(answer.headers["Retry-After"]) + 60
    monkeypatch.setattr("limits.aio.storage.memory.time.time", lambda: later)

    assert (await ask(tight, key=None)).status == 200


async def test_scale_0_switches_everything_off_and_says_nothing(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_app(make_settings(tmp_path, rate_limit_scale=0), imaging) as client:
        wrong = [await ask(client, key="img_live_x") for _ in range(40)]
        uploads = [await client.rest_upload(pictures.png(), key=None) for _ in range(22)]

    assert {answer.status for answer in wrong} == {401}
    assert {answer.status for answer in uploads} == {201}
    assert not any("ratelimit" in name.lower() for answer in wrong + uploads for name in answer.headers)


async def test_metrics_are_for_neighbours_alone(tight: Client) -> None:
    made = await tight.uploaded(pictures.png())
    await tight.get(made["url"], key=None)
    await tight.get("/nowhere", key=None)
    while (await ask(tight, key=None)).status == 200:
        pass
    metrics = await tight.get("/metrics", key=None)
    hidden = [
        await tight.get("/metrics", key=None, headers={name: "8.8.8.8"})
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
    ]

    assert metrics.status == 200
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = metrics.body.decode()
    assert 'tintype_rate_limited_total{limit="address"} 1.0' in text
    assert "tintype_rate_limiter_unavailable_total 0.0" in text
    assert 'tintype_requests_total{method="POST",status="429"} 1.0' in text
    assert 'tintype_request_seconds_count{route="/src/{storage}/{name}"} 1.0' in text
    assert 'tintype_request_seconds_count{route="none"} 1.0' in text
    assert made["uid"] not in text
    assert [answer.status for answer in hidden] == [404] * 4
    assert hidden[0].json["error"]["code"] == "not_found"


async def test_no_method_or_path_makes_a_new_row(client: Client) -> None:
    for method in ("PURGE", "TRACE", "LINK", "UNLINK", "SEARCH"):
        await client.request(method, f"/nowhere/{method}", key=None)
    text = (await client.get("/metrics", key=None)).body.decode()

    assert "nowhere" not in text
    assert 'tintype_requests_total{method="other",status="404"} 5.0' in text


async def test_two_applications_count_apart(tmp_path: Path, imaging: ImagingPool) -> None:
    async with (
        run_app(make_settings(tmp_path / "a"), imaging) as one,
        run_app(make_settings(tmp_path / "b"), imaging) as two,
    ):
        await one.get("/nowhere")
        text = (await two.get("/metrics", key=None)).body.decode()

    assert 'status="404"' not in text
