"""img.pro's dialect and what its OpenAPI document says of requests: what Schemathesis found, one by one."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.client import Client
from tests.imgpro import G1, G3, code_of, drop, patch, send, uploaded

REPEATED = ",".join(["nothing"] * 101)


async def test_ids_are_counted_as_they_come(client: Client) -> None:
    answers = [
        await client.get(f"/v1/images?ids={REPEATED}"),
        await drop(client, f"/v1/media?ids={REPEATED}"),
        await patch(client, f"/v1/media?ids={REPEATED}", {"ttl": "7d"}),
        await drop(client, "/v1/images/batch", {"ids": REPEATED}),
        await patch(client, "/v1/images/batch", {"ids": REPEATED.split(",")}),
    ]

    assert [answer.status for answer in answers] == [422] * 5


async def test_tags_are_counted_as_they_come(client: Client) -> None:
    tags = ",".join(["cat"] * 11)
    answers = [
        await send(client, "/v1/upload", {"tags": tags}),
        await client.get(f"/v1/media?tags={tags}"),
        await patch(client, "/v1/media/batch", {"ids": ["nothing"], "tags": tags.split(",")}, headers=G1),
    ]

    assert [(answer.status, list(answer.json["errors"])) for answer in answers] == [(422, ["tags"])] * 3


async def test_whole_numbers_are_whole_however_they_are_written(client: Client) -> None:
    image = await uploaded(client, "/v1/images")
    path, headers = f"/v1/images/{image['id']}", {"Content-Type": "application/json"}
    changed = await client.request("PATCH", path, data=b'{"ttl": 300.0, "public": 0.0}', headers=headers)
    broken = await client.request("PATCH", path, data=b'{"ttl": 300.5}', headers=headers)

    assert (changed.status, changed.json["public"], changed.json["expires_at"] is not None) == (200, False, True)
    assert (broken.status, list(broken.json["error"]["details"])) == (422, ["ttl"])


async def test_a_second_name_of_the_caption_is_looked_at_as_well(client: Client) -> None:
    image = await uploaded(client, "/v1/images")
    changed = await patch(client, f"/v1/images/{image['id']}", {"caption": "good", "description": "b\0d"})
    made = await send(client, "/v1/upload", {"caption": "good", "description": "x" * 2001})

    assert (changed.status, list(changed.json["error"]["details"])) == (422, ["description"])
    assert (made.status, list(made.json["errors"])) == (422, ["description"])


async def test_keys_of_metadata_are_checked_before_anything_is_looked_up(client: Client) -> None:
    for path in ("/v1/media?ids=nothing", "/v1/media/batch"):
        for field in ("x" * 65, "", " x", "a\nb"):
            answer = await patch(client, path, {"ids": ["nothing"], field: "x"})
            assert (answer.status, list(answer.json["errors"])) == (422, [field]), (path, field)


async def test_what_is_wrong_with_metadata_is_said_where_it_was_given(client: Client) -> None:
    answers = [
        await send(client, "/v1/upload", {"author": "x" * 1025}),
        await send(client, "/v1/upload", {"metadata": '{"a": {"b": 1}}'}),
        await send(client, "/v1/upload", {"labels": '{"site": [1]}'}),
    ]

    assert [answer.json["errors"] for answer in answers] == [
        {"author": ["The attribute 'author' has more than 1024 characters."]},
        {"metadata": ["'a' must be a text."]},
        {"labels": ["'site' must be a text."]},
    ]


async def test_images_take_a_name_whatever_the_profile(client: Client) -> None:
    image = await uploaded(client, "/v1/images")
    path = f"/v1/images/{image['id']}"
    named = await patch(client, path, {"name": "other.jpg"}, headers=G3)
    empty = await patch(client, path, {"name": ""}, headers=G3)

    assert (named.json["filename"], empty.status) == ("other.jpg", 422)


WITH_BODY = [
    *(("POST", path) for path in ("/v1/images", "/v1/import")),
    *(("PATCH", path) for path in ("/v1/images/nothing", "/v1/images/batch", "/v1/media/x", "/v1/media/batch")),
]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"caption": "\\ud800"}'])
async def test_what_is_no_json_object_is_a_bad_request(client: Client, body: bytes) -> None:
    for method, path in WITH_BODY:
        answer = await client.request(method, path, data=body, headers={"Content-Type": "application/json"})
        assert (answer.status, code_of(answer)) == (400, "bad_request"), path
    for path in ("/v1/images/batch", "/v1/media/batch", "/v1/media"):
        answer = await client.request("DELETE", path, data=body, headers={"Content-Type": "application/json"})
        assert answer.status == (400 if body else 422), path


async def test_what_is_missing_is_named(client: Client) -> None:
    form = aiohttp.FormData({"caption": "x"}, default_to_multipart=True)
    answers = {
        "import": await client.request("POST", "/v1/import"),
        "import of a form": await client.request("POST", "/v1/import", data=form),
        "upload": await client.request("POST", "/v1/upload"),
        "JSON": await client.request("POST", "/v1/upload", json={"caption": "x"}),
        "delete": await drop(client, "/v1/media"),
        "delete none": await drop(client, "/v1/media?ids="),
        "batch": await drop(client, "/v1/media/batch"),
        "nothing": await drop(client, "/v1/media", {}),
    }

    assert {name: (answer.status, *answer.json["errors"]) for name, answer in answers.items()} == {
        **dict.fromkeys(("import", "import of a form", "JSON"), (422, "url")),
        "upload": (422, "file"),
        **dict.fromkeys(("delete", "delete none", "batch", "nothing"), (422, "ids")),
    }


async def test_other_methods_are_told_which_there_are(client: Client) -> None:
    for path, allowed in {
        "/v1/images": "GET,HEAD,OPTIONS,POST",
        "/v1/images/batch": "DELETE,GET,HEAD,OPTIONS,PATCH",
        "/v1/upload": "OPTIONS,POST",
        "/v1/media": "DELETE,GET,HEAD,OPTIONS,PATCH",
        "/v1/usage": "GET,HEAD,OPTIONS",
    }.items():
        answer = await client.request("PUT", path)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
        assert code_of(answer) == "method_not_allowed"


WRONG: dict[str, list[Any]] = {
    "caption": [5, [], {}, True, "x" * 2001, "\0"],
    "public": ["maybe", 2, [], {}, 0.5],
    "ttl": ["", "null", 299, -1, True, [], "5w", 10**12],
    "labels": [[], "x", {"a": []}, {"a": ""}, {"": "b"}, 5],
    "metadata": [[], "x", {"a": {}}, {"a": "x" * 1025}, {"a": "\0"}, 5],
    "tags": [5, [5], {}, ["x" * 51], ["\0"]],
    "tag_mode": ["some", 5, []],
    "name": ["", 5, "x" * 256, "\0"],
}


@pytest.mark.parametrize("field", WRONG)
async def test_what_is_not_valid_is_named(client: Client, field: str) -> None:
    image = await uploaded(client, "/v1/images")
    for value in WRONG[field]:
        answer = await patch(client, f"/v1/images/{image['id']}", {field: value})
        assert (answer.status, list(answer.json["error"]["details"])) == (422, [field]), value


async def test_an_empty_field_of_a_form_lets_an_image_stay(client: Client) -> None:
    image = await uploaded(client, "/v1/images", {"ttl": "7d"})
    changed = await client.request("PATCH", f"/v1/images/{image['id']}", data={"ttl": ""})

    assert (image["expires_at"] is None, changed.status, changed.json["expires_at"]) == (False, 200, None)


async def test_filters_of_lists_take_what_no_database_stores(house: Client, database_url: str) -> None:
    for query in (
        "tags=%00",
        "label[%00]=x",
        "label[a]=%00",
        "label[]=x",
        "ids=%00",
        "label[a]=x&label[a]=y",
        "cursor=%00",
    ):
        for path in ("/v1/media", "/v1/images"):
            answer = await house.get(f"{path}?{query}")
            assert answer.status in (200, 422), (database_url, query, answer)
