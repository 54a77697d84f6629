"""Quotas over HTTP: real uploads at once, what is told of them, months, plans, and what the command finds."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from graphql_api.config import Settings
from graphql_api.db.models import Usage as UsageRow
from graphql_api.imaging.pool import ImagingPool
from graphql_api.wiring import open_services
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.people import Clock, act, join, refusal, run_settled_app, sign_in
from tests.plans import OURS
from tests.processes import run

USAGE = "{ viewer { team { usage { plan { name } uploads uploadsLeft images imagesLeft storageBytes storageBytesLeft resetsAt } } } }"
IMPORT = "mutation ($u: String!) { importMedia(input: { url: $u }) { media { uid } errors { code } } }"


def plans(folder: Path, **lines: object) -> Path:
    """A file of plans in which the free one has these limits, and none but these."""
    free = "".join(f"{name} = {value!r}\n" for name, value in lines.items()).replace("'", '"')
    head, _, tail = OURS.partition("[free]")
    path = folder / "plans.toml"
    path.write_text(f'{head}[free]\noffered = true\nmax_file = "1MiB"\n{free}\n[pro]{tail.partition("[pro]")[2]}')
    return path


async def used(client: Client, key: str = "first") -> Any:
    return (await client.data(USAGE, key=key))["viewer"]["team"]["usage"]


SIZE = len(pictures.png())


@pytest.mark.parametrize(
    ("limits", "fitting"),
    [
        ({"uploads_per_month": 3}, 3),
        ({"images": 4}, 4),
        ({"storage": f"{SIZE * 7 // 2 // 1024 + 1}KiB"}, (SIZE * 7 // 2 // 1024 + 1) * 1024 // SIZE),
    ],
    ids=["uploads", "images", "storage"],
)
async def test_uploads_at_once_never_pass_a_quota_and_none_is_lost(
    tmp_path: Path, imaging: ImagingPool, database_url: str, limits: dict[str, object], fitting: int
) -> None:
    settings = make_settings(tmp_path, database_url=database_url, plans_file=plans(tmp_path, **limits))
    async with run_app(settings, imaging) as one, run_app(settings, imaging) as two:  # as two processes would
        content = pictures.png()
        ways: list[Callable[[Client], Awaitable[bool]]] = [_by_graphql(content), _by_rest(content)]
        done = await asyncio.gather(*(ways[n % 2](client) for n in range(6) for client in (one, two)))
        usage = await used(one)
        total = (await one.data("{ mediaList { totalCount } }"))["mediaList"]["totalCount"]
        again = await _by_rest(content)(two)

    assert sum(done) == fitting
    assert not again
    assert total == fitting
    assert (usage["uploads"], usage["images"], usage["storageBytes"]) == (fitting, fitting, fitting * SIZE)


def _by_graphql(content: bytes) -> Callable[[Client], Awaitable[bool]]:
    async def upload(client: Client) -> bool:
        payload = await client.upload(content)
        assert [error["code"] for error in payload["errors"]] in ([], ["QUOTA_EXCEEDED"])
        return not payload["errors"]

    return upload


def _by_rest(content: bytes) -> Callable[[Client], Awaitable[bool]]:
    async def upload(client: Client) -> bool:
        answer = await client.rest_upload(content)
        assert answer.status in (201, 403), answer
        return answer.status == 201

    return upload


async def test_what_is_purged_makes_room_and_what_is_in_the_trash_does_not(
    tmp_path: Path, imaging: ImagingPool
) -> None:
    settings = make_settings(tmp_path, plans_file=plans(tmp_path, images=1))
    async with run_app(settings, imaging) as client:
        made = await client.uploaded(pictures.png())
        await act(client, "deleteMedia", key="first", id=made["id"])
        assert (await used(client))["images"] == 1
        assert (await client.rest_upload(pictures.png())).status == 403
        await act(client, "deleteMedia", key="first", id=made["id"], forGood=True)

        assert await used(client) == (await used(client)) | {"uploads": 1, "images": 0, "storageBytes": 0}
        assert (await client.rest_upload(pictures.png())).status == 201


async def test_what_has_expired_makes_room_before_it_is_swept(
    tmp_path: Path, imaging: ImagingPool, clock: Clock
) -> None:
    settings = make_settings(tmp_path, plans_file=plans(tmp_path, images=1))
    async with run_app(settings, imaging) as client:
        await client.uploaded(pictures.png(), ttl="5m")
        assert (await client.rest_upload(pictures.png())).status == 403
        clock.forward(minutes=5)

        assert (await client.rest_upload(pictures.png())).status == 201
        assert (await used(client))["images"] == 1


async def test_a_month_begins_on_the_first_in_utc(tmp_path: Path, imaging: ImagingPool, clock: Clock) -> None:
    settings = make_settings(tmp_path, plans_file=plans(tmp_path, uploads_per_month=1))
    async with run_settled_app(settings, imaging) as client:
        clock.stop(dt.datetime(2099, 12, 31, 23, 59, 59, tzinfo=dt.UTC))
        await client.uploaded(pictures.png())
        usage = await used(client)
        assert (usage["uploads"], usage["uploadsLeft"]) == (1, 0)
        assert dt.datetime.fromisoformat(usage["resetsAt"]) == dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
        assert (await client.rest_upload(pictures.png())).status == 403
        clock.forward(seconds=1)

        assert (await used(client))["uploadsLeft"] == 1
        assert (await client.rest_upload(pictures.png())).status == 201
        usage = await used(client)
        assert (usage["uploads"], usage["images"]) == (1, 2)


async def test_what_fails_counts_nothing(client: Client) -> None:
    await client.upload(b"no picture")
    await client.rest_upload(pictures.png()[:200])
    await client.data(IMPORT, {"u": "http://127.0.0.1:1/x.png"})

    usage = await used(client)
    assert (usage["uploads"], usage["images"], usage["storageBytes"]) == (0, 0, 0)


async def test_the_headers_and_the_usage_of_the_rest_api(client: Client) -> None:
    """contracts/imgpro.md 1.8."""
    made = await client.rest_upload(pictures.png())
    answer = await client.get("/v1/usage")
    told = {name: value for name, value in made.headers.items() if name.startswith(("X-Monthly", "X-Storage"))}
    five = 5 * 2**30

    assert told == {
        "X-Monthly-Uploads-Used": "1",
        "X-Monthly-Uploads-Limit": "100",
        "X-Monthly-Uploads-Remaining": "99",
        "X-Storage-Used": str(SIZE),
        "X-Storage-Limit": str(five),
        "X-Storage-Remaining": str(five - SIZE),
    }
    assert told.items() <= dict(answer.headers).items()
    assert set(told) <= set(made.headers["Access-Control-Expose-Headers"].split(", "))
    now = dt.datetime.now(dt.UTC)
    next_month = dt.datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=dt.UTC)
    assert answer.json == {
        "monthly": {
            "uploads": 1,
            "uploads_limit": 100,
            "uploads_remaining": 99,
            "resets_at": int(next_month.timestamp()),
        },
        "totals": {
            "media_stored": 1,
            "images_stored": 1,
            "storage_used_bytes": SIZE,
            "storage_limit_bytes": five,
            "storage_remaining_bytes": five - SIZE,
        },
        "plan": "free",
        "limits": {"images": {"used": 1, "limit": None}},
        "limits_enforced": False,
    }
    assert "X-Monthly-Uploads-Used" not in (await client.rest_upload(pictures.png(), key=None)).headers


async def test_usage_is_for_who_may_read(client: Client) -> None:
    answers = {key: await client.get("/v1/usage", key=key) for key in ("reader", "writer", None)}

    assert [answer.status for answer in answers.values()] == [200, 403, 401]
    assert answers["writer"].json["error"]["code"] == "forbidden"
    assert answers[None].json["error"]["code"] == "unauthorized"


async def test_a_full_quota_says_what_to_do(tmp_path: Path, imaging: ImagingPool) -> None:
    settings = make_settings(tmp_path, plans_file=plans(tmp_path, uploads_per_month=0))
    query = "mutation ($f: Upload!) { uploadMedia(input: { file: $f }) { errors { __typename code message action { type label url } ... on LimitError { retryAfter } } } }"
    async with run_app(settings, imaging) as client:
        rest, first = await client.rest_upload(pictures.png()), await client.rest_upload(pictures.png(), key="g1")
        early = await client.multipart(query, {"f": None}, {"variables.f": pictures.png()})

        error = rest.json["error"]
        assert (rest.status, error["type"], error["code"]) == (403, "quota_error", "quota_exceeded")
        assert error["message"] == "All 0 uploads of this month are used."
        assert (error["action"]["type"], error["action"]["label"]) == ("upgrade", "Upgrade to Pro")
        assert "Retry-After" not in rest.headers  # naive clients would come again for the rest of the month
        assert (first.status, first.json["error"]["code"]) == (429, "quota_exceeded")
        assert "Retry-After" not in first.headers
        assert (early.status, early.json["errors"][0]["extensions"]["code"]) == (403, "QUOTA_EXCEEDED")
        action = early.json["errors"][0]["extensions"]["action"]
        assert (action["type"], action["label"]) == ("upgrade", "Upgrade to Pro")
        for url in (error["action"]["url"], action["url"]):
            assert url.startswith(f"{settings.public_url}/upgrade/pro?t=")
            assert (await client.get(url, key=None)).status == 200


async def test_the_largest_plan_has_no_way_up(tmp_path: Path, imaging: ImagingPool) -> None:
    path = tmp_path / "plans.toml"
    path.write_text(OURS.replace("[unlimited]", "[unlimited]\nimages = 0"))
    async with run_app(make_settings(tmp_path, plans_file=path, default_plan="unlimited"), imaging) as client:
        answer = await client.rest_upload(pictures.png())

    assert (answer.status, answer.json["error"]["code"]) == (403, "quota_exceeded")
    assert "action" not in answer.json["error"]


async def test_an_operator_puts_teams_on_plans(house: Client) -> None:
    ada = await join(house, "ada@example.org")
    run(
        house.settings.data_dir,
        "user",
        "create",
        "--email",
        "root@example.org",
        "--password-stdin",
        "--admin",
        stdin="x" * 8,
    )
    root = await sign_in(house, "root@example.org", "x" * 8)
    assert await refusal(house, "setTeamPlan", key=ada.access, teamName="first", plan="max") == "FORBIDDEN"
    assert await refusal(house, "setTeamPlan", key="first", teamName="first", plan="max") == "UNAUTHENTICATED"
    assert await refusal(house, "setTeamPlan", key=root.access, teamName="nobody", plan="max") == "NOT_FOUND"
    assert await refusal(house, "setTeamPlan", key=root.access, teamName="x" * 300, plan="max") == "NOT_FOUND"
    assert await refusal(house, "setTeamPlan", key=root.access, teamName="first", plan="huge") == "INVALID_INPUT"
    await act(house, "setTeamPlan", "plan { name }", key=root.access, teamName="first", plan="max")

    usage = await used(house)
    assert (usage["plan"]["name"], usage["uploadsLeft"]) == ("max", 100_000)


async def test_plans_can_be_read_by_everybody(client: Client) -> None:
    found = (await client.data("{ plans { name price uploadsPerMonth storageBytes } }", key=None))["plans"]

    assert [plan["name"] for plan in found] == ["free", "pro", "scale", "max"]
    assert found[1] == {"name": "pro", "price": "$19 a month", "uploadsPerMonth": 1000, "storageBytes": 50 * 2**30}


async def test_a_recount_finds_and_repairs_what_was_tampered_with(
    tmp_path: Path, imaging: ImagingPool, database_url: str
) -> None:
    settings = make_settings(tmp_path, database_url=database_url)
    async with run_app(settings, imaging) as client:
        await client.uploaded(pictures.png())
        await client.uploaded(pictures.png(seed=2), key="test")  # counts nothing
        right = _recount(settings)
        async with open_services(settings, imaging):
            await UsageRow.filter(images=1).update(images=7, bytes=1)
        wrong, repaired, again = (_recount(settings, *more) for more in ([], ["--repair"], []))

        assert (right.returncode, right.stdout) == (0, "2 teams, 2 counted right.\n")
        line = f"first: counted 7 images, 1 bytes; there are 1 images, {SIZE} bytes\n"
        assert (wrong.returncode, wrong.stdout) == (1, f"WRONG  {line}2 teams, 1 counted right.\n")
        assert (repaired.returncode, repaired.stdout) == (0, f"repaired  {line}2 teams, 1 counted right.\n")
        assert (again.returncode, again.stdout) == (0, right.stdout)
        assert (await used(client))["storageBytes"] == SIZE


def _recount(settings: Settings, *more: str) -> subprocess.CompletedProcess[str]:
    return run(settings.data_dir, "usage", "recount", *more, database_url=settings.database_url)
