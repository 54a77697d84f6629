"""What a document costs is known, told and bounded before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from schema import cost
from schema.build import SCHEMA
from schema.cost import MAX_COST, Counter
from tests.client import Client


def cost_of(document: str, variables: dict[str, Any] | None = None) -> int:
    definitions = parse(document).definitions
    (operation,) = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    return Counter(SCHEMA._schema, fragments, variables or {}).operation(operation)


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("{ __typename __schema { types { name } } }", {}, 0),
        ('{ media(by: { uid: "a" }) { name } }', {}, 2),
        ("{ mediaList(first: 10) { nodes { name uid } totalCount } }", {}, 1 + 1 + 10 * 2 + 1),
        ("{ mediaList(last: 10) { edges { cursor node { name } } } }", {}, 1 + 1 + 10 * 3),
        ("{ mediaList { nodes { name } } }", {}, 1 + 1 + 50),
        ("query ($n: Int) { mediaList(first: $n) { nodes { name } } }", {"n": 100}, 1 + 1 + 100),
        ("query ($n: Int = 7) { mediaList(first: $n) { nodes { name } } }", {}, 1 + 1 + 7),
        ("{ mediaList(first: 0) { nodes { name } } }", {}, 1 + 1),
        ("{ mediaList(first: 10) { nodes { rendition { url width } } } }", {}, 1 + 1 + 10 * 4),
        ("{ mediaList(first: 10) { nodes { responsive { src } } } }", {}, 1 + 1 + 10 * 21),
        ('{ nodes(ids: ["a", "b"]) { id ... on Media { name } ...F } } fragment F on Media { uid }', {}, 1 + 2 * 3),
        ("{ viewer { team { members { role } } } }", {}, 1 + 1 + 1 + 10),
        ("{ a: mediaList(first: 1) { totalCount } b: mediaList(first: 1) { totalCount } }", {}, 4),
        ("mutation ($i: DeleteMediaInput!) { deleteMedia(input: $i) { deletedId } }", {"i": {"id": "a"}}, 11),
        (
            "mutation ($i: [DeleteMediaInput!]!) { deleteMediaBatch(input: $i) { results { deletedId } } }",
            {"i": [{"id": "a"}] * 100},
            100 * 10 + 1 + 100,
        ),
    ],
)
def test_a_document_costs_its_fields_times_its_lists(document: str, variables: dict[str, Any], cost: int) -> None:
    assert cost_of(document, variables) == cost


def test_fragments_that_spread_fragments_are_counted_in_no_time() -> None:
    doubling = "".join(f"fragment F{n} on Media {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
    document = f"{{ mediaList(first: 1) {{ nodes {{ ...F0 }} }} }} {doubling} fragment F60 on Media {{ name }}"

    assert cost_of(document) > MAX_COST


async def test_what_costs_too_much_does_not_run(client: Client) -> None:
    fields = " ".join(f"r{n}: responsive {{ src }}" for n in range(12))
    query = f"query ($n: Int) {{ mediaList(first: $n) {{ nodes {{ {fields} }} }} }}"
    fine = await client.graphql(query, {"n": 5})
    refused = await client.graphql(query, {"n": 100})

    assert fine["extensions"]["cost"] == {"requested": 2 + 5 * 12 * 21, "maximum": MAX_COST}
    assert "errors" not in fine
    (error,) = refused["errors"]
    assert error["extensions"]["code"] == "TOO_EXPENSIVE"
    assert "25202" in error["message"]
    assert str(MAX_COST) in error["message"]
    assert "data" not in refused


async def test_wrong_variables_are_still_told(client: Client) -> None:
    answer = await client.graphql("query ($n: Int) { mediaList(first: $n) { totalCount } }", {"n": "many"})

    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_what_is_not_declared_is_not_remembered_by() -> None:
    (operation,) = parse("query ($n: Int) { mediaList(first: $n) { nodes { name } } }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    for number in range(20):
        given = {"n": 5, f"other{number}": number}
        assert Counter(SCHEMA._schema, {}, given).operation(operation) == 1 + 1 + 5

    assert len([key for key in cost._known if key[1] == id(operation)]) == 1
