"""The way to a larger plan: a signed link, a page without sign-in, and the operator who is told of a choice."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from graphql_api.db import teams as rows
from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings
from tests.people import Clock, post_form, run_settled_app
from tests.plans import OURS
from tests.processes import run

SECRET = "the operator's own secret"


@dataclass(slots=True)
class Office:
    """The operator's server: it answers `status`, and keeps what it was told."""

    url: str = ""
    status: int = 204
    told: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.told.append((request.headers["Tintype-Signature"], await request.read()))
        return web.Response(status=self.status, headers={"Location": f"{self.url}/elsewhere"})


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    kept, app = Office(), web.Application()
    app.router.add_post("/hook", kept.handle)
    app.router.add_post("/elsewhere", kept.handle)
    async with TestServer(app) as server:
        kept.url = str(server.make_url("")).rstrip("/")
        yield kept


@asynccontextmanager
async def full(folder: Path, imaging: ImagingPool, **settings: object) -> AsyncIterator[tuple[Client, str]]:
    """A team whose plan has no upload left, and the link that it is given."""
    plans = folder / "plans.toml"
    plans.write_text(OURS.replace("uploads_per_month = 100\n", "uploads_per_month = 0\n"))
    async with run_settled_app(make_settings(folder, plans_file=plans, **settings), imaging) as client:
        answer = await client.rest_upload(pictures.png())
        yield client, answer.json["error"]["action"]["url"]


async def test_the_link_opens_the_plans_without_a_sign_in(tmp_path: Path, imaging: ImagingPool) -> None:
    async with full(tmp_path, imaging) as (client, url):
        answer = await client.get(url, key=None)
        page = answer.body.decode()
        chosen = await post_form(client, url, plan="pro")

        assert answer.status == 200
        assert "Content-Security-Policy" in answer.headers
        assert all(words in page for words in ("<strong>first</strong>", "Pro", "$19 a month", "Scale"))
        assert "Unlimited" not in page
        assert "Ask the operator" in page  # nothing comes of a choice here
        assert "<button" not in page
        assert (chosen.status, "was told" in chosen.body.decode()) == (501, False)


async def test_the_link_is_good_for_seven_days(tmp_path: Path, imaging: ImagingPool, clock: Clock) -> None:
    async with full(tmp_path, imaging) as (client, url):
        expires = int(dict(parse_qsl(urlsplit(url).query))["exp"])
        end = dt.datetime.fromtimestamp(expires, dt.UTC)
        assert abs(end - clock() - dt.timedelta(days=7)) < dt.timedelta(minutes=1)
        clock.stop(end - dt.timedelta(seconds=1))
        assert (await client.get(url, key=None)).status == 200
        clock.stop(end)
        late = await client.get(url, key=None)

        assert (late.status, "expired" in late.body.decode()) == (403, True)
        assert (await post_form(client, url, plan="pro")).status == 403


@pytest.mark.parametrize(
    "change",
    [
        {"t": "2"},
        {"exp": "9999999999"},
        {"sig": ""},
        {"sig": "A" * 43},
        {"t": ""},
        {"exp": "soon"},
        {"t": "1\n1"},
        {"plan": "max"},
        {"plan": "nothing"},
        {"plan": "pro%0A1"},
    ],
    ids=str,
)
async def test_a_link_that_was_changed_is_refused(
    tmp_path: Path, imaging: ImagingPool, office: Office, change: dict[str, str]
) -> None:
    asked = {"upgrade_webhook_url": f"{office.url}/hook", "upgrade_webhook_secret": SECRET}
    async with full(tmp_path, imaging, **asked) as (client, url):
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query)) | {name: value for name, value in change.items() if name != "plan"}
        changed = f"/upgrade/{change.get('plan', 'pro')}?{urlencode(query)}"
        shown, chosen = await client.get(changed, key=None), await post_form(client, changed, plan="pro")
        bare = await client.get(parts.path, key=None)

        for answer in (shown, chosen, bare):
            assert answer.status == 403
            assert "not valid" in answer.body.decode()
            assert "first" not in answer.body.decode()
        assert office.told == []


async def test_a_choice_is_told_to_the_operator_with_a_signature(
    tmp_path: Path, imaging: ImagingPool, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"upgrade_webhook_url": f"{office.url}/hook", "upgrade_webhook_secret": SECRET}
    async with full(tmp_path, imaging, **asked) as (client, url):
        page = (await client.get(url, key=None)).body.decode()
        answer = await post_form(client, url, plan="scale")
        wrong = [(await post_form(client, url, plan=plan)).status for plan in ("unlimited", "anonymous", "", "x")]
        again = await client.rest_upload(pictures.png())

        assert page.count("<button") == 4
        assert (answer.status, "was told" in answer.body.decode()) == (200, True)
        ((signature, body),) = office.told
        moment, _, mac = signature.removeprefix("t=").partition(",v1=")
        assert mac == hmac.new(SECRET.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
        assert abs(dt.datetime.now(dt.UTC).timestamp() - int(moment)) < 60
        event = orjson.loads(body)
        assert event | {"storage": "", "at": ""} == {
            "type": "plan.requested",
            "team": "first",
            "storage": "",
            "plan": "scale",
            "at": "",
        }
        assert wrong == [422] * 4
        assert again.status == 403  # to ask is not to have
        assert SECRET not in "".join(capsys.readouterr())


async def test_a_choice_leads_to_the_operators_page(tmp_path: Path, imaging: ImagingPool) -> None:
    address = "https://shop.example/buy?team={team}&plan={plan}"
    async with full(tmp_path, imaging, upgrade_url=address) as (client, url):
        answer = await post_form(client, url, plan="max")

        assert (answer.status, answer.headers["Location"]) == (303, "https://shop.example/buy?team=first&plan=max")
        assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "segment"),
    [("../../admin?x=#", "..%2F..%2Fadmin%3Fx%3D%23"), ("..", "..%20"), (".", ".%20"), ("a.b", "a.b")],
)
async def test_no_name_leads_out_of_the_operators_page(
    tmp_path: Path, imaging: ImagingPool, name: str, segment: str
) -> None:
    async with full(tmp_path, imaging, upgrade_url="https://shop.example/teams/{team}/buy") as (client, url):
        team = await rows.find("first")
        assert team is not None
        await rows.rename(team.id, name)
        answer = await post_form(client, url, plan="max")

        assert answer.headers["Location"] == f"https://shop.example/teams/{segment}/buy"


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_an_operator_who_does_not_listen_is_said_politely(
    tmp_path: Path, imaging: ImagingPool, office: Office, status: int
) -> None:
    office.status = status
    asked = {"upgrade_webhook_url": f"{office.url}/hook", "upgrade_webhook_secret": SECRET}
    async with full(tmp_path, imaging, **asked) as (client, url):
        answer = await post_form(client, url, plan="pro")

        assert (answer.status, len(office.told)) == (502, 1)
        assert "did not take the message" in answer.body.decode()
        assert office.url not in answer.body.decode()


async def test_an_operator_who_is_away_is_said_politely(tmp_path: Path, imaging: ImagingPool) -> None:
    asked = {"upgrade_webhook_url": "http://127.0.0.1:1/hook", "upgrade_webhook_secret": SECRET}
    async with full(tmp_path, imaging, **asked) as (client, url):
        answer = await post_form(client, url, plan="pro")

        assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
        assert "127.0.0.1:1" not in answer.body.decode()


async def test_the_link_of_a_team_that_ended_is_void(tmp_path: Path, imaging: ImagingPool) -> None:
    async with full(tmp_path, imaging) as (client, url):
        assert run(client.settings.data_dir, "team", "delete", "--team", "first").returncode == 0
        assert (await client.get(url, key=None)).status == 403
