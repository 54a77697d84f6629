"""What a document may cost before it runs, and the caches that make parsing and validating it again free.

The rules are built once: a rule class made anew for each request would never be found in the validation cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    FieldNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
)
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension
from strawberry.extensions.max_aliases import create_validator as alias_limit
from strawberry.extensions.query_depth_limiter import create_validator as depth_limit
from strawberry.schema.schema import validate_document

from schema.cost import LimitCost

# Comments are no tokens and documents are cached: without a limit on their text the cache would hold megabytes each.
MAX_QUERY = 20_000  # characters
MAX_TOKENS = 1000
MAX_DEPTH = 12  # introspection counts as one level
MAX_ALIASES = 50
MAX_DIRECTIVES = 50
_CACHED_DOCUMENTS = 256


class RequireOperationName(SchemaExtension):
    """Refuse several operations without the name of one: Strawberry 0.341 would run the first."""

    def on_validate(self) -> Iterator[None]:
        """Count the operations of the parsed document."""
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        operations = sum(isinstance(definition, OperationDefinitionNode) for definition in definitions)
        if operations > 1 and not context._provided_operation_name:  # noqa: SLF001 (the public one is never empty)
            raise GraphQLError("Must provide operation name if query contains multiple operations.")
        yield


_validated: dict[tuple[object, ...], tuple[object, list[GraphQLError]]] = {}  # the oldest is the first


class CacheValidation(SchemaExtension):
    """Strawberry's ValidationCache, but by the identity of the document: hashing one walks through all its nodes."""

    def on_validate(self) -> Iterator[None]:
        """Take what the same document came to under the same rules."""
        context = self.execution_context
        document, schema = context.graphql_document, context.schema._schema  # noqa: SLF001 (no public one)
        if document is not None:
            key = id(schema), id(document), context.validation_rules
            if key not in _validated:
                if len(_validated) >= _CACHED_DOCUMENTS:
                    del _validated[next(iter(_validated))]
                # Both are kept, so that no other object comes to have their identities.
                errors = validate_document(schema, document, context.validation_rules)
                _validated[key] = (schema, document), errors
            context.pre_execution_errors = _validated[key][1]
        yield


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


class HideSchema(SchemaExtension):
    """Where the operator wants it, `__schema`, `__type` and `_service` are not there."""

    def on_operation(self) -> Iterator[None]:
        """Add the rules that refuse them."""
        context = self.execution_context
        if not context.context.services.graphql.introspection:
            context.validation_rules += (NoSchemaIntrospectionCustomRule, HideService)
        yield


_RULES: Sequence[type[ASTValidationRule]] = [depth_limit(MAX_DEPTH, None), alias_limit(MAX_ALIASES), LimitDirectives]

EXTENSIONS: list[Callable[[], SchemaExtension]] = [
    lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
    lambda: AddValidationRules(list(_RULES)),
    HideSchema,
    lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
    RequireOperationName,
    CacheValidation,
    LimitCost,
]
