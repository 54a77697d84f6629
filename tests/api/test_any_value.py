"""Each value that a caller may send anywhere, one at a time: whatever it is, it is never the server's fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from schema.build import SCHEMA
from tests import pictures
from tests.client import Client

# What has been too much for a database, a clock or a codec.
HOSTILE: dict[str, list[object]] = {
    "String": ["a\0b", "", "x" * 100_000, "\u202e\ufeff", "%00", "\U0010ffff"],
    "ID": ["a\0b", "", "x" * 1000, "TWVkaWE6AA==", "TWVkaWE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5"],
    "Int": [-(2**31), -1, 0, 2**31 - 1],
    "Float": [-1e308, -1, 0, 1e308],
    "DateTime": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-02-30T00:00:00Z", ""],
    "BigInt": [-(2**63) - 1, -1, 2**63, 10**30, "9" * 100],
    "Duration": ["-1h", "9" * 50 + "d", "5m\0", ""],
    "Color": ["#12", "a\0b", "x" * 10_000],
}
DEPTH = 6
ENDING = {"deleteAccount", "deleteTeam", "signOut", "signOutEverywhere", "revokeKey"}

Value = tuple[str, object]


def operations() -> Iterator[tuple[str, str, GraphQLField]]:
    for kind, root in (("query", SCHEMA._schema.query_type), ("mutation", SCHEMA._schema.mutation_type)):
        assert root
        for name, field in root.fields.items():
            if field.args and name not in ENDING:
                yield kind, name, field


def least(type_: GraphQLInputType, known: dict[str, str]) -> Any:
    """The smallest value of a type that may do something."""
    if isinstance(type_, GraphQLNonNull):
        return least(type_.of_type, known)
    if isinstance(type_, GraphQLList):
        return [least(type_.of_type, known)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        fields = {name: field for name, field in type_.fields.items() if is_required_input_field(field)}
        if type_.is_one_of:
            fields = dict([next(iter(type_.fields.items()))])
        return {name: least(field.type, known) for name, field in fields.items()}
    return {"ID": known["id"], "Int": 1, "Float": 0.5, "Boolean": True, "DateTime": "2030-01-01T00:00:00Z"}.get(
        type_.name, "x"
    )


def hostile(type_: GraphQLInputType, known: dict[str, str], depth: int = DEPTH) -> Iterator[Any]:
    """Values of a type, each with one hostile thing somewhere in it."""
    if isinstance(type_, GraphQLNonNull):
        yield from hostile(type_.of_type, known, depth)
    elif isinstance(type_, GraphQLList):
        yield from ([value] for value in hostile(type_.of_type, known, depth))
    elif isinstance(type_, GraphQLScalarType):
        yield from HOSTILE.get(type_.name, [])
    elif isinstance(type_, GraphQLInputObjectType) and depth:
        base = {} if type_.is_one_of else least(type_, known)
        for name, field in type_.fields.items():
            for value in hostile(field.type, known, depth - 1):
                yield base | {name: value}


def test_all_scalars_are_known() -> None:
    scalars = {name for name, type_ in SCHEMA._schema.type_map.items() if isinstance(type_, GraphQLScalarType)}
    taken = {
        named.name
        for type_ in SCHEMA._schema.type_map.values()
        if isinstance(type_, GraphQLInputObjectType)
        for field in type_.fields.values()
        if is_leaf_type(named := get_named_type(field.type))
    }

    assert (scalars & taken) - set(HOSTILE) <= {"Boolean", "Upload"}


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation[1])
async def test_no_value_is_the_servers_fault(client: Client, operation: tuple[str, str, GraphQLField]) -> None:
    kind, name, field = operation
    known = {"id": (await client.uploaded(pictures.png()))["id"]}
    declared = ", ".join(f"${arg}: {details.type}" for arg, details in field.args.items())
    passed = ", ".join(f"{arg}: ${arg}" for arg in field.args)
    shown = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    document = f"{kind} ({declared}) {{ {name}({passed}){shown} }}"
    base = {arg: least(d.type, known) for arg, d in field.args.items() if is_required_argument(d)}
    wrong = []
    for arg, details in field.args.items():
        for value in hostile(details.type, known):
            answer = await client.graphql(document, base | {arg: value})
            codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
            if "INTERNAL_SERVER_ERROR" in codes:
                wrong.append((arg, str(value)[:300]))

    assert wrong == []
