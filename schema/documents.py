"""Documents, ready to run: parsed, held to their limits and validated once, however often they come."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext

from schema.limits import MAX_TOKENS, RULES, HideService

_KEPT = 256


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document under one schema, and what is wrong with it. Its nodes stay the same as long as it is kept."""

    node: DocumentNode
    operations: Sequence[OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    errors: Sequence[GraphQLError]

    def find(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of this name, or the only one. GraphQLError for no name where there are several."""
        if name:
            return next((node for node in self.operations if node.name and node.name.value == name), None)
        if len(self.operations) > 1:
            raise GraphQLError("Must provide operation name if query contains multiple operations.")
        return self.operations[0] if self.operations else None


@functools.lru_cache(maxsize=_KEPT)
def prepare(schema: GraphQLSchema, text: str, *, introspection: bool) -> Document:
    """The document of a text, for a schema that may be looked into or not. GraphQLSyntaxError."""
    node = parse(text, max_tokens=MAX_TOKENS)
    hidden = () if introspection else (NoSchemaIntrospectionCustomRule, HideService)
    return Document(
        node,
        operations=[item for item in node.definitions if isinstance(item, OperationDefinitionNode)],
        fragments={item.name.value: item for item in node.definitions if isinstance(item, FragmentDefinitionNode)},
        errors=validate_document(schema, node, (*specified_rules, *RULES, *hidden)),
    )


def prepare_for(context: ExecutionContext) -> Document:
    """The same for what Strawberry streams."""
    rules, schema = context.context.services.graphql, context.schema._schema  # noqa: SLF001 (no public one)
    return prepare(schema, context.query or "", introspection=rules.introspection)


class Prepare(SchemaExtension):
    """Has Strawberry stream prepared documents."""

    def on_parse(self) -> Iterator[None]:
        """Take the document."""
        self.execution_context.graphql_document = prepare_for(self.execution_context).node
        yield

    def on_validate(self) -> Iterator[None]:
        """Take what is wrong with it. GraphQLError as `Document.find`: Strawberry would run the first of several."""
        document = prepare_for(self.execution_context)
        document.find(self.execution_context._provided_operation_name)  # noqa: SLF001 (the public one is never empty)
        self.execution_context.pre_execution_errors = list(document.errors)
        yield
