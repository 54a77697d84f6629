"""What crashes and time leave: expiry at read time, the sweep, health."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import shutil

import pytest

from graphql_api.config import Settings
from graphql_api.db import media as rows
from graphql_api.db.models import Media as MediaRow
from graphql_api.imaging.jobs import Render
from graphql_api.imaging.pool import ImagingPool
from graphql_api.wiring import open_services
from tests import pictures
from tests.client import Client
from tests.conftest import run_app
from tests.people import Mailbox, act, ask, page_cookie, post_form

NOW = dt.datetime.now(dt.UTC)


async def test_what_has_expired_is_gone_at_once(client: Client, settings: Settings, imaging: ImagingPool) -> None:
    made = await client.uploaded(pictures.png())
    async with open_services(settings, imaging):
        await MediaRow.filter(uid=made["uid"]).update(expires_at=NOW - dt.timedelta(seconds=1))

    query = "query ($id: ID!) { media(by: { id: $id }) { uid } node(id: $id) { id } mediaList { totalCount nodes { uid } } }"
    assert await client.data(query, {"id": made["id"]}) == {
        "media": None,
        "node": None,
        "mediaList": {"totalCount": 0, "nodes": []},
    }
    assert (await client.get(made["url"])).status == 404
    assert (await client.get(f"/v1/images/{made['uid']}")).status == 404
    async with open_services(settings, imaging) as services:
        await services.trash.sweep()  # (the application's own, at its start, may have been faster)
    assert client.blobs() == []


async def test_the_sweep_removes_what_crashes_leave_and_nothing_else(
    client: Client, settings: Settings, imaging: ImagingPool
) -> None:
    kept = await client.uploaded(pictures.png(seed=1))
    lost = await client.uploaded(pictures.png(seed=2))
    orphan = settings.media_folder / "blobs" / "ab" / "cd" / ("abcd" + "0" * 60)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"uploaded, but the process died before its row")
    young = orphan.with_name("abcd" + "1" * 60)
    young.write_bytes(b"an upload that is under way")
    old = (NOW - dt.timedelta(days=1)).timestamp()
    for path in (orphan, *client.blobs()):
        os.utime(path, (old, old))
    os.utime(young)
    stale = settings.spool_folder / "stale"
    stale.write_bytes(b"x")
    os.utime(stale, (old, old))
    forgotten = settings.media_folder / "renditions" / ("e" * 64) / ("f" * 64)
    forgotten.parent.mkdir(parents=True)
    forgotten.write_bytes(b"a rendition whose original is gone")
    os.utime(forgotten, (old, old))
    async with open_services(settings, imaging) as services:
        # A crash between the deletion of the last media and the removal of its bytes.
        await MediaRow.filter(uid=lost["uid"]).delete()
        await services.originals.release(lost["sha256"])

        assert await services.originals.sweep(NOW) == 2
        assert await services.originals.sweep(NOW) == 0
        await services.spool.sweep()
        assert await rows.find_by_uid(kept["uid"])

    assert {path.name for path in client.blobs()} == {kept["sha256"], young.name}
    assert await client.renditions() == []
    assert await client.spooled() == []
    assert (await client.get(kept["url"])).status == 200


async def test_an_original_that_does_not_go_keeps_no_other(
    client: Client, settings: Settings, imaging: ImagingPool
) -> None:
    made = [await client.uploaded(pictures.png(seed=seed)) for seed in range(3)]
    stuck = next(path for path in client.blobs() if path.name == min(media["sha256"] for media in made))
    stuck.unlink()
    (stuck / "in the way").mkdir(parents=True)
    async with open_services(settings, imaging) as services:
        await MediaRow.all().delete()
        for media in made:
            await services.originals.release(media["sha256"])

        assert await services.originals.sweep(NOW) == 2
    assert client.blobs() == []


async def test_an_upload_heals_bytes_that_were_removed_under_it(client: Client, settings: Settings) -> None:
    made = await client.uploaded(pictures.png())
    (blob,) = client.blobs()
    blob.unlink()
    await client.uploaded(pictures.png())

    assert client.blobs() == [blob]
    assert (await client.get(made["url"])).status == 200


async def test_a_rendition_does_not_outlive_its_media(settings: Settings, imaging: ImagingPool) -> None:
    async with run_app(settings, imaging) as client:
        made = await client.uploaded(pictures.encode(pictures.photo(600, 400).resize((3000, 2000)), "PNG"))
        rendering = asyncio.create_task(client.get(made["url"].replace(".png", ".avif")))
        await asyncio.sleep(0.15)
        delete = "mutation ($input: DeleteMediaInput!) { deleteMedia(input: $input) { errors { code } } }"
        await client.data(delete, {"input": {"id": made["id"], "forGood": True}})

        assert (await rendering).status in (200, 404)
        assert (client.blobs(), await client.renditions(), await client.spooled()) == ([], [], [])


async def test_a_media_deleted_while_it_renders_is_not_found(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    delete = "mutation ($input: DeleteMediaInput!) { deleteMedia(input: $input) { errors { code } } }"
    made, mark, base = [await client.uploaded(pictures.png(seed=seed)) for seed in (1, 2, 3)]
    render = ImagingPool.render
    doomed = {made["id"]}

    async def render_later(self: ImagingPool, job: Render) -> bytes | None:
        await client.data(delete, {"input": {"id": doomed.pop(), "forGood": True}})
        return await render(self, job)

    monkeypatch.setattr(ImagingPool, "render", render_later)
    doomed = {made["id"]}
    answers = [await client.get(made["url"] + "?w=20")]
    doomed = {mark["id"]}
    answers.append(await client.get(f"{base['url']}?w=50&overlay={mark['uid']}"))

    for answer in answers:
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


async def test_a_lost_original_is_our_fault_and_says_no_path(client: Client) -> None:
    made = await client.uploaded(pictures.png())
    for path in client.blobs():
        path.unlink()
    answer = await client.get(made["url"])

    assert (answer.status, answer.json["error"]["code"]) == (500, "internal_error")
    assert "/" not in answer.json["error"]["message"]


async def test_health_and_readiness(client: Client) -> None:
    health, ready = await client.get("/healthz", key=None), await client.get("/readyz", key=None)

    assert (health.status, health.json) == (200, {"status": "ok"})
    assert (ready.status, ready.json) == (200, {"status": "ok", "failing": []})


async def test_a_broken_storage_is_not_ready(settings: Settings, imaging: ImagingPool) -> None:
    async with run_app(settings, imaging) as client:
        shutil.rmtree(settings.media_folder)
        ready = await client.get("/readyz", key=None)

        assert (ready.status, ready.json) == (503, {"status": "unavailable", "failing": ["storage"]})


async def test_unknown_routes_are_json(client: Client) -> None:
    for method, path in (("GET", "/nothing"), ("POST", "/healthz"), ("GET", "/static/../app.py"), ("GET", "/static/")):
        answer = await client.request(method, path, key=None)
        assert answer.status in (403, 404, 405)
        assert answer.json["error"]["requestId"] == answer.headers["X-Request-Id"]
        assert answer.headers["Server"] == "Tintype"


async def test_no_secret_is_ever_logged(house: Client, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    """In whatever place it comes, good or not. (A team's whole life is in test_audit.py.)"""
    email, password = "ada@example.org", "the password of ada"
    made = await house.uploaded(pictures.png())
    signed_up = await act(house, "signUp", "testKey", email=email, password=password)
    tokens = await act(house, "signIn", "accessToken refreshToken", email=email, password=password)
    verify = await mailbox.token(email)
    export = await act(house, "exportTeam", "url", key="first")
    cookie = (await page_cookie(house, email, password)).partition("=")[2]
    secrets = [*house.keys.values(), signed_up["testKey"], *tokens.values(), verify, export["url"], cookie, password]
    wrong = "wrong" * 8
    for secret in (*secrets, wrong):
        await house.get(f"{made['url']}?key={secret}&token={secret}", key=secret)
        await house.get("/v1/images/nothing", key=secret, headers={"Cookie": f"tintype={secret}", "Referer": secret})
        await house.get("/account", key=None, headers={"Cookie": f"tintype={secret}", "Authorization": secret})
        for path in ("/export", "/account/verify", "/account/invitation", "/upgrade/pro", "/graphql"):
            await house.get(path, key=None, params={"token": secret, "t": secret, "sig": secret, "query": secret})
        await post_form(house, "/account/reset", token=secret, password=secret)
        await ask(house, "refreshSession", refreshToken=secret)
        await house.graphql(f"{{ {secret} }}")
    written = "".join(capsys.readouterr())

    assert "request" in written
    assert not [secret for secret in (*secrets, wrong) if secret.rpartition("|")[2].rpartition("token=")[2] in written]
