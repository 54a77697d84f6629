"""Execution of a document as graphql-core does it, but with whole lists of plain objects completed at once.

What a column does not do is left to graphql-core, from the field on at which it was tried; so results and errors are
graphql-core's in every case (docs/adr/0013-compiled-execution.md, tests/unit/test_compiled.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Hashable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationType,
    get_argument_values,
    get_nullable_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.columns import Part
from schema.known import BUILT, Built, Variant, find_operation, simple
from schema.methods import DEFINITION, call, convert, definition_of, is_method, told_of

_MAX_ARGUMENTS = 64  # of methods, in one variant
# What graphql-core gives to an execution as it is. (Subscriptions name more, and are built each time.)
_OF_EACH = {"hide_suggestions", "abort_signal", "hooks", "operation_extensions"}


class CompiledExecution(StrawberryGraphQLCoreExecutionContext):
    """One execution. Whatever is tried in columns and fails is done again by graphql-core, which words the error."""

    def __init__(self, *args: Any, before: Built | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows: dict[tuple[int, int], tuple[Part, dict[str, Any]]] = {}  # by object and by what is selected of it
        self._variant, self._given = (before.variant, before.given) if before else self._look_up()
        self._arguments: dict[tuple[int, object], dict[str, Any]] = {}
        if self._variant and self._given is not None and self.operation.operation is OperationType.QUERY:
            self._arguments = self._variant.arguments

    def _look_up(self) -> tuple[Variant | None, object]:
        middleware = self.middleware_manager
        handlers = self.schema.extensions[DEFINITION].exception_handlers
        if self.abort_signal is not None or handlers or (middleware and middleware.middlewares):
            return None, None
        operation = find_operation(self.schema, self.operation, self.fragment_definitions)
        variables = self.variable_values.coerced
        return operation.variant(variables), simple(variables)

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *rest: Any,
        **more: Any,
    ) -> list[GraphQLError] | Executor[Any]:
        """Build an execution; what was worked out for the same few variables before is not worked out again."""
        given = simple(raw_variable_values or {}) if more.keys() <= _OF_EACH and not more.get("abort_signal") else None
        key = id(schema), id(document), operation_name, given, *map(id, rest)
        before = BUILT.find(key) if given is not None else None
        if before is not None:
            return cls(schema, *before.fragments, root_value, context_value, *before.rest, before=before, **more)
        roots = root_value, context_value
        made = super().build(schema, document, *roots, raw_variable_values, operation_name, *rest, **more)
        if given is not None and isinstance(made, CompiledExecution):
            made.keep(key, (schema, document, rest))
        return made

    def keep(self, key: Hashable, kept: object) -> None:
        """Have later queries made from what this was made from; what a mutation is given may be secret."""
        if self._variant is not None and self.operation.operation is OperationType.QUERY:
            BUILT.keep(key, Built(kept, self, self._variant, self._given))

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


def _join(part: Part, row: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Both parts of an object, in the order that was asked for."""
    both = row | others
    return {name: both[name] for name in part.selected if name in both}


async def _join_later(part: Part, row: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _join(part, row, await others)
