"""What is known of operations that were executed before, bounded: found by their nodes, and by their variables.

`prepare` (schema/documents.py) gives the same nodes for the same text.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.language import DirectiveNode

from schema.columns import Columns

_MAX = 256  # operations; and executions, with their variables
_MAX_VARIANTS = 16  # of one operation, by the variables that @skip and @include ask
_MAX_GIVEN = 16  # variables that anything is remembered by
_MAX_TEXT = 512  # characters of all of these
_SIMPLE = frozenset((bool, int, float, str, type(None)))
_CONDITIONS = {"skip", "include"}

T = TypeVar("T")


class Recent(Generic[T]):
    """At most so many values by key: those that were used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, T] = {}  # the one that was used last is the last

    def __len__(self) -> int:
        """How many there are."""
        return len(self._values)

    def find(self, key: Hashable) -> T | None:
        """The value, used once more."""
        found = self._values.pop(key, None)
        if found is not None:
            self._values[key] = found
        return found

    def keep(self, key: Hashable, value: T) -> None:
        """Have the value under this key, in the place of the one that was not used for longest."""
        if len(self._values) >= self._most:
            del self._values[next(iter(self._values))]
        self._values[key] = value


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


OPERATIONS = Recent[Operation](_MAX)


def find_operation(
    schema: GraphQLSchema, node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> Operation:
    """What is known of an operation."""
    nodes = (schema, node, *fragments.values())
    key = tuple(map(id, nodes))
    found = OPERATIONS.find(key)
    if found is None:
        found = Operation(nodes, _conditions(node, fragments))
        OPERATIONS.keep(key, found)
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


class Built:
    """What an execution was made from, for later ones of the same document with the same few variables.

    What it was asked with is `kept`, for its identity is what it is found by.
    """

    def __init__(self, kept: object, execution: Executor[Any], variant: Variant, given: object) -> None:
        self.kept = kept
        self.variant, self.given = variant, given
        self.fragments = execution.fragment_definitions, execution.fragments
        self.rest = (
            *(execution.operation, execution.variable_values, execution.field_resolver, execution.type_resolver),
            *(execution.subscribe_field_resolver, execution.enable_early_execution, execution.middleware_manager),
            *(execution.is_awaitable, execution.is_async_iterable),
        )


BUILT = Recent[Built](_MAX)


def simple(variables: dict[str, Any]) -> object:
    """What anything is remembered by: the variables, if they are but numbers and short texts; None for others."""
    values = variables.values()
    if len(variables) > _MAX_GIVEN or not _SIMPLE.issuperset(map(type, values)):
        return None
    # (The names as well: who asks may name any.)
    if sum(map(len, variables)) + sum(len(value) for value in values if isinstance(value, str)) > _MAX_TEXT:
        return None
    # (1 and true are equal, and different arguments.)
    return tuple(zip(variables, map(type, values), values, strict=True))
