"""Execution of a document as graphql-core does it, but with whole lists of plain objects completed at once.

What a column does not do is left to graphql-core, from the field on at which it was tried; so results and errors are
graphql-core's in every case (docs/adr/0013-compiled-execution.md, tests/unit/test_compiled.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_argument_values,
    get_nullable_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.language import DirectiveNode
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.columns import Columns, Part
from schema.methods import DEFINITION, call, convert, definition_of, is_method, told_of

_MAX_OPERATIONS = 256
_MAX_VARIANTS = 16  # of one operation, by the variables that @skip and @include ask
_MAX_ARGUMENTS = 64  # of one variant
_MAX_GIVEN = 16  # variables that arguments are remembered by
_MAX_TEXT = 512  # characters of all of these
_SIMPLE = frozenset((bool, int, float, str, type(None)))
_CONDITIONS = {"skip", "include"}


class Variant:
    """What is collected and compiled of an operation, as long as the same nodes are skipped."""

    def __init__(self) -> None:
        self.columns = Columns()
        self.root: GroupedFieldSet | None = None
        self.methods: dict[int, tuple[FieldDetailsList, GraphQLField | None]] = {}
        # Of methods, converted; by the identity of the list of nodes, and by the variables they may depend on.
        self.arguments: dict[tuple[int, object], dict[str, Any]] = {}
        # By type, and by the identity of the list of nodes, which is kept.
        self.collected: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = {}


class Operation:
    """An operation that has been executed before. Its nodes are kept: their identities are what it is found by."""

    def __init__(self, nodes: Sequence[object], conditions: Sequence[str] | None) -> None:
        self.nodes = nodes
        self._conditions = conditions
        self._variants: dict[tuple[bool | None, ...], Variant] = {}

    def variant(self, variables: dict[str, Any]) -> Variant | None:
        """What is known of it for these variables; None where it is not compiled."""
        if self._conditions is None:
            return None
        # (What is no boolean is refused when fields are collected, each time.)
        given = [variables.get(name) for name in self._conditions]
        key = tuple(value if isinstance(value, bool) else None for value in given)
        found = self._variants.get(key)
        if found is None:
            if len(self._variants) >= _MAX_VARIANTS:
                self._variants.clear()
            found = self._variants[key] = Variant()
        return found


_operations: dict[tuple[int, ...], Operation] = {}  # the one that was used last is the last


def _find_operation(
    schema: GraphQLSchema, node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> Operation:
    """What is known of an operation. `prepare` gives the same nodes for the same text."""
    nodes = (schema, node, *fragments.values())
    key = tuple(map(id, nodes))
    found = _operations.pop(key, None)
    if found is None:
        found = Operation(nodes, _conditions(node, fragments))
        if len(_operations) >= _MAX_OPERATIONS:
            del _operations[next(iter(_operations))]
    _operations[key] = found
    return found


def _conditions(node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> tuple[str, ...] | None:
    """The variables that decide what is selected; None when other directives, or arguments of fragments, have a say."""
    directives = list(node.directives or ())
    for definition in (node, *fragments.values()):
        directives += _directives(definition.selection_set)
    arguments = any(fragment.variable_definitions for fragment in fragments.values())
    if arguments or {directive.name.value for directive in directives} - _CONDITIONS:
        return None
    values = [argument.value for directive in directives for argument in directive.arguments or ()]
    return tuple(sorted({value.name.value for value in values if isinstance(value, VariableNode)}))


def _directives(selected: SelectionSetNode) -> Iterator[DirectiveNode]:
    for selection in selected.selections:
        yield from selection.directives or ()
        if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
            yield from _directives(selection.selection_set)


class CompiledExecution(StrawberryGraphQLCoreExecutionContext):
    """One execution. Whatever is tried in columns and fails is done again by graphql-core, which words the error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._variant: Variant | None = None
        self._given: object = None
        self._arguments: dict[tuple[int, object], dict[str, Any]] = {}
        self._rows: dict[tuple[int, int], tuple[Part, dict[str, Any]]] = {}  # by object and by what is selected of it
        middleware = self.middleware_manager
        handlers = self.schema.extensions[DEFINITION].exception_handlers
        if self.abort_signal is None and not handlers and (middleware is None or not middleware.middlewares):
            operation = _find_operation(self.schema, self.operation, self.fragment_definitions)
            self._variant = operation.variant(self.variable_values.coerced)
            self._given = _simple(self.variable_values.coerced)
            if self._variant and self._given is not None and self.operation.operation is OperationType.QUERY:
                self._arguments = self._variant.arguments

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        *rest: Any,
    ) -> Any:
        """Run the root fields with the lists of nodes of the first time, as everything below is found by them."""
        if self._variant is not None:
            if self._variant.root is None:
                self._variant.root = grouped_field_set
            grouped_field_set = self._variant.root
        return super().execute_collected_root_fields(root_type, root_value, grouped_field_set, *rest)

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        """Collect what is selected below, once for each variant."""
        if self._variant is None:
            return super().collect_subfields(return_type, field_details_list)
        key = return_type, id(field_details_list)
        found = self._variant.collected.get(key)
        if found is None:
            collected = super().collect_subfields(return_type, field_details_list)
            found = self._variant.collected[key] = field_details_list, collected
        return found[1]

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """Execute one field: a plain one as a column of one, a method with the arguments that it was last given."""
        if self._variant is None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        column = self._variant.columns.of_field(parent_type, field_details_list, self)
        if column is not None:
            try:
                return column((source,), self)[0]
            except Exception:  # noqa: BLE001, S110 (whatever it is, the same happens again below)
                pass
        field = self._method(parent_type, field_details_list)
        if field is None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        info = self.build_resolve_info(field, [details.node for details in field_details_list], parent_type, path)
        try:
            return self._execute_method(field, source, field_details_list, info, position_context)
        except Exception as error:  # noqa: BLE001 (a resolver may raise anything)
            self.handle_field_error(error, field.type, field_details_list, path)
            return None

    def complete_list_value(
        self,
        return_type: GraphQLList[Any],
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete a list; of objects that are not plain as a whole, the plain fields as columns before the others."""
        kind = get_nullable_type(return_type.of_type)
        part = None
        if self._variant is not None and isinstance(kind, GraphQLObjectType) and isinstance(result, list | tuple):
            part = self._variant.columns.of_some(kind, field_details_list, self)
        if part is None:
            return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)
        items = [item for item in result if item is not None]
        with contextlib.suppress(Exception):  # whatever it is, the same happens again below
            rows = zip(items, part.column(items, self), strict=True)
            self._rows |= {(id(item), id(part.selected)): (part, row) for item, row in rows}
        try:
            return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)
        finally:
            for item in items:
                self._rows.pop((id(item), id(part.selected)), None)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """Execute the fields of an object, except for those that were completed together with its list."""
        part, row = self._rows.get((id(source_value), id(grouped_field_set)), (None, {}))
        if part is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        done: Any = super().execute_fields(parent_type, source_value, path, part.others, position_context)
        return _join_later(part, row, done) if self.is_awaitable(done) else _join(part, row, done)

    def _method(self, parent: GraphQLObjectType, nodes: FieldDetailsList) -> GraphQLField | None:
        """The field, if it is a method of ours that has arguments."""
        assert self._variant is not None  # noqa: S101 (mypy)
        methods = self._variant.methods
        if id(nodes) not in methods:
            field = self.schema.get_field(parent, nodes[0].node.name.value)
            methods[id(nodes)] = nodes, field if field and is_method(field) else None
        return methods[id(nodes)][1]

    def _execute_method(
        self, field: GraphQLField, source: Any, nodes: FieldDetailsList, info: Any, position_context: Any
    ) -> Any:
        """Call a method and complete what it gives; what has to be awaited in a coroutine that words its errors."""
        path = info.path
        definition = definition_of(field)
        told = told_of(definition, info)
        result = call(definition, source, told, self.arguments(field, nodes, told))
        if self.is_awaitable(result):
            return self.complete_awaitable_value(field.type, nodes, info, path, result, position_context)
        completed = self.complete_value(field.type, nodes, info, path, result, position_context)
        return self._complete_later(completed, field.type, nodes, path) if self.is_awaitable(completed) else completed

    def arguments(self, field: GraphQLField, nodes: FieldDetailsList, told: Any) -> Mapping[str, Any]:
        """What a method is given. All objects of a list, and requests, share that: it may not change it."""
        known, key = self._arguments, (id(nodes), self._given)
        found = known.get(key)
        if found is None:
            first = nodes[0]
            values = get_argument_values(
                field, first.node, self.variable_values, first.fragment_variable_values, self.hide_suggestions
            )
            if len(known) >= _MAX_ARGUMENTS:
                known.clear()
            found = known[key] = convert(definition_of(field), values, told)
        return found

    async def _complete_later(
        self, completed: Any, kind: GraphQLOutputType, nodes: FieldDetailsList, path: Path
    ) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 (a resolver may raise anything)
            self.handle_field_error(error, kind, nodes, path)
            return None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete what a resolver gave; what is plain below it as columns."""
        if self._variant is not None:
            column = self._variant.columns.of_value(return_type, field_details_list, self)
            if column is not None:
                try:
                    return column((result,), self)[0]
                except Exception:  # noqa: BLE001, S110 (whatever it is, the same happens again below)
                    pass
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


def _simple(variables: dict[str, Any]) -> object:
    """What arguments are remembered by: the variables, if they are but numbers and short texts; None for others."""
    values = variables.values()
    if len(variables) > _MAX_GIVEN or not _SIMPLE.issuperset(map(type, values)):
        return None
    if sum(len(value) for value in values if isinstance(value, str)) > _MAX_TEXT:
        return None
    # (1 and true are equal, and different arguments.)
    return tuple(zip(variables, map(type, values), values, strict=True))


def _join(part: Part, row: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Both parts of an object, in the order that was asked for."""
    both = row | others
    return {name: both[name] for name in part.selected if name in both}


async def _join_later(part: Part, row: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _join(part, row, await others)
