"""img.pro's API as its three seeds document it: their curl lines and samples, verbatim but for host, key and file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.imgpro import G1, PHOTO, drop, patch, send, uploaded
from tests.people import act
from tests.plans import OURS

# --- seed 001


async def test_upload_as_seed_001_has_it(client: Client) -> None:
    answer = await send(client, "/v1/upload", {"caption": "Hero shot"})
    media = answer.json

    assert answer.status == 201
    assert media["link"] == f"http://localhost:8000/{media['id']}"
    assert (media["caption"], media["extension"]) == ("Hero shot", "jpeg")
    assert (media["width"], media["height"], media["filesize"]) == (400, 300, len(PHOTO))
    assert isinstance(media["created_at"], int)
    assert "expires_at" not in media
    assert "upgrade" not in media
    for name in ("Monthly-Uploads", "Storage"):
        for part in ("Used", "Limit", "Remaining"):
            assert answer.headers[f"X-{name}-{part}"].isdigit()


async def test_a_guests_upload_ends_and_shows_the_way_to_an_account(client: Client) -> None:
    answer = await send(client, "/v1/upload", key=None)
    media = answer.json

    assert media["expires_at"] - media["created_at"] == 30 * 86_400
    assert set(media["upgrade"]) == {"type", "url", "message", "label"}
    assert media["upgrade"]["type"] == "register"
    for suffix in ("Limit", "Remaining", "Reset", "Limit-Daily", "Remaining-Daily"):
        assert answer.headers[f"X-RateLimit-{suffix}"].isdigit()


@pytest.mark.parametrize(
    ("ttl", "seconds"), [("300", 300), ("5m", 300), ("2h", 7200), ("7d", 7 * 86_400), ("90d", 90 * 86_400)]
)
async def test_a_time_to_live_in_all_its_forms(client: Client, ttl: str, seconds: int) -> None:
    media = await uploaded(client, fields={"ttl": ttl})

    assert media["expires_at"] - media["created_at"] == seconds


@pytest.mark.parametrize("ttl", ["299", "4m", "91d", "soon", "7w"])
async def test_a_time_to_live_that_is_none(client: Client, ttl: str) -> None:
    answer = await send(client, "/v1/upload", {"ttl": ttl})

    assert (answer.status, answer.json["error"], list(answer.json["errors"])) == (422, "validation_error", ["ttl"])


async def test_import_as_seed_001_has_it(client: Client) -> None:
    body = {"url": "http://127.0.0.1/photo.jpg", "caption": "Imported from example.com", "external_id": "ext-123"}
    private = await client.request("POST", "/v1/import", json=body)
    missing = await client.request("POST", "/v1/import", json={})
    wrong = await client.request("POST", "/v1/import", json={"url": "ftp://example.com/photo.jpg"})

    for answer in (private, missing, wrong):
        assert (answer.status, answer.json["error"], list(answer.json["errors"])) == (422, "validation_error", ["url"])


async def test_list_as_seed_001_has_it(client: Client) -> None:
    made = [await uploaded(client, fields={"caption": str(n)}) for n in range(5)]
    first = (await client.get("/v1/media?limit=2")).json
    second = (await client.get("/v1/media", params={"limit": "2", "cursor": first["next_cursor"]})).json
    await drop(client, f"/v1/media/{made[2]['id']}")
    await uploaded(client)
    third = (await client.get("/v1/media", params={"limit": "2", "cursor": second["next_cursor"]})).json
    picked = (await client.get(f"/v1/media?ids={made[0]['id']},{made[1]['id']},nothing")).json

    assert {"data", "next_cursor", "has_more", "pagination", "success", "object"} == set(first)
    assert first["has_more"] is True
    assert first["pagination"] == {"next_cursor": first["next_cursor"], "has_more": True}
    seen = [item["caption"] for page in (first, second, third) for item in page["data"]]
    assert seen == ["4", "3", "2", "1", "0"]
    assert (third["next_cursor"], third["has_more"]) == (None, False)
    assert [item["caption"] for item in picked["data"]] == ["1", "0"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=zzz", "tag_mode=some", "ids=" + "a," * 101]
)
async def test_lists_refuse_what_they_do_not_understand(client: Client, query: str) -> None:
    if query.startswith("ids"):
        query = "ids=" + ",".join(f"{n:012}" for n in range(101))
    for path in ("/v1/media", "/v1/images"):
        answer = await client.get(f"{path}?{query}")
        assert answer.status == 422, path


async def test_patch_as_seed_001_has_it(client: Client) -> None:
    media = await uploaded(client, fields={"author": "A", "old_field": "x", "ttl": "7d"})
    path = f"/v1/media/{media['id']}"
    body = {"caption": "Updated caption", "public": True, "author": "Updated Author", "old_field": None}
    changed = (await patch(client, path, body)).json
    permanent = (await patch(client, path, {"ttl": None, "caption": ""})).json
    hidden = (await patch(client, path, {"public": False, "caption": None, "ttl": "7d"})).json

    assert (changed["caption"], changed["public"], changed["author"]) == ("Updated caption", True, "Updated Author")
    assert "old_field" not in changed
    assert changed["metadata"] == {"author": "Updated Author"}
    assert (permanent["caption"], "expires_at" in permanent) == (None, False)
    assert (hidden["public"], "expires_at" in hidden, hidden["author"]) == (False, True, "Updated Author")
    assert (await client.get(path, key=None)).status == 404


async def test_batches_as_seed_001_has_them(client: Client) -> None:
    ids = [(await uploaded(client))["id"] for _ in range(3)]
    updated = (await patch(client, "/v1/media/batch", {"ids": ids, "ttl": "7d"})).json
    mixed = (await patch(client, "/v1/media/batch", {"ids": [ids[0], "nothing"], "caption": "x"})).json
    deleted = await drop(client, "/v1/media/batch", {"ids": [*ids[:2], "nothing"]})
    over = [
        await patch(client, "/v1/media/batch", {"ids": [f"{n:012}" for n in range(101)], "ttl": "7d"}),
        await drop(client, "/v1/media/batch", {"ids": [f"{n:012}" for n in range(101)]}),
        await patch(client, "/v1/media/batch", {"ids": []}),
        await drop(client, "/v1/media/batch", {"ids": "nothing", "x": [5]} | {"ids": 5}),
    ]

    assert (updated["updated"], [item["id"] for item in updated["media"]]) == (3, ids)
    assert all(item["expires_at"] for item in updated["media"])
    assert mixed["updated"] == 1
    assert [(item["id"], item["error"]["code"]) for item in mixed["errors"]] == [("nothing", "not_found")]
    assert (deleted.status, deleted.json["deleted"]) == (200, 2)
    for answer in over:
        assert (answer.status, list(answer.json["errors"])) == (422, ["ids"])
    assert [item["id"] for item in (await client.get("/v1/media")).json["data"]] == [ids[2]]


async def test_usage_as_seed_001_has_it(client: Client) -> None:
    await uploaded(client)
    usage = (await client.get("/v1/usage")).json

    assert set(usage["monthly"]) == {"uploads", "uploads_limit", "uploads_remaining", "resets_at"}
    assert {"media_stored", "storage_used_bytes", "storage_limit_bytes", "storage_remaining_bytes"} <= set(
        usage["totals"]
    )
    assert (usage["plan"], usage["monthly"]["uploads"], usage["totals"]["media_stored"]) == ("free", 1, 1)


async def test_the_link_is_a_page_for_people(client: Client) -> None:
    media = await uploaded(client, fields={"caption": "<b>Hero</b>"})
    html = {"Accept": "text/html,application/xhtml+xml,image/avif,*/*;q=0.8"}
    page = await client.get(f"{media['link']}?size=social", key=None, headers=html)
    await patch(client, f"/v1/media/{media['id']}", {"public": False})
    hidden = [(await client.get(media["link"], key=None, headers=headers)).status for headers in (html, {})]

    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = page.body.decode()
    assert 'property="og:image"' in text
    assert "&lt;b&gt;Hero&lt;/b&gt;" in text
    assert "<b>Hero" not in text
    assert 'width="1200" height="630"' in text
    assert page.headers["Vary"] == "Accept"
    assert hidden == [404, 404]
    assert (await client.get(media["link"])).status == 200


# --- seed 000


async def test_tags_and_their_modes(client: Client) -> None:
    media = await uploaded(client, fields={"tags": "Cat, roof,cat", "description": "d", "namespace": "blog"})
    path = f"/v1/media/{media['id']}"
    steps = [
        (await patch(client, path, {"tags": "sun", "tag_mode": "add"}, headers=G1)).json["tags"],
        (await patch(client, path, {"tags": ["ROOF", "x"], "tag_mode": "remove"}, headers=G1)).json["tags"],
        (await patch(client, path, {"tags": "new"}, headers=G1)).json["tags"],
        (await patch(client, path, {"tags": "", "description": ""}, headers=G1)).json["tags"],
    ]
    other = await uploaded(client, fields={"tags": "cat,roof"})
    await uploaded(client, fields={"tags": "roof"})
    both = (await client.get("/v1/media?tags=cat,roof&tag_mode=all")).json["data"]
    either = (await client.get("/v1/media?tags=cat,roof")).json["data"]
    many = await send(client, "/v1/upload", {"tags": ",".join(str(n) for n in range(11))})
    long = await send(client, "/v1/upload", {"tags": "x" * 51})
    unknown = await patch(client, path, {"tags": "x", "tag_mode": "some"}, headers=G1)

    assert (media["tags"], media["description"], media["namespace"]) == (["cat", "roof"], "d", "blog")
    assert steps == [["cat", "roof", "sun"], ["cat", "sun"], ["new"], []]
    assert [item["id"] for item in both] == [other["id"]]
    assert len(either) == 2
    for answer, field in ((many, "tags"), (long, "tags"), (unknown, "tag_mode")):
        assert (answer.status, list(answer.json["errors"])) == (422, [field])


async def test_batches_by_query_as_seed_000_has_them(client: Client) -> None:
    ids = [(await uploaded(client))["id"] for _ in range(3)]
    joined = ",".join(ids)
    changed = (
        await patch(client, f"/v1/media?ids={joined},nothing", {"tags": "x", "description": "all"}, headers=G1)
    ).json
    added = (await patch(client, f"/v1/media?ids={joined}", {"tags": "y", "tag_mode": "add"}, key="g1")).json
    deleted = (await drop(client, f"/v1/media?ids={ids[0]},{ids[1]},nothing", key="g1")).json
    over = await drop(client, "/v1/media?ids=" + ",".join(f"{n:012}" for n in range(101)), key="g1")

    assert (changed["success"], changed["updated"]) == (True, 3)
    assert {(item["description"], tuple(item["tags"])) for item in changed["data"]} == {("all", ("x",))}
    assert {tuple(item["tags"]) for item in added["data"]} == {("x", "y")}
    assert (deleted["success"], deleted["deleted"], deleted["count"]) == (True, 2, 2)
    assert over.status == 422


async def test_the_service_says_what_it_is(client: Client) -> None:
    answer = await client.get("/", key=None)

    assert answer.status == 200
    assert "POST /v1/upload" in answer.json["endpoints"]


# --- generation 4 and after


async def test_images_are_listed_changed_and_deleted(client: Client) -> None:
    labels = '{"site": "example.com/blog", "wp_id": "0"}'
    image = await uploaded(client, "/v1/images", {"labels": labels, "metadata": '{"wp_file": "C:\\\\x, y"}'})
    other = await uploaded(client, "/v1/images", {"labels": '{"site": "other"}'})
    path = f"/v1/images/{image['id']}"
    query = {"label[site]": "example.com/blog", "label[wp_id]": "0"}
    found = (await client.get("/v1/images", params=query)).json
    changed = (
        await patch(client, path, {"caption": "c", "metadata": {"a": "b", "wp_file": None}, "labels": {"k": "v"}})
    ).json
    batch = (await patch(client, "/v1/images/batch", {"ids": [image["id"], "nothing"], "public": False})).json
    gone = (await drop(client, "/v1/images/batch", {"ids": [image["id"], "nothing"]})).json
    again = (await drop(client, "/v1/images/batch", {"ids": [image["id"]]})).json
    last = await drop(client, f"/v1/images/{other['id']}")

    assert (image["labels"], image["metadata"]) == ({"site": "example.com/blog", "wp_id": "0"}, {"wp_file": "C:\\x, y"})
    assert [item["id"] for item in found["data"]] == [image["id"]]
    assert found["object"] == "list"
    assert found["pagination"] == {"next_cursor": None, "has_more": False}
    assert (changed["caption"], changed["metadata"], changed["labels"]) == ("c", {"a": "b"}, {"k": "v"})
    assert [(item["id"], item["public"], item["published_at"]) for item in batch["data"]] == [
        (image["id"], False, None)
    ]
    assert batch["errors"][0]["error"]["code"] == "not_found"
    assert gone == {
        "object": "batch_result",
        "data": [{"id": name, "object": "image", "deleted": True} for name in (image["id"], "nothing")],
        "errors": [],
    }
    assert again["data"] == gone["data"][:1]
    assert (last.status, last.body) == (204, b"")
    assert (await client.get("/v1/images")).json["data"] == []


@pytest.mark.parametrize("labels", ["x", "[]", '{"a": "b,c"}', '{"a": []}', '{"a": " b"}'])
async def test_labels_that_cannot_be_are_refused(client: Client, labels: str) -> None:
    answer = await send(client, "/v1/images", {"labels": labels})

    assert (answer.status, list(answer.json["error"]["details"])) == (422, ["labels"])


@pytest.mark.usefixtures("database_url")
async def test_an_idempotency_key_makes_one_image(house: Client) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = await send(house, "/v1/images", {"caption": "c"}, headers=headers)
    again = await send(house, "/v1/images", {"caption": "c"}, headers=headers)
    other = await send(house, "/v1/images", {"caption": "d"}, headers=headers)
    renamed = await send(house, "/v1/images", {"caption": "c"}, headers=headers, filename="other.jpg")
    foreign = await send(house, "/v1/images", {"caption": "c"}, headers=headers, key="second")
    at_once = await asyncio.gather(*(send(house, "/v1/images", headers={"Idempotency-Key": "key-2"}) for _ in range(4)))

    assert (first.status, again.status, again.json) == (201, 201, first.json)
    for answer in (other, renamed):
        assert (answer.status, answer.json["error"]["code"], answer.json["error"]["type"]) == (
            409,
            "idempotency_key_conflict",
            "idempotency_error",
        )
    assert foreign.json["id"] != first.json["id"]
    made = {answer.json["id"] for answer in at_once if answer.status == 201}
    waiting = [answer for answer in at_once if answer.status != 201]
    assert len(made) == 1
    for answer in waiting:
        assert (answer.status, answer.json["error"]["code"]) == (409, "idempotency_key_in_progress")
        assert answer.headers["Retry-After"] == "30"


async def test_what_failed_is_really_tried_again_and_what_is_gone_made_anew(client: Client) -> None:
    headers = {"Idempotency-Key": "key-1"}
    failed = await send(client, "/v1/images", {"ttl": "soon"}, headers=headers)
    good = await send(client, "/v1/images", {"ttl": "7d"}, headers=headers)
    await drop(client, f"/v1/images/{good.json['id']}")
    anew = await send(client, "/v1/images", {"ttl": "7d"}, headers=headers)
    strange = await send(client, "/v1/images", headers={"Idempotency-Key": "x" * 256})

    assert (failed.status, good.status, anew.status) == (422, 201, 201)
    assert anew.json["id"] != good.json["id"]
    assert (strange.status, list(strange.json["error"]["details"])) == (422, ["Idempotency-Key"])


# --- errors


async def test_the_document_for_programs_may_be_read_by_every_page(client: Client) -> None:
    answer = await client.get("/openapi.yaml", key=None)
    viewer = await client.request("HEAD", (await uploaded(client))["link"], key=None)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/yaml")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.body.startswith(b"# img.pro's API")
    assert (viewer.status, viewer.body, viewer.headers["Content-Type"]) == (200, b"", "image/jpeg")


async def test_pages_of_other_origins_may_ask_everywhere(client: Client) -> None:
    headers = {
        "Origin": "https://play.example",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    for path in (
        "/v1/upload",
        "/v1/import",
        "/v1/media",
        "/v1/media/x",
        "/v1/media/batch",
        "/v1/images",
        "/v1/images/batch",
        "/v1/usage",
        "/",
        "/abcdefgh2345",
    ):
        answer = await client.request("OPTIONS", path, key=None, headers=headers)
        assert answer.status == 204, path
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "Img-Api-Profile" in answer.headers["Access-Control-Allow-Headers"]
        assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]


async def test_what_is_done_here_is_told_in_graphql(client: Client) -> None:
    media = await uploaded(client, fields={"tags": "a,b", "author": "J", "external_id": "e"})
    query = "query ($by: MediaBy!) { media(by: $by) { uid tags attributes { key value } caption } }"
    await patch(client, f"/v1/media/{media['id']}", {"caption": "from REST"})
    seen = (await client.data(query, {"by": {"externalId": "e"}}))["media"]
    await act(
        client,
        "updateMedia",
        id=(await client.data("{ mediaList { nodes { id } } }"))["mediaList"]["nodes"][0]["id"],
        caption="from GraphQL",
        key="first",
    )

    assert (seen["uid"], seen["tags"], seen["caption"]) == (media["id"], ["a", "b"], "from REST")
    assert seen["attributes"] == [{"key": "author", "value": "J"}]
    assert (await client.get(f"/v1/media/{media['id']}")).json["caption"] == "from GraphQL"


async def test_a_host_that_cannot_be_is_refused(client: Client) -> None:
    for url in ("http://a..b/x.png", f"http://{'a' * 64}.example/x.png"):
        answer = await client.request("POST", "/v1/images", json={"url": url})
        assert (answer.status, list(answer.json["error"]["details"])) == (422, ["url"])


async def test_the_link_shows_what_addresses_show(client: Client) -> None:
    media = await uploaded(client, content=pictures.jpeg(80, 60))
    found = (await client.data("{ mediaList { nodes { id } } }"))["mediaList"]["nodes"][0]
    replace = "mutation ($input: ReplaceMediaInput!) { replaceMedia(input: $input) { media { version } } }"
    asked = {"input": {"id": found["id"], "file": None, "oldAddresses": "KEEP"}}
    await client.multipart(replace, asked, {"variables.input.file": pictures.jpeg(90, 60)})
    widths = [pictures.decode((await client.get(media["link"] + query, key=None)).body).width for query in ("", "?v=2")]

    assert widths == [80, 90]


async def test_an_idempotency_key_takes_any_name_of_a_file(client: Client) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f\xff.jpg"\r\n\r\n' + PHOTO + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Idempotency-Key": "k"}
    answers = [await client.request("POST", "/v1/images", data=body, headers=headers) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json


async def test_a_retry_gets_its_image_though_the_plan_is_used_up(tmp_path: Path, imaging: ImagingPool) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(OURS.replace("uploads_per_month = 100\n", "uploads_per_month = 1\n"))
    async with run_app(make_settings(tmp_path, plans_file=plans), imaging) as client:
        first = await send(client, "/v1/images", headers={"Idempotency-Key": "k"})
        again = await send(client, "/v1/images", headers={"Idempotency-Key": "k"})
        other = await send(client, "/v1/images", headers={"Idempotency-Key": "other"})

        assert (first.status, again.status, again.json) == (201, 201, first.json)
        assert (other.status, other.json["error"]["code"]) == (403, "quota_exceeded")
        assert other.json["error"]["usage"]["uploads_used"] == 1
