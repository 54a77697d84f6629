"""How media end, over HTTP: by their time, by the trash and for good; and the stage of test keys, where little counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from graphql_api.imaging.pool import ImagingPool
from graphql_api.wiring import open_services
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings
from tests.people import Clock, Mailbox, act, ask, join, refusal, run_settled_app
from tests.plans import OURS

MEDIA = "media { id uid expiresAt deletedAt test }"
TRASH = """{
  trash(first: 50) { totalCount nodes { id uid status deletedAt } }
  trashed: mediaList(first: 50, filter: { status: TRASHED }) { totalCount nodes { id uid status deletedAt } }
  mediaList(first: 50) { totalCount nodes { id uid status deletedAt } }
}"""
USAGE = "{ viewer { team { usage { uploads images storageBytes } } } }"
RETENTION = dt.timedelta(days=30)


async def lists(client: Client, key: str = "first") -> tuple[int, int]:
    """How many are listed, and how many are in the trash; lists agree with their counts, and with each other."""
    data = await client.data(TRASH, key=key)
    assert data["trashed"] == data["trash"]
    for name, status in (("mediaList", "READY"), ("trash", "TRASHED")):
        found = data[name]
        assert len(found["nodes"]) == found["totalCount"]
        for node in found["nodes"]:
            assert (node["status"], node["deletedAt"] is None) == (status, status == "READY")
    return data["mediaList"]["totalCount"], data["trash"]["totalCount"]


async def images(client: Client, key: str = "first") -> int:
    return int((await client.data(USAGE, key=key))["viewer"]["team"]["usage"]["images"])


async def status(client: Client, media: Any, key: str | None = None) -> int:
    return (await client.get(media["url"], key=key)).status


async def sweep(client: Client, imaging: ImagingPool) -> int:
    """What the housekeeping of each hour does about media."""
    async with open_services(client.settings, imaging) as services:
        return await services.trash.sweep()


# --- time to live


@pytest.mark.parametrize(
    ("ttl", "seconds"),
    [("5m", 300), ("2h", 7200), ("7d", 604_800), ("90d", 7_776_000), (300, 300), ("604800", 604_800)],
)
async def test_a_time_to_live_is_a_text_or_seconds(house: Client, clock: Clock, ttl: object, seconds: int) -> None:
    now = clock.stop()
    made = await house.uploaded(pictures.png(), ttl=ttl)

    assert dt.datetime.fromisoformat(made["expiresAt"]) == now + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("ttl", ["4m", 299, "91d", 7_776_001, "1w", "", "-5m", "5 m", 300.5, True, "9" * 30])
async def test_what_is_no_time_to_live_is_refused(client: Client, ttl: object) -> None:
    answer = await client.graphql(
        'mutation ($t: Duration) { importMedia(input: { url: "x", ttl: $t }) { errors { code } } }', {"t": ttl}
    )

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert await lists(client) == (0, 0)


async def test_a_media_is_there_until_its_moment_and_not_at_it(
    house: Client, clock: Clock, imaging: ImagingPool
) -> None:
    end = clock.stop() + dt.timedelta(minutes=5)
    made = await house.uploaded(pictures.png(), ttl="5m")
    kept = await house.uploaded(pictures.png(seed=2))
    clock.stop(end - dt.timedelta(microseconds=1))
    assert (await lists(house), await status(house, made)) == ((2, 0), 200)
    clock.stop(end)
    assert (await lists(house), await status(house, made)) == ((1, 0), 404)
    for mutation, more in (("updateMedia", {"ttl": None}), ("deleteMedia", {}), ("restoreMedia", {})):
        assert await refusal(house, mutation, key="first", id=made["id"], **more) == "NOT_FOUND", mutation

    assert await images(house) == 2
    assert await sweep(house, imaging) == 1
    assert await images(house) == 1
    assert [path.name for path in house.blobs()] == [kept["sha256"]]


async def test_a_time_to_live_can_be_moved_and_taken_away(house: Client, clock: Clock) -> None:
    now = clock.stop()
    made = await house.uploaded(pictures.png(), ttl="5m")
    clock.forward(minutes=4)
    moved = await act(house, "updateMedia", MEDIA, key="first", id=made["id"], ttl="1h")
    named = await act(house, "updateMedia", MEDIA, key="first", id=made["id"], caption="x")
    for_good = await act(house, "updateMedia", MEDIA, key="first", id=made["id"], ttl=None)

    assert dt.datetime.fromisoformat(moved["media"]["expiresAt"]) == now + dt.timedelta(hours=1, minutes=4)
    assert named["media"]["expiresAt"] == moved["media"]["expiresAt"]
    assert for_good["media"]["expiresAt"] is None
    clock.forward(days=365)
    assert await status(house, made) == 200


# --- the trash


@pytest.mark.usefixtures("database_url")
async def test_what_is_deleted_can_be_restored_as_it_was(house: Client) -> None:
    made = await house.uploaded(pictures.png(), tags=["a", "b"], caption="c", public=False)
    await act(house, "deleteMedia", key="first", id=made["id"])
    assert await lists(house) == (0, 1)
    assert await status(house, made, key="first") == 404
    for mutation, more in (("deleteMedia", {}), ("updateMedia", {"name": "x"}), ("purgeRenditions", {})):
        assert await refusal(house, mutation, key="first", id=made["id"], **more) == "NOT_FOUND", mutation
    fields = "media { id uid name caption altText public format width height frames bytes tags url sha256 expiresAt deletedAt }"
    restored = await act(house, "restoreMedia", fields, key="first", id=made["id"])

    assert restored["media"] == made | {"deletedAt": None}
    assert await lists(house) == (1, 0)
    assert await status(house, made, key="first") == 200
    assert await refusal(house, "restoreMedia", key="first", id=made["id"]) == "NOT_FOUND"


@pytest.mark.usefixtures("database_url")
async def test_the_trash_keeps_for_thirty_days_to_the_moment(house: Client, clock: Clock, imaging: ImagingPool) -> None:
    end = clock.stop() + RETENTION
    made = await house.uploaded(pictures.png())
    await act(house, "deleteMedia", key="first", id=made["id"])
    clock.stop(end - dt.timedelta(microseconds=1))
    assert await lists(house) == (0, 1)
    clock.stop(end)
    assert await lists(house) == (0, 0)
    assert await refusal(house, "restoreMedia", key="first", id=made["id"]) == "NOT_FOUND"

    assert (await images(house), len(house.blobs())) == (1, 1)
    assert await sweep(house, imaging) == 1
    assert (await images(house), house.blobs()) == (0, [])


@pytest.mark.usefixtures("database_url")
async def test_a_name_that_was_given_to_another_meanwhile_does_not_come_back(house: Client) -> None:
    made = await house.uploaded(pictures.png(), externalId="one")
    await act(house, "deleteMedia", key="first", id=made["id"])
    await house.uploaded(pictures.png(seed=2), externalId="one")
    restored = await act(house, "restoreMedia", "media { externalId }", key="first", id=made["id"])

    assert restored["media"] == {"externalId": None}


async def test_the_trash_has_the_latest_upload_first_whenever_it_was_deleted(house: Client) -> None:
    made = [await house.uploaded(pictures.png(seed=seed)) for seed in (1, 2)]
    for media in reversed(made):
        await act(house, "deleteMedia", key="first", id=media["id"])
    nodes = (await house.data("{ trash { nodes { id } } }"))["trash"]["nodes"]

    assert [node["id"] for node in nodes] == [made[1]["id"], made[0]["id"]]


async def test_the_trash_is_filtered_and_ordered_as_the_library_is(house: Client) -> None:
    made = {}
    for seed, name in enumerate(("b", "a", "c")):
        made[name] = (await house.uploaded(pictures.png(seed=seed), name=name, tags=["t"] if name != "c" else []))["id"]
        await act(house, "deleteMedia", key="first", id=made[name])
    await house.uploaded(pictures.png(), name="ready", tags=["t"])
    query = """query ($filter: MediaFilterInput, $after: String) {
      mediaList(first: 1, after: $after, filter: $filter, orderBy: { field: NAME, ascending: true }) {
        totalCount nodes { id } pageInfo { endCursor hasNextPage }
      }
    }"""
    wanted = {"status": "TRASHED", "tags": {"any": ["t"]}}
    first = (await house.data(query, {"filter": wanted}))["mediaList"]
    second = (await house.data(query, {"filter": wanted, "after": first["pageInfo"]["endCursor"]}))["mediaList"]

    assert [page["nodes"][0]["id"] for page in (first, second)] == [made["a"], made["b"]]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (2, False)


async def test_who_may_not_read_sees_no_trash(house: Client) -> None:
    query = "{ mediaList(filter: { status: TRASHED }) { totalCount } }"
    await act(house, "deleteMedia", key="first", id=(await house.uploaded(pictures.png()))["id"])
    answers = {key: await house.graphql(query, key=key) for key in (None, "writer", "second")}

    assert answers["second"]["data"]["mediaList"]["totalCount"] == 0
    for key, code in ((None, "UNAUTHENTICATED"), ("writer", "FORBIDDEN")):
        (error,) = answers[key]["errors"]
        assert error["extensions"]["code"] == code


async def test_a_time_to_live_goes_on_in_the_trash(house: Client, clock: Clock, imaging: ImagingPool) -> None:
    clock.stop()
    made = await house.uploaded(pictures.png(), ttl="5m")
    await act(house, "deleteMedia", key="first", id=made["id"])
    clock.forward(minutes=5)

    assert await lists(house) == (0, 0)
    assert await refusal(house, "restoreMedia", key="first", id=made["id"]) == "NOT_FOUND"
    assert await sweep(house, imaging) == 1


async def test_what_is_removed_for_good_is_gone_with_its_bytes(house: Client) -> None:
    made = [await house.uploaded(pictures.png(seed=seed)) for seed in (1, 2)]
    await act(house, "deleteMedia", key="first", id=made[0]["id"])
    for media in made:  # out of the trash, or past it
        await act(house, "deleteMedia", "deletedId", key="first", id=media["id"], forGood=True)

    assert await lists(house) == (0, 0)
    assert (house.blobs(), await images(house)) == ([], 0)
    assert await refusal(house, "deleteMedia", key="first", id=made[0]["id"], forGood=True) == "NOT_FOUND"


async def test_without_a_trash_nothing_can_be_restored(tmp_path: Path, imaging: ImagingPool) -> None:
    async with run_settled_app(make_settings(tmp_path, trash_days=0), imaging) as client:
        made = await client.uploaded(pictures.png())
        await act(client, "deleteMedia", key="first", id=made["id"])

        assert await lists(client) == (0, 0)
        assert client.blobs() == []


async def test_bytes_that_another_media_has_stay(house: Client, imaging: ImagingPool) -> None:
    kept, gone = await house.uploaded(pictures.png()), await house.uploaded(pictures.png())
    await act(house, "deleteMedia", key="first", id=gone["id"], forGood=True)

    assert len(house.blobs()) == 1
    assert await status(house, kept) == 200


# --- the stage of test keys


async def test_a_test_key_neither_sees_nor_counts_what_is_live(house: Client) -> None:
    live = await house.uploaded(pictures.png(seed=1), public=False)
    trashed = await house.uploaded(pictures.png(seed=2))
    await act(house, "deleteMedia", key="first", id=trashed["id"])
    tried = await house.uploaded(pictures.png(seed=3), key="test", public=False)

    assert await lists(house, "test") == (1, 0)
    assert await lists(house, "live") == (1, 1)
    assert await images(house) == 2
    for media, other, own in ((live, "test", "live"), (tried, "live", "test")):
        assert (await status(house, media, other), await status(house, media, own)) == (404, 200)
        query = "query ($id: ID!) { media(by: { id: $id }) { uid } }"
        assert (await house.data(query, {"id": media["id"]}, key=other))["media"] is None
        for mutation, more in (("updateMedia", {"name": "x"}), ("deleteMedia", {}), ("purgeRenditions", {})):
            assert await refusal(house, mutation, key=other, id=media["id"], **more) == "NOT_FOUND", mutation
    assert await refusal(house, "restoreMedia", key="test", id=trashed["id"]) == "NOT_FOUND"
    await act(house, "deleteMedia", key="test", id=tried["id"], forGood=True)
    assert await images(house) == 2


async def test_what_a_test_key_makes_lives_for_ninety_days_whatever_is_asked(house: Client, clock: Clock) -> None:
    end = clock.stop() + dt.timedelta(days=90)
    made = await house.uploaded(pictures.png(), key="test")
    soon = await house.uploaded(pictures.png(), key="test", ttl="1h")
    assert dt.datetime.fromisoformat(made["expiresAt"]) == end
    assert dt.datetime.fromisoformat(soon["expiresAt"]) == clock() + dt.timedelta(hours=1)
    clock.forward(days=1)
    for ttl in ("90d", None):
        updated = await act(house, "updateMedia", MEDIA, key="test", id=made["id"], ttl=ttl)
        assert dt.datetime.fromisoformat(updated["media"]["expiresAt"]) == end
    clock.stop(end)

    assert await lists(house, "test") == (0, 0)


async def test_no_person_can_make_it_live_longer(house: Client, mailbox: Mailbox, clock: Clock) -> None:
    ada = await join(house, "ada@example.org")
    assert ada.test_key
    made = await house.uploaded(pictures.png(), key=ada.test_key)
    for ttl in (None, "90d"):
        clock.forward(minutes=1)
        updated = await act(house, "updateMedia", MEDIA, key=ada.access, id=made["id"], ttl=ttl)
        assert updated["media"]["expiresAt"] == made["expiresAt"]
        assert updated["media"]["test"]


async def test_test_keys_pass_a_quota_and_have_a_low_rate_of_their_own(tmp_path: Path, imaging: ImagingPool) -> None:
    settings = make_settings(tmp_path, rate_limit_scale=0.1)
    async with run_settled_app(settings, imaging) as client:
        answers = [await client.get("/v1/usage", key="test") for _ in range(7)]

        assert [answer.status for answer in answers] == [200] * 6 + [429]
        assert (await client.get("/v1/usage", key="live")).status == 200


async def test_what_a_plan_keeps_for_a_time_no_update_keeps_longer(
    tmp_path: Path, imaging: ImagingPool, clock: Clock
) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(OURS.replace("[free]", '[free]\nretention = "7d"'))
    async with run_settled_app(make_settings(tmp_path, plans_file=plans), imaging) as client:
        now = clock.stop()
        made = await client.uploaded(pictures.png(), ttl="90d")
        clock.forward(days=3)
        answer = await ask(client, "updateMedia", MEDIA, key="first", id=made["id"], ttl=None)

        for expires in (made["expiresAt"], answer["data"]["updateMedia"]["media"]["expiresAt"]):
            assert dt.datetime.fromisoformat(expires) == now + dt.timedelta(days=7)
