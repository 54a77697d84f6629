"""The conflicts between img.pro's generations (contracts/imgpro.md 1.10), each settled as its row says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from graphql_api.imaging.pool import ImagingPool
from tests import pictures
from tests.client import Client
from tests.conftest import make_settings, run_app
from tests.imgpro import G1, G3, code_of, drop, patch, send, uploaded
from tests.plans import OURS


async def test_row_1_url_is_the_viewer_before_generation_4_and_the_image_since(client: Client) -> None:
    media = await uploaded(client)
    image = (await client.get(f"/v1/images/{media['id']}")).json

    assert (media["url"], media["src"]) == (image["page_url"], image["url"])
    assert media["url"] == f"http://localhost:8000/{media['id']}"
    assert "src" not in image


async def test_row_2_errors_are_objects_but_for_generations_1_to_3(client: Client) -> None:
    objects = [
        await client.get("/v1/usage", key=None),
        await client.get("/v1/images/nothing"),
        await client.get("/v1/images/nothing", headers=G3),
        await client.get("/v1/nothing"),
    ]
    texts = [
        await client.get("/v1/usage", key=None, headers=G1),
        await client.get("/v1/usage", key=None, headers=G3),
        await client.get("/v1/media/nothing"),
        await client.get("/v1/media/nothing", headers={"Img-Api-Profile": "g4"}),
        await client.get("/v1/nothing", headers=G1),
        await client.get("/v1/nothing", key="g1"),
    ]
    methods = [await client.request("PUT", path) for path in ("/v1/media", "/v1/images")]

    assert [answer.json["error"]["code"] for answer in objects] == ["unauthorized"] + ["not_found"] * 3
    assert [answer.json["error"] for answer in texts] == ["unauthorized"] * 2 + ["not_found"] * 4
    assert [answer.status for answer in methods] == [405, 405]
    assert all("DELETE" in answer.headers["Allow"] or "POST" in answer.headers["Allow"] for answer in methods)
    assert methods[0].json["error"] == methods[1].json["error"]["code"] == "method_not_allowed"


async def test_row_3_times_are_seconds_before_generation_4_and_iso_since(client: Client) -> None:
    media = await uploaded(client, fields={"ttl": "7d"})
    image = (await client.get(f"/v1/images/{media['id']}")).json

    assert media["expires_at"] - media["created_at"] == 7 * 86_400
    for name in ("created_at", "expires_at"):
        assert dt.datetime.fromisoformat(image[name]).timestamp() == media[name]


async def test_row_4_one_object_is_flat_and_under_data(client: Client) -> None:
    media = await uploaded(client)
    got = (await client.get(f"/v1/media/{media['id']}")).json

    assert media["data"] == {name: value for name, value in media.items() if name not in ("data", "success")}
    assert got == media
    assert (media["url"], media["link"], media["page_url"]) == (media["link"],) * 3
    assert media["src"].startswith("http://localhost:8000/src/")
    assert set(media["sizes"]) == {"s", "m", "l"}
    assert {"src", "width", "height"} <= set(media["sizes"]["s"])


async def test_row_5_lists_have_the_envelopes_of_all(client: Client) -> None:
    for _ in range(2):
        await uploaded(client)
    for path in ("/v1/media", "/v1/images"):
        page = (await client.get(f"{path}?limit=1")).json
        assert (page["object"], page["success"], page["has_more"], len(page["data"])) == ("list", True, True, 1)
        assert page["pagination"] == {"next_cursor": page["next_cursor"], "has_more": True}
        assert page["next_cursor"]


@pytest.mark.usefixtures("database_url")
async def test_an_offset_is_what_generation_1_pages_by(house: Client) -> None:
    made = [(await uploaded(house))["id"] for _ in range(3)][::-1]

    async def ids(query: str, path: str = "/v1/media") -> list[str]:
        return [item["id"] for item in (await house.get(f"{path}?{query}")).json["data"]]

    cursor = (await house.get("/v1/media?limit=1&offset=1")).json["next_cursor"]
    assert [await ids(f"limit=2&offset={offset}") for offset in range(4)] == [made[:2], made[1:], made[2:], []]
    assert await ids("offset=1&label[a]=b") == []
    assert await ids(f"cursor={cursor}") == await ids(f"cursor={cursor}&offset=1") == made[2:]
    assert await ids("offset=1", "/v1/images") == made
    for offset in ("-1", "10001", "x", "00000000010001", "1.0"):
        answer = await house.get(f"/v1/media?offset={offset}")
        assert (answer.status, code_of(answer)) == (422, "validation_error"), offset


async def test_row_6_sizes_have_letters_before_generation_4_and_words_since(client: Client) -> None:
    media = await uploaded(client, content=pictures.jpeg(2000, 1500))
    image = (await client.get(f"/v1/images/{media['id']}")).json

    assert [(name, size["width"], size["height"]) for name, size in media["sizes"].items()] == [
        ("s", 426, 320),  # 426.67, floored
        ("m", 853, 640),
        ("l", 1440, 1080),
    ]
    assert list(image["sizes"]) == ["small", "medium", "large"]
    for old, new in zip(media["sizes"].values(), image["sizes"].values(), strict=True):
        assert old == new | {"src": new["url"]}
        rendered = pictures.decode((await client.get(old["src"], key=None)).body)
        assert rendered.size == (old["width"], old["height"])


async def test_row_7_batches_come_by_query_list_or_text_and_batch_is_no_id(client: Client) -> None:
    ids = [(await uploaded(client))["id"] for _ in range(2)]
    joined = ",".join(ids)
    updated = [
        (await patch(client, f"/v1/media?ids={joined}", {"caption": "a"})).json["updated"],
        (await patch(client, "/v1/media/batch", {"ids": ids, "caption": "b"})).json["updated"],
        (await patch(client, "/v1/media/batch", {"ids": joined, "caption": "c"})).json["updated"],
        len((await patch(client, "/v1/images/batch", {"ids": joined, "caption": "d"})).json["data"]),
    ]

    assert updated == [2] * 4
    assert [(await client.get(f"/v1/{kind}/batch")).status for kind in ("media", "images")] == [404, 404]


async def test_row_8_results_of_batches_are_told_in_all_ways(client: Client) -> None:
    ids = [(await uploaded(client))["id"] for _ in range(2)]
    updated = (await patch(client, "/v1/media/batch", {"ids": ids, "caption": "x"})).json
    deleted = (await drop(client, "/v1/media/batch", {"ids": [*ids, "nothing"]})).json

    assert updated["data"] == updated["media"]
    assert (updated["success"], updated["updated"], updated["object"], updated["errors"]) == (
        True,
        2,
        "batch_result",
        [],
    )
    assert deleted == {
        "success": True,
        "deleted": 2,
        "count": 2,
        "object": "batch_result",
        "data": [{"id": name, "object": "image", "deleted": True} for name in ids],
        "errors": [],
    }


async def test_row_9_a_delete_is_silent_but_for_generation_1(client: Client) -> None:
    one, two, three = [await uploaded(client) for _ in range(3)]
    empty = await drop(client, f"/v1/media/{one['id']}")
    told = await drop(client, f"/v1/media/{two['id']}", key="g1")
    asked = await drop(client, f"/v1/media/{three['id']}", headers=G1)
    trash = (await client.data("{ trash { nodes { uid } } }"))["trash"]["nodes"]

    assert (empty.status, empty.body) == (204, b"")
    assert trash == [{"uid": one["id"]}]  # generation 1 deletes for good
    assert (told.status, told.json) == (200, {"success": True, "id": two["id"], "deleted": True})
    assert asked.json["success"] is True
    for media in (one, two, three):
        assert (await client.get(f"/v1/media/{media['id']}")).status == 404
        assert (await drop(client, f"/v1/media/{media['id']}")).status == 404


@pytest.mark.parametrize("field", ["tags", "namespace", "nsfw", "tool", "defaults", "description"])
async def test_row_10_generation_3_refuses_what_1_and_2_take(client: Client, field: str) -> None:
    media = await uploaded(client)
    refused = await patch(client, f"/v1/media/{media['id']}", {field: "x"})
    in_batch = await patch(client, "/v1/media/batch", {"ids": [media["id"]], field: "x"})
    newer = await patch(client, f"/v1/media/{media['id']}", {field: "x"}, headers={"Img-Api-Profile": "g4"})
    taken = await patch(client, f"/v1/media/{media['id']}", {field: "x"}, headers=G1)

    for answer in (refused, in_batch, newer):
        assert (answer.status, answer.json["error"], list(answer.json["errors"])) == (422, "validation_error", [field])
    assert taken.status == 200


async def test_row_11_generation_1_is_private_unless_asked(client: Client) -> None:
    told = {
        "key": (await uploaded(client, key="g1"))["public"],
        "header": (await uploaded(client, headers=G1))["public"],
        "public": (await uploaded(client, fields={"public": "1"}, key="g1"))["public"],
        "guest": (await uploaded(client, headers=G1, key=None))["public"],
        "g3": (await uploaded(client))["public"],
        "private": (await uploaded(client, fields={"public": "0"}))["public"],
        "images": (await uploaded(client, "/v1/images"))["public"],
    }

    assert [name for name, public in told.items() if not public] == ["key", "header", "private"]


@pytest.mark.usefixtures("early_in_the_minute")
async def test_row_12_generation_1_has_other_words_for_limits(tmp_path: Path, imaging: ImagingPool) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(OURS.replace("[free]", "[free]\nimages = 0"))
    async with run_app(make_settings(tmp_path, plans_file=plans, rate_limit_scale=0.003), imaging) as client:
        full = [await send(client, "/v1/upload", key=key) for key in ("g1", "first")]
        while (late := await client.get("/v1/media", key="g1")).status == 200:
            pass
        later = await client.get("/v1/media")

    assert [(answer.status, answer.json["error"]) for answer in full] == [
        (429, "quota_exceeded"),
        (403, "quota_exceeded"),
    ]
    assert not any("Retry-After" in answer.headers for answer in full)  # naive clients would hammer a full plan
    assert [(answer.status, answer.json["error"]) for answer in (late, later)] == [
        (429, "rate_limit_exceeded"),
        (429, "rate_limited"),
    ]
    assert late.headers["Retry-After"].isdigit()


@pytest.mark.parametrize(
    ("word", "size"),
    [
        *(("s", (426, 320)), ("m", (853, 640)), ("l", (1440, 1080))),
        *(("xl", (2000, 1500)), ("xxl", (2000, 1500)), ("o", (2000, 1500)), ("social", (1200, 630))),
    ],
)
async def test_row_13_letters_have_their_newest_meaning(client: Client, word: str, size: tuple[int, int]) -> None:
    media = await uploaded(client, content=pictures.jpeg(2000, 1500), key="g1")
    answer = await client.get(f"{media['src']}?size={word}", key="g1")

    assert pictures.decode(answer.body).size == size


async def test_row_14_an_extension_names_a_format_and_the_query_another(client: Client) -> None:
    stem = (await uploaded(client))["src"].removesuffix(".jpg")
    kinds = {
        path: (await client.get(stem + path, key=None)).headers["Content-Type"]
        for path in (".jpg", ".jpeg", "", ".webp", ".webp?format=png", ".jpg?format=jpeg")
    }

    assert kinds == {
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        "": "image/jpeg",
        ".webp": "image/webp",
        ".webp?format=png": "image/png",
        ".jpg?format=jpeg": "image/jpeg",
    }


async def test_row_15_metadata_stands_at_the_top_before_generation_4_and_inside_always(client: Client) -> None:
    said = {"author": "Jane Doe", "license": "cc-by-4.0", "source_url": "https://example.com/a?b=c", "width": "7"}
    media = await uploaded(client, fields=said | {"tags": "cat", "labels": '{"a": "b"}', "external_id": "e"})
    got = (await client.get(f"/v1/media/{media['id']}")).json

    for body in (media, got, got["data"]):
        assert {name: body[name] for name in ("author", "license", "source_url")} == {
            "author": "Jane Doe",
            "license": "cc-by-4.0",
            "source_url": "https://example.com/a?b=c",
        }
        assert body["width"] == 400  # what means something stays what it means
        assert body["metadata"] == said
    foreign = (await client.get(f"/v1/media/{media['id']}", key=None)).json
    other = (await client.get(f"/v1/media/{media['id']}", key="second")).json
    for body in (foreign, other):
        assert (body["metadata"], body["author"]) == (said, "Jane Doe")
        assert (body["labels"], body["tags"], body["external_id"]) == ({}, [], None)
    assert (await client.get(f"/v1/images/{media['id']}", key=None)).json["metadata"] == {}
    modern = (await client.get(f"/v1/images/{media['id']}")).json
    assert (modern["metadata"], "author" in modern) == (media["metadata"], False)
    reserved = await uploaded(client, "/v1/images", {"metadata": '{"width": "7", "mine": "x"}'})
    legacy = (await client.get(f"/v1/media/{reserved['id']}")).json
    assert (legacy["width"], legacy["mine"], legacy["metadata"]) == (400, "x", {"width": "7", "mine": "x"})


async def test_row_15_only_fields_of_the_request_are_no_metadata(client: Client) -> None:
    said = {
        "source": "Reuters",
        "status": "draft",
        "tool": "cam",
        "hash": "x",
        "format": "square",
        "url": "https://a.b/c",
    }
    media = await uploaded(
        client, fields=said | {"caption": "Roof", "tags": "cat", "name": "a.jpg", "namespace": "blog"}
    )
    path, more = f"/v1/media/{media['id']}", {"name": "mine", "external_id": "e-1", "tag_mode": "x", "format": None}
    changed = await patch(client, path, more, headers=G3)
    earlier = await patch(client, path, {"name": "b.jpg", "status": "done"}, headers=G1)
    batch = await patch(client, "/v1/media/batch", {"ids": [media["id"]], "hash": "y"})

    assert media["metadata"] == said
    assert (media["source"], media["status"], media["format"], "tool" in media) == ("upload", "ready", "jpg", False)
    kept = {name: text for name, text in said.items() if name != "format"}
    assert changed.json["metadata"] == kept | {"name": "mine", "external_id": "e-1", "tag_mode": "x"}
    assert (changed.json["name"], changed.json["external_id"]) == ("a.jpg", None)
    assert (earlier.json["name"], earlier.json["metadata"]["status"]) == ("b.jpg", "done")
    assert batch.json["media"][0]["metadata"]["hash"] == "y"


async def test_row_16_tags_namespace_and_labels_are_all_kept(client: Client) -> None:
    said = {"tags": "cat,roof", "namespace": "blog", "labels": '{"site": "example.com"}'}
    media = await uploaded(client, fields=said)
    image = (await client.get(f"/v1/images/{media['id']}")).json
    found = [
        (await client.get(f"/v1/images?{query}")).json["data"]
        for query in ("tags=roof", "label[namespace]=blog", "label[site]=example.com", "label[site]=other")
    ]
    twice = "label[site]=other&label[site]=example.com"
    found += [
        (await client.get(f"/v1/images?{query}")).json["data"]
        for query in (twice, twice.replace("other&", "example.com&"))
    ]

    assert (media["tags"], media["namespace"]) == (["cat", "roof"], "blog")
    assert media["labels"] == image["labels"] == {"site": "example.com", "namespace": "blog"}
    assert [len(items) for items in found] == [1, 1, 1, 0, 0, 1]


async def test_row_16_a_namespace_is_changed_like_what_it_is_kept_as(client: Client) -> None:
    media = await uploaded(client, fields={"namespace": "blog", "labels": '{"site": "example.com"}'})
    path, headers = f"/v1/media/{media['id']}", {"Img-Api-Profile": "g2"}
    changed = await patch(client, path, {"namespace": "shop"}, headers=G1)
    anew = await patch(client, path, {"namespace": "docs", "labels": {"a": "b"}}, headers=headers)
    modern = await patch(client, f"/v1/images/{media['id']}", {"namespace": "news"})
    cleared = await patch(client, path, {"namespace": ""}, headers=headers)
    wrong = [
        await patch(client, path, {"namespace": "a,b"}, headers=G1),
        await send(client, "/v1/upload", {"namespace": "x" * 129}),
    ]

    assert (changed.json["namespace"], changed.json["labels"]["site"]) == ("shop", "example.com")
    assert anew.json["labels"] == {"namespace": "docs", "a": "b"}
    assert modern.json["labels"] == {"namespace": "news", "a": "b"}
    assert (cleared.json["namespace"], cleared.json["labels"]) == (None, {"a": "b"})
    assert [(answer.status, list(answer.json["errors"])) for answer in wrong] == [(422, ["namespace"])] * 2


async def test_row_17_heic_is_served_as_jpeg(client: Client) -> None:
    media = await uploaded(client, content=pictures.heic(), filename="photo.heic", key="g1")
    image = (await client.get(f"/v1/images/{media['id']}", key="g1")).json
    answer = await client.get(media["src"], key="g1")

    assert (media["extension"], media["format"], image["format"]) == ("jpeg", "jpg", "jpg")
    assert media["src"].endswith(".jpg")
    assert answer.headers["Content-Type"] == media["mime"] == "image/jpeg"


@pytest.mark.parametrize(
    "query",
    [
        *("format=webp", "brightness=1.1", "contrast=2", "gamma=0.5", "saturation=0", "blur=5", "sharp=3"),
        *("rotate=90", "flip=hv", "background=%23ff0000", "metadata=none", "metadata=keep", "size=s", "size=social"),
        *("rotate=45x", "flip=z", "blur=-1", "format=nothing", "brightness=abc", "unknown=1"),
    ],
)
async def test_row_18_transforms_live_on_the_viewer_and_on_the_image(client: Client, query: str) -> None:
    media = await uploaded(client, content=pictures.jpeg(80, 60))
    shown = await client.get(f"{media['link']}?{query}", key=None, headers={"Accept": "image/avif,image/webp,*/*"})
    direct = await client.get(f"{media['src']}?{query}", key=None)

    assert (shown.status, direct.status) == (200, 200)
    assert shown.headers["Content-Type"].startswith("image/")
    assert pictures.decode(shown.body).size == pictures.decode(direct.body).size


async def test_row_19_the_way_to_an_account_is_shown_to_guests_of_old_paths_alone(client: Client) -> None:
    old, new = await uploaded(client, key=None), await uploaded(client, "/v1/images", key=None)
    keyed = await uploaded(client)
    got = (await client.get(f"/v1/media/{old['id']}", key=None)).json

    assert old["upgrade"]["type"] == "register"
    assert ["upgrade" in body for body in (new, keyed, got)] == [False] * 3


async def test_row_20_guests_are_an_operators_choice(client: Client, tmp_path: Path, imaging: ImagingPool) -> None:
    settings = make_settings(tmp_path / "closed", anonymous_uploads=False)
    async with run_app(settings, imaging) as closed:
        media = await uploaded(closed)
        statuses = [(await send(server, "/v1/upload", key=None)).status for server in (client, closed)]
        public = await closed.get(f"/v1/media/{media['id']}", key=None)

    assert statuses == [201, 401]
    assert public.status == 200
