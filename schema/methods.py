"""Methods of ours, called without Strawberry's wrappers: those convert the arguments for each object of a list anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField
from strawberry.schema import schema_converter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

DEFINITION = schema_converter.GraphQLCoreConverter.DEFINITION_BACKREF


def is_method(field: GraphQLField) -> bool:
    """Whether it is a method with arguments, and nothing stands between it and who asks."""
    definition = find_definition(field)
    if definition is None or not field.args or definition.extensions or definition.is_subscription:
        return False
    resolver = definition.base_resolver
    if resolver is None or resolver.self_parameter is None:
        return False
    return not (resolver.root_parameter or resolver.parent_parameter)


def find_definition(field: GraphQLField) -> StrawberryField | None:
    """What Strawberry knows of a field that it resolves itself, in its usual way."""
    definition = field.extensions.get(DEFINITION)
    if not isinstance(definition, StrawberryField) or type(definition).get_result is not StrawberryField.get_result:
        return None
    return definition if getattr(field.resolve, "__module__", None) == schema_converter.__name__ else None


def definition_of(field: GraphQLField) -> StrawberryField:
    """What Strawberry knows of a field."""
    definition: StrawberryField = field.extensions[DEFINITION]
    return definition


def told_of(definition: StrawberryField, info: Any) -> Any:
    """Strawberry's Info of graphql-core's."""
    return info.schema.extensions[DEFINITION].config.info_class(_raw_info=info, _field=definition)


def convert(definition: StrawberryField, values: dict[str, Any], told: Any) -> dict[str, Any]:
    """Arguments as the method takes them."""
    schema = told._raw_info.schema.extensions[DEFINITION]  # noqa: SLF001 (no public one)
    registry = schema.schema_converter.scalar_registry
    return convert_arguments(values, definition.arguments, scalar_registry=registry, config=schema.config, info=told)


def call(definition: StrawberryField, source: Any, told: Any, arguments: Mapping[str, Any]) -> Any:
    """What the method gives for this object."""
    resolver: Any = definition.base_resolver
    named = {resolver.info_parameter.name: told} if resolver.info_parameter else {}
    return resolver(source, **arguments, **named)
