"""Methods of ours, called without Strawberry's wrappers: those convert the arguments for each object of a list anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

_DEFINITION = "strawberry-definition"


def is_method(field: GraphQLField) -> bool:
    """Whether it is a method with arguments, and nothing stands between it and who asks."""
    definition = field.extensions.get(_DEFINITION)
    if not isinstance(definition, StrawberryField) or type(definition).get_result is not StrawberryField.get_result:
        return False
    resolver = definition.base_resolver
    if resolver is None or not field.args or definition.extensions or definition.is_subscription:
        return False
    return not (resolver.self_parameter is None or resolver.root_parameter or resolver.parent_parameter)


def definition_of(field: GraphQLField) -> StrawberryField:
    """What Strawberry knows of a field."""
    definition: StrawberryField = field.extensions[_DEFINITION]
    return definition


def told_of(definition: StrawberryField, info: Any) -> Any:
    """Strawberry's Info of graphql-core's."""
    return info.schema.extensions[_DEFINITION].config.info_class(_raw_info=info, _field=definition)


def convert(definition: StrawberryField, values: dict[str, Any], told: Any) -> dict[str, Any]:
    """Arguments as the method takes them."""
    schema = told._raw_info.schema.extensions[_DEFINITION]  # noqa: SLF001 (no public one)
    registry = schema.schema_converter.scalar_registry
    return convert_arguments(values, definition.arguments, scalar_registry=registry, config=schema.config, info=told)


def call(definition: StrawberryField, source: Any, told: Any, arguments: Mapping[str, Any]) -> Any:
    """What the method gives for this object."""
    resolver: Any = definition.base_resolver
    named = {resolver.info_parameter.name: told} if resolver.info_parameter else {}
    return resolver(source, **arguments, **named)
