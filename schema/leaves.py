"""Leaves completed a column at a time, and what a column is (schema/columns.py)."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import orjson
from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    FieldNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    is_leaf_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.schema.types.base_scalars import isoformat

# What a leaf may be, or become: nothing that could be awaited, raised or missing.
_USUAL = frozenset(
    (
        *(bool, int, float, str, bytes, list, tuple, dict),
        *(dt.datetime, dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID),
    )
)


class NotPlain(Exception):
    """No column can be made of this."""


class Deviation(Exception):
    """A value is not of the kind that the column is made for; graphql-core completes it, or says what is wrong."""


class Execution(Protocol):
    """What a column asks of the operation under way."""

    schema: GraphQLSchema

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        """The fields that are selected below."""

    def build_resolve_info(
        self, field_def: GraphQLField, field_nodes: list[FieldNode], parent_type: GraphQLObjectType, path: Any
    ) -> Any:
        """What graphql-core tells a resolver."""

    def arguments(self, field: GraphQLField, nodes: FieldDetailsList, told: Any) -> Mapping[str, Any]:
        """The arguments of a field, as its method takes them."""


Column = Callable[[Sequence[Any], Execution], Sequence[Any]]


def column_of_leaf(kind: Any) -> Column:
    """The column that completes values of a scalar or an enum. NotPlain."""
    if isinstance(kind, CustomGraphQLEnumType) and issubclass(kind.wrapped_cls, Enum):
        return _members(kind)
    if not is_leaf_type(kind):
        raise NotPlain
    if kind in _AS_THEY_ARE:
        return _AS_THEY_ARE[kind]
    coerce = kind.coerce_output_value
    if coerce is isoformat:
        return moments

    def run(items: Sequence[Any], _: Execution) -> Sequence[Any]:
        _expect(items, _USUAL)
        done = list(map(coerce, items))
        _expect(done, _USUAL)
        return done

    return run


def moments(items: Sequence[Any], _: Execution) -> Sequence[Any]:
    """Times in ISO 8601; those in UTC by orjson, which writes what `isoformat` does in a twentieth of the time."""
    if set(map(type, items)) == {dt.datetime} and {item.tzinfo for item in items} == {dt.UTC}:
        return orjson.dumps(items).decode()[2:-2].split('","')
    _expect(items, _USUAL)
    return list(map(isoformat, items))


def _members(kind: CustomGraphQLEnumType) -> Column:
    # By identity: members live as long as their class, and hashing one runs Python.
    names = {id(member): kind.coerce_output_value(member) for member in list[Any](kind.wrapped_cls)}
    return lambda items, _: [names[number] for number in map(id, items)]


def _expect(items: Sequence[Any], kinds: frozenset[type]) -> None:
    if not kinds.issuperset(map(type, items)):
        raise Deviation


def _as_they_are(kind: type, *, hold: Callable[[Sequence[Any]], bool] = lambda _: True) -> Column:
    """Values of this very type, all of which `hold`, stand for themselves."""
    kinds = frozenset((kind,))

    def run(items: Sequence[Any], _: Execution) -> Sequence[Any]:
        _expect(items, kinds)
        if items and not hold(items):
            raise Deviation
        return items

    return run


_AS_THEY_ARE: dict[object, Column] = {
    GraphQLString: _as_they_are(str),
    GraphQLID: _as_they_are(str),
    GraphQLBoolean: _as_they_are(bool),
    GraphQLInt: _as_they_are(int, hold=lambda items: min(items) >= GRAPHQL_MIN_INT and max(items) <= GRAPHQL_MAX_INT),
    GraphQLFloat: _as_they_are(float, hold=lambda items: all(map(math.isfinite, items))),
}
