"""What a document may be, before it is known what it costs.

The rules are built once: a rule class made anew for each request would be another rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import ASTValidationRule, DirectiveNode, FieldNode, GraphQLError
from strawberry.extensions.max_aliases import create_validator as alias_limit
from strawberry.extensions.query_depth_limiter import create_validator as depth_limit

# Comments are no tokens and documents are cached: without a limit on their text the cache would hold megabytes each.
MAX_QUERY = 20_000  # characters
MAX_TOKENS = 1000
MAX_DEPTH = 12  # introspection counts as one level
MAX_ALIASES = 50
MAX_DIRECTIVES = 50


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


RULES: Sequence[type[ASTValidationRule]] = (depth_limit(MAX_DEPTH, None), alias_limit(MAX_ALIASES), LimitDirectives)
