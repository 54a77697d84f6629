"""What a document may be, before it is known what it costs.

The rules are built once: a rule class made anew for each request would be another rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.validation import ASTValidationContext

# Comments are no tokens and documents are cached: without a limit on their text the cache would hold megabytes each.
MAX_QUERY = 20_000  # characters
MAX_TOKENS = 1000
MAX_DEPTH = 12  # introspection counts as one level
MAX_ALIASES = 50
MAX_DIRECTIVES = 50


class LimitShape(ASTValidationRule):
    """Refuse what is deeper than MAX_DEPTH, or has more than MAX_ALIASES wherever its fragments are spread.

    Each fragment is looked at once: Strawberry's limits walk through it for each spread, which nested ones double at
    each level. It may be spread in a circle, or not be there: other rules refuse that.
    """

    def __init__(self, context: ASTValidationContext) -> None:
        super().__init__(context)
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._known: dict[str, tuple[int, int]] = {}

    def enter_document(self, node: DocumentNode, *_: object) -> None:
        """Measure all operations."""
        definitions = node.definitions
        self._fragments = {item.name.value: item for item in definitions if isinstance(item, FragmentDefinitionNode)}
        total = 0
        for item in definitions:
            if isinstance(item, OperationDefinitionNode):
                depth, aliases = self._measure(item.selection_set)
                total += aliases
                if depth > MAX_DEPTH:
                    name = item.name.value if item.name else "anonymous"
                    self.report_error(GraphQLError(f"'{name}' exceeds maximum operation depth of {MAX_DEPTH}", item))
        if total > MAX_ALIASES:
            self.report_error(GraphQLError(f"{min(total, 10**6)} aliases found. Allowed: {MAX_ALIASES}"))

    def _measure(self, selected: SelectionSetNode) -> tuple[int, int]:
        """How many fields stand above the deepest, those of introspection apart, and how many aliases there are."""
        depth = aliases = 0
        for node in selected.selections:
            below, more = -1, 0
            if isinstance(node, FragmentSpreadNode):
                below, more = self._fragment(node.name.value)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                below, more = self._measure(node.selection_set)
            if isinstance(node, FieldNode):
                below = 0 if node.name.value.startswith("__") else below + 1
                more += node.alias is not None
            depth, aliases = max(depth, below), aliases + more
        return depth, aliases

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = (0, 0)  # where it comes back to itself
            if (fragment := self._fragments.get(name)) is not None:
                self._known[name] = self._measure(fragment.selection_set)
        return self._known[name]


class LimitDirectives(ASTValidationRule):
    """Refuse a document with more than MAX_DIRECTIVES directives."""

    count = 0

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        """Count one."""
        self.count += 1
        if self.count == MAX_DIRECTIVES + 1:
            self.report_error(GraphQLError(f"A document has at most {MAX_DIRECTIVES} directives.", node))


class HideService(ASTValidationRule):
    """Refuse `_service`, which is the schema as a gateway reads it."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Refuse it."""
        if node.name.value == "_service":
            self.report_error(GraphQLError("The schema of this subgraph is not told: introspection is off.", node))


RULES: Sequence[type[ASTValidationRule]] = (LimitShape, LimitDirectives)
