"""Lists read only the columns that are asked for; what they say is nevertheless what the media themselves say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

from graphql_api.db import rows
from schema.build import SCHEMA
from tests import pictures
from tests.client import Client

REAL: GraphQLSchema = SCHEMA._schema
MEDIA = cast("GraphQLObjectType", REAL.type_map["Media"])
_DEPTH = 2  # objects within each other that are asked for


def leaves(name: str, kind: Any, depth: int = _DEPTH) -> Iterator[str]:
    """A field with each of the leaves below it, one by one, as far as they do not lie too deep."""
    kind = get_named_type(kind)
    if is_leaf_type(kind):
        yield name
    elif depth:
        for field, value in kind.fields.items():
            yield from (f"{name} {{ {below} }}" for below in leaves(field, value.type, depth - 1))


FIELDS = [text for name, field in MEDIA.fields.items() for text in leaves(name, field.type)]


@pytest.fixture
async def uids(client: Client) -> list[str]:
    """The slugs of two media of which everything is said that can be."""
    source = await client.uploaded(
        pictures.jpeg(), name="b.jpg", altText="a", public=True, tags=["t"], attributes=[{"key": "k", "value": "v"}]
    )
    make = "mutation ($input: TransformMediaInput!) { transformMedia(input: $input) { media { id uid } } }"
    wanted = {"id": source["id"], "transform": {"width": 20}, "caption": "c"}
    made = (await client.data(make, {"input": wanted}))["transformMedia"]["media"]
    say = "mutation ($input: UpdateMediaInput!) { updateMedia(input: $input) { errors { code } } }"
    said = {
        "id": made["id"],
        "externalId": "x",
        "focalPoint": {"x": 0.1, "y": 0.2},
        "labels": [{"key": "l", "value": "v"}],
    }
    assert (await client.data(say, {"input": said}))["updateMedia"]["errors"] == []
    replace = "mutation ($input: ReplaceMediaInput!) { replaceMedia(input: $input) { errors { code } } }"
    again = {"input": {"id": source["id"], "file": None}}
    await client.multipart(replace, again, {"variables.input.file": pictures.png(80, 60)})
    return [source["uid"], made["uid"]]


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("order", ["CREATED_AT", "NAME"])
async def test_each_field_alone_says_in_a_list_what_it_says_elsewhere(
    client: Client, uids: list[str], order: str
) -> None:
    query = "query ($uid: String!) { media(by: { uid: $uid }) { %s } }"
    listed = "query ($order: MediaOrder) { mediaList(first: 2, orderBy: $order) { edges { cursor node { uid ...F } } } } fragment F on Media { again: %s }"
    for field in FIELDS:
        answer = await client.data(listed % field, {"order": {"field": order}})
        nodes = {edge["node"].pop("uid"): edge["node"] for edge in answer["mediaList"]["edges"]}
        found = {uid: (await client.data(query % f"again: {field}", {"uid": uid}))["media"] for uid in nodes}

        assert set(nodes) == set(uids)
        assert unsigned(nodes) == unsigned(found)


def unsigned(value: Any) -> Any:
    """Without the signatures of addresses, which are of the second that they are asked for in."""
    return re.sub(r"\?(expires|sig)[^']*", "", repr(value))


@pytest.mark.usefixtures("database_url")
async def test_no_column_is_read_that_nobody_asks_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    fetch = rows.fetch_text

    async def heard(text: str, values: Any) -> Any:
        texts.append(text)
        return await fetch(text, values)

    monkeypatch.setattr("graphql_api.db.media_list.fetch_text", heard)
    await client.data("{ mediaList(first: 1) { nodes { uid width url rendition { url } } } }")
    await client.data("{ mediaList(first: 1) { nodes { uid width url ... on Media { caption sha256 } } } }")
    few, more = texts
    columns = ["name", "caption", "alt_text", "bytes", "blob_id", "attributes", "updated_at", "external_id", "source"]

    assert [column for column in columns if f'"{column}"' in few] == []
    assert [column for column in columns if f'"{column}"' in more] == ["caption", "blob_id"]
