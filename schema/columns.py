"""Values completed a column at a time: one attribute of all items of a list, then the next, in tight loops.

Only for what is plain: attributes of Strawberry types, and leaves of usual Python types. Everything else is NotPlain
when the column is made, or deviates when it runs, and is then graphql-core's: docs/adr/0013-compiled-execution.md.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    TypeNameMetaFieldDef,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.union import StrawberryUnion

from schema.leaves import Column, Deviation, Execution, NotPlain, column_of_leaf
from schema.methods import DEFINITION, find_definition, told_of

# `metadata` of a field whose resolver is a method that only computes, or gives a coroutine that does more: it may be
# called twice, changes nothing, and asks nothing of `info` but its context.
PLAIN: Final[Mapping[str, bool]] = {"plain": True}
# Beside it: the attribute that such a resolver reads, and nothing else.
PATH: Final = "path"

_NULL = type(None)
_COROUTINE = types.CoroutineType


@dataclass(frozen=True, slots=True)
class Part:
    """The plain fields of objects, all that is `selected` in its order, and the `others`."""

    column: Column
    selected: GroupedFieldSet
    others: GroupedFieldSet


class Columns:
    """The columns of one operation, each made when it is first asked for."""

    def __init__(self) -> None:
        # By type, and by the identity of the list of nodes; which is kept, or another list could come to have it.
        self._made: dict[tuple[object, int, bool], tuple[FieldDetailsList, Column | None]] = {}
        self._parts: dict[tuple[object, int], tuple[FieldDetailsList, Part | None]] = {}
        self._late: dict[tuple[object, int], FieldDetailsList] = {}

    def of_value(self, kind: GraphQLOutputType, nodes: FieldDetailsList, execution: Execution) -> Column | None:
        """The column that completes values of this type; None unless all below it is plain."""
        return self._find((kind, id(nodes), True), nodes, lambda: self._complete(kind, nodes, execution))

    def of_field(self, parent: GraphQLObjectType, nodes: FieldDetailsList, execution: Execution) -> Column | None:
        """The column that reads a field of objects and completes it; None unless it is plain, and all below it."""
        return self._find((parent, id(nodes), False), nodes, lambda: self._field(parent, nodes, execution))

    def _find(
        self, key: tuple[object, int, bool], nodes: FieldDetailsList, make: Callable[[], Column]
    ) -> Column | None:
        made = self._made.get(key)
        if made is None:
            try:
                column = make()
            except (NotPlain, GraphQLError, RecursionError):
                made = self._made[key] = nodes, None
            else:
                made = self._made[key] = nodes, column
        return made[1]

    # --- fields

    def _forget(self, parent: GraphQLObjectType, nodes: FieldDetailsList) -> None:
        """Have graphql-core execute this field from now on, and its neighbours without it."""
        self._late[parent, id(nodes)] = nodes
        self._made.clear()
        self._parts.clear()

    def _field(self, parent: GraphQLObjectType, nodes: FieldDetailsList, execution: Execution) -> Column:
        field = execution.schema.get_field(parent, nodes[0].node.name.value)
        if field is TypeNameMetaFieldDef:
            return lambda items, _: [parent.name] * len(items)
        if field is None or (parent, id(nodes)) in self._late:
            raise NotPlain
        path = _path_of(field)
        late = functools.partial(self._forget, parent, nodes)
        read = _attribute(path) if path else _read(field, parent, nodes, late)
        complete = _need(self.of_value(field.type, nodes, execution))
        return lambda items, execution: complete(read(items, execution), execution)

    # --- values

    def _complete(self, kind: GraphQLOutputType, nodes: FieldDetailsList, execution: Execution) -> Column:
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type, nodes, execution)
        return _nullable(self._present(kind, nodes, execution))

    def _present(self, kind: Any, nodes: FieldDetailsList, execution: Execution) -> Column:
        """The column of values that are there."""
        if isinstance(kind, GraphQLList):
            return _lists(_need(self.of_value(kind.of_type, nodes, execution)))
        if isinstance(kind, GraphQLObjectType):
            return self._objects(kind, nodes, execution)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return self._abstract(kind, nodes, execution)
        return column_of_leaf(kind)

    def _objects(self, kind: GraphQLObjectType, nodes: FieldDetailsList, execution: Execution) -> Column:
        selected = execution.collect_subfields(kind, nodes).grouped_field_set
        columns = {name: _need(self.of_field(kind, below, execution)) for name, below in selected.items()}
        return _dictionaries(_class_of(kind), columns)

    def of_some(self, kind: GraphQLObjectType, nodes: FieldDetailsList, execution: Execution) -> Part | None:
        """The plain part of objects that are not plain as a whole; None where there is none."""
        key = kind, id(nodes)
        if key not in self._parts:
            self._parts[key] = nodes, self._part(kind, nodes, execution)
        return self._parts[key][1]

    def _part(self, kind: GraphQLObjectType, nodes: FieldDetailsList, execution: Execution) -> Part | None:
        try:
            expected = _class_of(kind)
            selected = execution.collect_subfields(kind, nodes).grouped_field_set
        except (NotPlain, GraphQLError, RecursionError):
            return None
        found = {name: self.of_field(kind, below, execution) for name, below in selected.items()}
        columns = {name: column for name, column in found.items() if column is not None}
        others = {name: below for name, below in selected.items() if name not in columns}
        return Part(_dictionaries(expected, columns), selected, others) if columns and others else None

    def _abstract(
        self, kind: GraphQLInterfaceType | GraphQLUnionType, nodes: FieldDetailsList, execution: Execution
    ) -> Column:
        """One item at a time: their types differ, and such lists are short."""
        columns = {
            _class_of(possible): column
            for possible in execution.schema.get_possible_types(kind)
            if _resolves_by_class(kind, possible) and (column := self.of_value(possible, nodes, execution)) is not None
        }

        def run(items: Sequence[Any], execution: Execution) -> Sequence[Any]:
            done: list[Any] = []
            for item in items:
                column = columns.get(type(item))
                if column is None:
                    raise Deviation
                done += column((item,), execution)
            return done

        return run


# --- what is plain


def _need(column: Column | None) -> Column:
    if column is None:
        raise NotPlain
    return column


def _class_of(kind: GraphQLObjectType) -> type:
    """The class whose very instances are of this type, as graphql-core will find. NotPlain."""
    definition = kind.extensions.get(DEFINITION)
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
        raise NotPlain
    found: type = definition.concrete_of.origin if definition.concrete_of else definition.origin
    if issubclass(found, Exception) or hasattr(found, "__await__"):
        raise NotPlain
    return found


def _resolves_by_class(kind: GraphQLInterfaceType | GraphQLUnionType, possible: GraphQLObjectType) -> bool:
    """Whether Strawberry takes instances of the class for this type. NotPlain where it asks a function of ours."""
    definition, object_definition = kind.extensions.get(DEFINITION), possible.extensions[DEFINITION]
    if object_definition.concrete_of or object_definition.name != possible.name:
        return False
    if isinstance(definition, StrawberryUnion):
        return True
    if not isinstance(definition, StrawberryObjectDefinition) or definition.resolve_type is not None:
        raise NotPlain
    return issubclass(object_definition.origin, definition.origin)


def _read(field: GraphQLField, parent: GraphQLObjectType, nodes: FieldDetailsList, late: Callable[[], None]) -> Column:
    """The column of what the field's resolver gives; `late` is called when that has to be awaited. NotPlain."""
    definition = find_definition(field)
    resolver = definition.base_resolver if definition else None
    if definition is None or resolver is None or not definition.metadata.get("plain") or definition.extensions:
        raise NotPlain
    if resolver.is_async or resolver.self_parameter is None:
        raise NotPlain
    takes_info, asked = resolver.info_parameter is not None, [details.node for details in nodes]
    is_given = bool(asked[0].arguments)

    def call(items: Sequence[Any], execution: Execution) -> Sequence[Any]:
        if not takes_info and not is_given:
            return list(map(resolver, items))
        told = told_of(definition, execution.build_resolve_info(field, asked, parent, None))
        arguments = dict(execution.arguments(field, nodes, told)) if is_given else {}
        if resolver.info_parameter is not None:
            arguments[resolver.info_parameter.name] = told
        given: list[Any] = []
        try:
            given += (resolver(item, **arguments) for item in items)
        except BaseException:
            _close(given)
            raise
        if _COROUTINE in set(map(type, given)):
            _close(given)
            late()
            raise Deviation
        return given

    return call


@functools.cache
def _attribute(path: str) -> Column:
    """The column of an attribute, compiled: so it is read in half of the time that `map(attrgetter())` takes."""
    source = f"lambda items, _: [item.{path} for item in items]"
    column: Column = eval(source)  # noqa: S307 (names of Python, from our own classes)
    return column


def _path_of(field: GraphQLField) -> str | None:
    """The attribute that a field stands for, if it is no more than that."""
    definition = find_definition(field)
    if definition is None:
        return None
    if definition.is_basic_field and definition.default_resolver is getattr:
        return definition.python_name
    path: str | None = definition.metadata.get(PATH) if not definition.extensions else None
    return path


def _close(given: Sequence[Any]) -> None:
    """Drop what was never begun: each is asked for again."""
    for item in given:
        if type(item) is _COROUTINE:
            item.close()


# --- how values are completed


def _dictionaries(expected: type, columns: Mapping[str, Column]) -> Column:
    """Objects of this very class, each as a dictionary."""
    made = tuple(columns.values())
    rows = _rows(tuple(columns)) if columns else None

    def run(items: Sequence[Any], execution: Execution) -> Sequence[Any]:
        if not items:
            return []
        if set(map(type, items)) != {expected}:
            raise Deviation
        return rows(*[column(items, execution) for column in made]) if rows else [{} for _ in items]

    return run


@functools.lru_cache(maxsize=1024)
def _rows(names: tuple[str, ...]) -> Callable[..., list[dict[str, Any]]]:
    """A function that gives dictionaries with these keys, of a list of values for each.

    Compiled, as `namedtuple` compiles its own: a display with constant keys is made in half the time of `dict(zip())`.
    Names of GraphQL are letters, digits and underscores.
    """
    values = [f"value{number}" for number in range(len(names))]
    pairs = ", ".join(f"{name!r}: {value}" for name, value in zip(names, values, strict=True))
    source = f"lambda *columns: [{{{pairs}}} for {', '.join(values)}, in zip(*columns, strict=True)]"
    rows: Callable[..., list[dict[str, Any]]] = eval(source)  # noqa: S307
    return rows


def _nullable(present: Column) -> Column:
    def run(items: Sequence[Any], execution: Execution) -> Sequence[Any]:
        if _NULL not in set(map(type, items)):
            return present(items, execution)
        there = iter(present([item for item in items if item is not None], execution))
        return [None if item is None else next(there) for item in items]

    return run


def _lists(complete: Column) -> Column:
    """Lists of items, as one long column of items."""

    def run(items: Sequence[Any], execution: Execution) -> Sequence[Any]:
        if not {list, tuple}.issuperset(map(type, items)):
            raise Deviation
        done = iter(complete(list(chain.from_iterable(items)), execution))
        return [list(islice(done, len(item))) for item in items]

    return run
