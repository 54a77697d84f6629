"""What a document costs, known before it runs: fields, times the sizes of the lists that they are in.

A page counts as many times as it may have items, whatever it will have; what is planned for each image weighs more.
What the documents of one request cost together is bounded, and so is what a team's cost in a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLStreamDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableValues,
    get_argument_values,
    get_directive_values,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    is_list_type,
)

from graphql_api.domain.page import DEFAULT_PAGE
from graphql_api.services.limits import Allowance

MAX_COST = 20_000
_ASSUMED = 10  # items of a list that no argument bounds
_MUTATION = 10
_FEW = {"errors": 1}  # lists that nearly always have as many items
_WEIGHTS = {"rendition": 2, "responsive": 20, "placeholder": 2}


@dataclass(slots=True)
class Meter:
    """What a request has cost so far, and how its team's budget stands after that."""

    cost: int = 0
    allowance: Allowance | None = None


# What operations cost, by the identities of schema and node (which are kept, so that nothing else comes to have them)
# and by what of the variables can be a size.
_known: dict[tuple[object, ...], tuple[object, int]] = {}
_MAX_KNOWN = 1024


def _measure(value: object) -> object:
    """As much of a variable as a cost can depend on: a number, the length of a list, or whether it is there."""
    if isinstance(value, int | float):
        return value
    return f"{len(value)} items" if isinstance(value, list) else str(value is None)


class Counter:
    """Adds up an operation. It has been validated: names exist, fragments do not go in circles."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._given = variables
        self._variables: VariableValues | None = None
        self._known: dict[tuple[str, int], int] = {}

    def operation(self, node: OperationDefinitionNode) -> int:
        """The cost of all it selects. Remembered as long as no variable changes that can be a size."""
        # (Of what was given only what is declared: the rest may be anything, and any amount of it.)
        names = [item.variable.name.value for item in node.variable_definitions or ()]
        sizes = tuple((name, _measure(self._given[name])) for name in names if name in self._given)
        key = id(self._schema), id(node), sizes
        if key not in _known and (cost := self._count(node)) is not None:
            if len(_known) >= _MAX_KNOWN:
                _known.clear()
            _known[key] = (self._schema, node), cost
        return _known[key][1] if key in _known else 0

    def _count(self, node: OperationDefinitionNode) -> int | None:
        """The cost, or None where the variables are wrong: they are refused in execution, which comes next."""
        root = self._schema.get_root_type(node.operation)
        coerced = get_variable_values(self._schema, node.variable_definitions or (), dict(self._given))
        if root is None or isinstance(coerced, list):
            return None
        self._variables = coerced
        return self._selections(node.selection_set, root, None)

    def _selections(self, node: SelectionSetNode, parent: Any, page: int | None) -> int:
        total = 0
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                total += self._field(selection, parent, page)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                kind = self._schema.get_type(condition.name.value) if condition else parent
                total += self._selections(selection.selection_set, kind, page)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._spread(selection.name.value, page)
        return total

    def _spread(self, name: str, page: int | None) -> int:
        """A fragment, counted once however often it is spread: nested ones could be spread without end."""
        key = name, page or 0
        if key not in self._known:
            fragment = self._fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._known[key] = self._selections(fragment.selection_set, kind, page)
        return self._known[key]

    def _field(self, node: FieldNode, parent: Any, page: int | None) -> int:
        name = node.name.value
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0  # (introspection has a limit of its own)
        field = parent.fields[name]
        weight = _MUTATION if parent is self._schema.mutation_type else _WEIGHTS.get(name, 1)
        size = self._size(node, field)
        if node.selection_set is None:
            return weight
        kind = get_named_type(field.type)
        if is_list_type(get_nullable_type(field.type)):
            self._refuse_negative_stream(node)
            assumed = _FEW.get(name, _ASSUMED)
            items = page if page is not None else size if size is not None else assumed
            return weight + items * self._selections(node.selection_set, kind, None)
        if size is not None and kind.name.endswith("BatchPayload"):  # a result for each item
            return size * weight + self._selections(node.selection_set, kind, size)
        inside = size if name in ("mediaList", "trash") or "Connection" in kind.name else None
        below = self._selections(node.selection_set, kind, inside)
        return weight + below if inside is not None or size is None else max(1, size) * (weight + below)

    def _refuse_negative_stream(self, node: FieldNode) -> None:
        """Refuse what graphql-core, which asks for this here and not before, takes for a failure of the server."""
        stream = get_directive_values(GraphQLStreamDirective, node, self._variables) if node.directives else None
        if stream and ((count := stream.get("initialCount")) is None or count < 0):
            message = "'initialCount' of '@stream' must be at least 0."
            raise GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"})

    def _size(self, node: FieldNode, field: GraphQLField) -> int | None:
        """How many items the arguments ask for; None where they say nothing of it."""
        if not field.args.keys() & {"first", "last", "ids", "input", "representations"}:
            return None
        try:
            given = get_argument_values(field, node, self._variables)
        except GraphQLError:  # refused in execution
            return None
        for name in ("ids", "input", "representations"):
            if name in field.args:
                value = given.get(name)
                return len(value) if isinstance(value, Sequence) and not isinstance(value, str) else None
        counts = [count for name in ("first", "last") if isinstance(count := given.get(name), int)]
        return max(0, *counts, 0) if counts else DEFAULT_PAGE
