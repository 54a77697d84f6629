"""Media over GraphQL: the main line, lists, nodes, updates, deletions, batches, and who may see what."""

from __future__ import annotations

import asyncio
import base64
import uuid

import pytest

from tests import pictures
from tests.client import MEDIA, Client

LIST = f"query ($first: Int, $after: String, $last: Int, $before: String) {{ mediaList(first: $first, after: $after, last: $last, before: $before) {{ totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ uid }} }} nodes {{ {MEDIA} }} }} }}"
UPDATE = f"mutation ($input: UpdateMediaInput!) {{ updateMedia(input: $input) {{ media {{ {MEDIA} }} errors {{ __typename code message path }} }} }}"
DELETE = "mutation ($input: DeleteMediaInput!) { deleteMedia(input: $input) { deletedId errors { code path } } }"


async def test_the_main_line(client: Client) -> None:
    made = await client.uploaded(
        pictures.jpeg(600, 450, orientation=6), name="cat.jpg", caption=" A cat ", tags=["Cat"]
    )

    assert (made["name"], made["caption"], made["tags"], made["format"]) == ("cat.jpg", "A cat", ["cat"], "JPEG")
    assert (made["width"], made["height"], made["frames"]) == (450, 600, 1)
    query = "query ($id: ID!) { media(by: { id: $id }) { rendition(transform: { width: 200, height: 200, fit: COVER, format: WEBP }) { url width height format contentType } } }"
    rendition = (await client.data(query, {"id": made["id"]}))["media"]["rendition"]
    assert len(await client.renditions()) == 0  # asking for an address renders nothing
    answer = await client.get(rendition["url"], key=None)
    picture = pictures.decode(answer.body)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == rendition["contentType"] == "image/webp"
    assert picture.size == (rendition["width"], rendition["height"]) == (200, 200)
    assert rendition["format"] == "WEBP"


@pytest.mark.parametrize(
    "transform",
    [
        {},
        {"width": 50},
        {"height": 33, "format": "PNG"},
        {"width": 500, "fit": "CONTAIN"},
        {"width": 70, "height": 20, "fit": "PAD", "format": "AVIF", "quality": 40},
        {"width": 70, "height": 20, "fit": "SQUEEZE", "format": "GIF"},
        {"width": 70, "height": 20, "fit": "CROP"},
        {"size": "S"},
        {"size": "SOCIAL", "format": "JPEG"},
    ],
)
async def test_a_rendition_is_what_it_says(client: Client, transform: dict[str, object]) -> None:
    made = await client.uploaded(pictures.png(150, 111))
    query = "query ($id: ID!, $t: TransformInput!) { media(by: { id: $id }) { rendition(transform: $t) { url width height contentType } } }"
    rendition = (await client.data(query, {"id": made["id"], "t": transform}))["media"]["rendition"]
    answer = await client.get(rendition["url"])

    assert answer.headers["Content-Type"] == rendition["contentType"]
    assert pictures.decode(answer.body).size == (rendition["width"], rendition["height"])


@pytest.mark.parametrize(
    ("transform", "field"),
    [
        ({"width": 0}, "transform.width"),
        ({"height": 8193}, "transform.height"),
        ({"quality": 101}, "transform.quality"),
        ({"size": "S", "width": 5}, "transform.size"),
        ({"size": "S", "fit": "COVER"}, "transform.fit"),
        ({"width": 8000, "height": 8000, "fit": "SQUEEZE"}, "transform"),
        ({"crop": {"left": 1000, "top": 0, "width": 5, "height": 5}}, "transform.crop"),
        ({"crop": {"left": 0, "top": 0, "width": 0, "height": 5}}, "transform.crop"),
        ({"trim": {"edges": {"left": 500, "right": 500}}}, "transform.trim"),
        ({"trim": {"edges": {"bottom": -1}}}, "transform.trim.edges.bottom"),
        ({"trim": {"tolerance": 256}}, "transform.trim"),
        ({"padding": {"left": -1}}, "transform.padding.left"),
        ({"border": {"width": {"top": -1}}}, "transform.border.width.top"),
        ({"border": {"width": {"top": 100_000}}}, "transform.border"),
        ({"gravity": {"focalPoint": {"x": 2, "y": 0}}}, "transform.gravity"),
        (
            {"overlays": [{"text": {"text": "a"}}, {"text": {"text": "a", "opacity": 5}}]},
            "transform.overlays.1.text.opacity",
        ),
        ({"overlays": [{"media": {"uid": "x"}}]}, "transform.overlays.0.media.uid"),
        ({"overlays": [{"media": {"uid": "0123456789ab"}}]}, "transform.overlays"),
        ({"blur": 251}, "transform.blur"),
        ({"dpr": 0}, "transform.dpr"),
    ],
)
async def test_graphql_refuses_a_transform_that_cannot_be(
    client: Client, transform: dict[str, object], field: str
) -> None:
    made = await client.uploaded(pictures.png())
    query = "query ($id: ID!, $t: TransformInput!) { media(by: { id: $id }) { uid rendition(transform: $t) { url } } }"
    answer = await client.graphql(query, {"id": made["id"], "t": transform})

    (error,) = answer["errors"]
    assert error["extensions"]["field"] == field
    assert error["extensions"]["code"] in ("INVALID_INPUT", "TOO_LARGE")
    assert error["path"] == ["media", "rendition"]


@pytest.mark.parametrize(
    "mutation",
    [
        "mutation ($id: ID!, $t: TransformInput!) { done: transformMedia(input: { id: $id, transform: $t }) { errors { code path } } }",
        'mutation ($id: ID!, $t: TransformInput!) { done: setPreset(input: { name: "a", transform: $t }) { errors { code path } } deleteMedia(input: { id: $id }) { deletedId } }',
    ],
)
async def test_a_mutation_says_where_in_its_transform_the_error_is(client: Client, mutation: str) -> None:
    made = await client.uploaded(pictures.png())
    transform = {"width": 5, "overlays": [{"text": {"text": "a", "opacity": 5}}]}
    done = (await client.data(mutation, {"id": made["id"], "t": transform}))["done"]

    assert done["errors"] == [
        {"code": "INVALID_INPUT", "path": ["input", "transform", "overlays", "0", "text", "opacity"]}
    ]


async def test_lists_page_forward_and_backward(client: Client) -> None:
    uids = [(await client.uploaded(pictures.png(seed=seed)))["uid"] for seed in range(5)][::-1]

    first = (await client.data(LIST, {"first": 2}))["mediaList"]
    second = (await client.data(LIST, {"first": 2, "after": first["pageInfo"]["endCursor"]}))["mediaList"]
    third = (await client.data(LIST, {"first": 2, "after": second["pageInfo"]["endCursor"]}))["mediaList"]
    back = (await client.data(LIST, {"last": 2, "before": third["pageInfo"]["startCursor"]}))["mediaList"]

    assert [node["uid"] for page in (first, second, third) for node in page["nodes"]] == uids
    assert back["nodes"] == second["nodes"]
    assert [edge["cursor"] for edge in back["edges"]] == [edge["cursor"] for edge in second["edges"]]
    assert (first["pageInfo"]["hasPreviousPage"], first["pageInfo"]["hasNextPage"]) == (False, True)
    assert (third["pageInfo"]["hasPreviousPage"], third["pageInfo"]["hasNextPage"]) == (True, False)
    assert {page["totalCount"] for page in (first, second, third, back)} == {5}


async def test_what_a_cursor_is_of_is_more_on_its_side(client: Client) -> None:
    for seed in range(4):
        await client.uploaded(pictures.png(seed=seed))
    cursors = [edge["cursor"] for edge in (await client.data(LIST, {"first": 4}))["mediaList"]["edges"]]
    asked = [{"first": 2, "before": cursors[2]}, {"last": 10, "before": cursors[2]}, {"last": 2, "after": cursors[1]}]
    pages = [(await client.data(LIST, variables))["mediaList"] for variables in asked]
    infos = [(page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) for page in pages]

    assert infos == [(False, True), (False, True), (True, False)]
    assert [[edge["cursor"] for edge in page["edges"]] for page in pages] == [cursors[:2], cursors[:2], cursors[2:]]


async def test_an_empty_page_has_no_cursors(client: Client) -> None:
    page = (await client.data(LIST, {"first": 0}))["mediaList"]

    assert page["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"after": "zzz"}, "after"),
        ({"before": ""}, "before"),
        ({"after": base64.b64encode(b"arrayconnection:-5").decode()}, "after"),
    ],
)
async def test_impossible_pages_are_refused_by_name(client: Client, variables: dict[str, object], field: str) -> None:
    answer = await client.graphql(LIST, variables)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["extensions"]["field"] == field
    assert "Incorrect" not in error["message"]


async def test_nodes_keep_their_order_and_are_null_where_nothing_is(client: Client) -> None:
    one, two = [await client.uploaded(pictures.png(seed=seed)) for seed in (1, 2)]
    foreign = await client.uploaded(pictures.png(seed=3), key="second", public=False)
    nowhere = base64.urlsafe_b64encode(f"Media:{uuid.uuid4()}".encode()).decode().rstrip("=")
    ids = [two["id"], "💥", foreign["id"], one["id"], nowhere, "TWVkaWE6NQ", two["id"], ""]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Media { uid } } }"
    nodes = (await client.data(query, {"ids": ids}))["nodes"]

    assert [node and node["uid"] for node in nodes] == [
        two["uid"],
        None,
        None,
        one["uid"],
        None,
        None,
        two["uid"],
        None,
    ]
    single = "query ($id: ID!) { node(id: $id) { __typename id } }"
    assert (await client.data(single, {"id": one["id"]}))["node"] == {"__typename": "Media", "id": one["id"]}
    assert (await client.data(single, {"id": nowhere}))["node"] is None
    many = await client.graphql(query, {"ids": ["x"] * 101})
    assert many["errors"][0]["extensions"]["field"] == "ids"


async def test_private_media_are_invisible_to_others(client: Client) -> None:
    made = await client.uploaded(pictures.png(), public=False)
    query = "query ($id: ID!) { media(by: { id: $id }) { uid } node(id: $id) { id } nodes(ids: [$id]) { id } }"
    image = made["url"]

    assert (await client.data(query, {"id": made["id"]}))["media"]["uid"] == made["uid"]
    for other in ("second", None):
        assert await client.data(query, {"id": made["id"]}, key=other) == {"media": None, "node": None, "nodes": [None]}
        assert (await client.get(image, key=other)).status == 404
        assert (await client.get(f"/v1/images/{made['uid']}", key=other)).status == 404
    mine = await client.get(image)
    assert mine.status == 200
    assert mine.headers["Cache-Control"] == "private, no-cache"
    assert (await client.data("{ mediaList { nodes { uid } } }", key="second"))["mediaList"]["nodes"] == []


async def test_public_media_are_seen_by_all_and_changed_by_none_but_their_team(client: Client) -> None:
    made = await client.uploaded(pictures.png())
    query = "query ($id: ID!) { media(by: { id: $id }) { uid } }"

    assert (await client.data(query, {"id": made["id"]}, key="second"))["media"]
    for document, result in ((UPDATE, "updateMedia"), (DELETE, "deleteMedia")):
        payload = (await client.data(document, {"input": {"id": made["id"]}}, key="second"))[result]
        assert payload["errors"][0]["code"] == "NOT_FOUND"
    assert (await client.data(query, {"id": made["id"]}))["media"]


async def test_updates_change_what_they_name_and_clear_what_is_null(client: Client) -> None:
    made = await client.uploaded(pictures.png(), caption="old", altText="alt", tags=["a", "b"])
    changed = (
        await client.data(UPDATE, {"input": {"id": made["id"], "name": "new.png", "caption": None, "tags": ["c"]}})
    )["updateMedia"]

    assert changed["errors"] == []
    media = changed["media"]
    assert (media["name"], media["caption"], media["altText"], media["tags"]) == ("new.png", None, "alt", ["c"])
    assert (media["public"], media["sha256"]) == (True, made["sha256"])


async def test_who_may_only_write_sees_what_it_has_written(client: Client) -> None:
    made = await client.uploaded(pictures.png(), public=False)
    payload = (await client.data(UPDATE, {"input": {"id": made["id"], "caption": "c"}}, key="writer"))["updateMedia"]

    assert payload["errors"] == []
    assert payload["media"]["caption"] == "c"


async def test_a_picture_of_any_shape_can_be_had_as_it_is(client: Client) -> None:
    made = await client.uploaded(pictures.png_bomb(70_000, 10))
    query = "query ($id: ID!) { media(by: { id: $id }) { rendition(transform: { format: WEBP }) { url } } }"

    assert (await client.get(made["url"])).status == 200
    refused = await client.graphql(query, {"id": made["id"]})
    assert refused["errors"][0]["extensions"]["code"] == "TOO_LARGE"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"caption": "x" * 2001}, "caption"),
        ({"name": "\n"}, "name"),
        ({"tags": [str(n) for n in range(11)]}, "tags"),
        ({"name": None}, "name"),
        ({"public": None}, "public"),
    ],
)
async def test_an_update_that_cannot_be_is_data_and_changes_nothing(
    client: Client, change: dict[str, object], path: str
) -> None:
    made = await client.uploaded(pictures.png(), caption="old")
    payload = (await client.data(UPDATE, {"input": {"id": made["id"], "altText": "new", **change}}))["updateMedia"]

    assert payload["media"] is None
    assert [(error["__typename"], error["code"], error["path"]) for error in payload["errors"]] == [
        ("InputError", "INVALID_INPUT", ["input", path])
    ]
    again = (await client.data("query ($id: ID!) { media(by: { id: $id }) { altText } }", {"id": made["id"]}))["media"]
    assert again["altText"] is None


async def test_deleting_takes_bytes_and_renditions_with_the_last_media(client: Client) -> None:
    content = pictures.png()
    one, two = await client.uploaded(content), await client.uploaded(content)
    assert one["uid"] != two["uid"]
    assert (await client.get(one["url"])).status == 200
    assert (len(client.blobs()), len(await client.renditions())) == (1, 1)

    assert (await client.data(DELETE, {"input": {"id": one["id"], "forGood": True}}))["deleteMedia"][
        "deletedId"
    ] == one["id"]
    assert (await client.get(one["url"])).status == 404
    assert (await client.get(two["url"])).status == 200
    await client.data(DELETE, {"input": {"id": two["id"], "forGood": True}})
    assert (client.blobs(), await client.renditions()) == ([], [])
    again = (await client.data(DELETE, {"input": {"id": two["id"], "forGood": True}}))["deleteMedia"]
    assert again["errors"][0]["code"] == "NOT_FOUND"


async def test_deleting_and_uploading_the_same_bytes_at_once_loses_nothing(client: Client) -> None:
    content = pictures.png()
    made = [await client.uploaded(content)]
    for _ in range(6):
        deleting = client.data(DELETE, {"input": {"id": made[-1]["id"], "forGood": True}})
        uploads = [client.uploaded(content) for _ in range(3)]
        _, *new = await asyncio.gather(deleting, *uploads)
        for media in new[:-1]:
            await client.data(DELETE, {"input": {"id": media["id"], "forGood": True}})
        made.append(new[-1])

        assert len(client.blobs()) == 1
        assert (await client.get(made[-1]["url"])).status == 200


async def test_batches_succeed_and_fail_item_by_item(client: Client) -> None:
    upload = f"mutation ($input: [UploadMediaInput!]!) {{ uploadMediaBatch(input: $input) {{ results {{ media {{ {MEDIA} }} errors {{ code }} }} }} }}"
    files = {
        "variables.input.0.file": pictures.png(),
        "variables.input.1.file": b"no image",
        "variables.input.2.file": pictures.jpeg(),
    }
    answer = await client.multipart(upload, {"input": [{"file": None, "name": str(n)} for n in range(3)]}, files)
    results = answer.json["data"]["uploadMediaBatch"]["results"]
    assert [result["media"] and result["media"]["name"] for result in results] == ["0", None, "2"]
    assert results[1]["errors"] == [{"code": "UNSUPPORTED_MEDIA"}]

    ids = [results[0]["media"]["id"], "nothing", results[2]["media"]["id"]]
    update = "mutation ($input: [UpdateMediaInput!]!) { updateMediaBatch(input: $input) { results { media { caption } errors { code } } } }"
    changed = (await client.data(update, {"input": [{"id": at, "caption": "c"} for at in ids]}))["updateMediaBatch"][
        "results"
    ]
    assert [result["media"] for result in changed] == [{"caption": "c"}, None, {"caption": "c"}]
    delete = "mutation ($input: [DeleteMediaInput!]!) { deleteMediaBatch(input: $input) { results { deletedId errors { code } } } }"
    deleted = (await client.data(delete, {"input": [{"id": at, "forGood": True} for at in ids]}))["deleteMediaBatch"][
        "results"
    ]
    assert [result["deletedId"] for result in deleted] == [ids[0], None, ids[2]]
    assert client.blobs() == []
    over = await client.graphql(delete, {"input": [{"id": "x"}] * 101})
    assert "100" in over["errors"][0]["message"]


async def test_the_viewer_is_the_key(client: Client) -> None:
    viewer = (await client.data("{ viewer { team { name storage } key { name scopes profile } } }"))["viewer"]

    assert viewer["team"]["name"] == "first"
    assert viewer["key"] == {"name": "test", "scopes": ["ADMIN", "READ", "WRITE"], "profile": "G4"}


@pytest.mark.parametrize("query", ["{ viewer { team { name } } }", "{ mediaList { totalCount } }", DELETE])
async def test_without_a_key_there_is_nothing_but_public_media(client: Client, query: str) -> None:
    answer = await client.graphql(
        query, {"input": {"id": "TWVkaWE6YjIxMjYyZmUtMjRlOS00Y2M2LTlmZjktMTVkMWVmMWE4NmNi"}}, key=None
    )

    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("key", ["wrong", "img_live_" + "a" * 40, "x" * 5000, "a b", "'; DROP TABLE media; --"])
async def test_a_key_that_is_no_good_is_refused_everywhere(client: Client, key: str) -> None:
    for method, path in (
        ("POST", "/graphql"),
        ("GET", "/src/a/b.jpg"),
        ("GET", "/v1/images/x"),
        ("POST", "/v1/images"),
    ):
        answer = await client.request(
            method, path, key=key, json={"query": "{ __typename }"} if method == "POST" else None
        )
        assert answer.status == 401, path
        assert key not in answer.body.decode()


async def test_a_key_that_may_only_read_writes_nothing(client: Client) -> None:
    made = await client.uploaded(pictures.png())
    answer = await client.multipart("mutation { __typename }", {}, {}, key="reader")
    assert (answer.status, answer.json["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    refused = await client.graphql(DELETE, {"input": {"id": made["id"]}}, key="reader")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await client.data("{ mediaList { totalCount } }", key="reader"))["mediaList"]["totalCount"] == 1


async def test_many_at_once_all_succeed(client: Client) -> None:
    made = await asyncio.gather(*(client.uploaded(pictures.png(seed=seed)) for seed in range(20)))

    assert len({media["uid"] for media in made}) == 20
    assert (await client.data("{ mediaList { totalCount } }"))["mediaList"]["totalCount"] == 20


async def test_the_size_of_a_rendition_is_known_once_it_is_made(client: Client) -> None:
    media = await client.uploaded(pictures.png())
    query = "query ($id: ID!) { media(by: { id: $id }) { rendition(transform: { width: 20 }) { url bytes } } }"
    before = (await client.data(query, {"id": media["id"]}))["media"]["rendition"]
    answer = await client.get(before["url"])
    await client.renditions()  # (it is in the store once it was sent)
    after = (await client.data(query, {"id": media["id"]}))["media"]["rendition"]

    assert before["bytes"] is None
    assert after["bytes"] == len(answer.body)
