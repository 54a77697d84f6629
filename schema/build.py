"""The schema, put together once per process."""

from __future__ import annotations

from collections.abc import Mapping

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from schema.collections import CollectionMutation
from schema.compiled import CompiledExecution
from schema.direct_uploads import DirectUploadMutation
from schema.errors import ERROR_TYPES
from schema.hooks import Hooks
from schema.keys import KeyMutation
from schema.limits import EXTENSIONS
from schema.media import Collection, Media
from schema.media_mutations import MediaMutation
from schema.media_query import MediaQuery
from schema.people import PeopleMutation, PeopleQuery
from schema.presets import PresetMutation, PresetQuery
from schema.scalars import SCALARS
from schema.subscriptions import Subscription
from schema.teams import TeamMutation
from schema.usage import UsageMutation, UsageQuery
from schema.version_mutations import VersionMutation
from schema.viewer import ViewerQuery
from schema.webhooks import WebhookMutation, WebhookQuery
from schema.words import describe


@strawberry.type(description="Everything that can be read.")
class Query(ViewerQuery, MediaQuery, PresetQuery, UsageQuery, PeopleQuery, WebhookQuery):
    """One mixin per noun."""


@strawberry.type(description="Everything that can be written.")
class Mutation(
    MediaMutation,
    VersionMutation,
    CollectionMutation,
    PresetMutation,
    KeyMutation,
    TeamMutation,
    PeopleMutation,
    UsageMutation,
    WebhookMutation,
    DirectUploadMutation,
):
    """One mixin per noun."""


class TintypeSchema(strawberry.Schema):
    """Strawberry's schema, silent: the view logs what deserves it, a caller's typing errors do not."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to `schema.errors.format_error`."""

    def create_extensions_runner(self, execution_context: ExecutionContext, extensions: list[SchemaExtension]) -> Hooks:
        """The hooks of an operation."""
        return Hooks(execution_context, extensions)


def make_schema(query: type, scalars: Mapping[object, ScalarDefinition]) -> TintypeSchema:
    """The schema with this query type, and these scalars beside our own."""
    made = TintypeSchema(
        query=query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Media, Collection, *ERROR_TYPES],
        extensions=EXTENSIONS,
        execution_context_class=CompiledExecution,
        # Never `sort_schema`: it rebuilds the enums without Strawberry's conversion, and inputs arrive as plain texts.
        config=StrawberryConfig(scalar_map={**SCALARS, **scalars}),
    )
    describe(made._schema)  # noqa: SLF001 (no public one)
    return made


SCHEMA = make_schema(Query, {})


def sdl() -> str:
    """The schema in SDL, as `schema/schema.graphql` must have it."""
    return SCHEMA.as_str().strip() + "\n"
