"""The schema, put together once per process."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from schema.collections import CollectionMutation
from schema.compiled import CompiledExecution
from schema.direct_uploads import DirectUploadMutation
from schema.engine import EXTENSIONS, TintypeSchema
from schema.errors import ERROR_TYPES
from schema.keys import KeyMutation
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


def make_schema(query: type, scalars: Mapping[object, ScalarDefinition], *, incremental: bool = False) -> TintypeSchema:
    """The schema with this query type, these scalars beside our own, and answers that come in parts or not."""
    made = TintypeSchema(
        query=query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Media, Collection, *ERROR_TYPES],
        extensions=EXTENSIONS,
        # (graphql-core executes what comes in parts by a class of its own.)
        execution_context_class=None if incremental else CompiledExecution,
        # Never `sort_schema`: it rebuilds the enums without Strawberry's conversion, and inputs arrive as plain texts.
        config=StrawberryConfig(
            scalar_map={**SCALARS, **scalars}, enable_experimental_incremental_execution=incremental
        ),
    )
    describe(made._schema)  # noqa: SLF001 (no public one)
    return made


SCHEMA = make_schema(Query, {})


@functools.cache
def schema_in_parts() -> TintypeSchema:
    """The same with `@defer` and `@stream`, built when it is first used.

    Of its own, because graphql-core executes nothing at once in a schema that has them, and compiles nothing here.
    """
    return make_schema(Query, {}, incremental=True)


def sdl() -> str:
    """The schema in SDL, as `schema/schema.graphql` must have it.

    Without `@defer` and `@stream`: tools that are built on graphql-core load no schema that has them.
    """
    return SCHEMA.as_str().strip() + "\n"
