"""What resolvers can reach, and the alias that types it."""

from __future__ import annotations

import functools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import strawberry
from strawberry.dataloader import DataLoader

from graphql_api.domain.account import Principal
from graphql_api.domain.collection import Collection
from graphql_api.domain.media import Media, Version
from graphql_api.domain.rendition import Rendition
from graphql_api.domain.traits import Placeholder, Traits
from graphql_api.services.library import Library
from graphql_api.web.context import Context
from schema.cost import Meter
from schema.waiting import Heard, MessageT, TimeLimit


@dataclass(frozen=True, slots=True)
class GraphQLContext:
    """One operation: who asks, what there is to ask, and what is loaded in batches meanwhile."""

    principal: Principal
    services: Context
    agent: str
    meter: Meter
    again: Callable[[], Awaitable[Principal]]  # who asks, looked up anew
    limit: TimeLimit
    media: DataLoader[uuid.UUID, Media | None]
    collections: DataLoader[uuid.UUID, Sequence[Collection]]
    collection_sizes: DataLoader[uuid.UUID, int]
    tags: DataLoader[uuid.UUID, tuple[str, ...]]
    labels: DataLoader[uuid.UUID, Mapping[str, str]]
    versions: DataLoader[Media, Sequence[Version]]
    traits: DataLoader[Media, Traits]
    placeholders: DataLoader[Rendition, Placeholder | None]

    @property
    def library(self) -> Library:
        """The library."""
        return self.services.library

    def hear(self, messages: AsyncIterator[MessageT]) -> Heard[MessageT]:
        """Messages to a subscription, as long as who asks may hear them."""
        return Heard(messages, self.limit, self.principal, self.again)


Info = strawberry.Info[GraphQLContext, None]


def make_context(
    principal: Principal,
    services: Context,
    agent: str,
    again: Callable[[], Awaitable[Principal]],
    meter: Meter,
    limit: TimeLimit,
) -> GraphQLContext:
    """The context of a new operation; `agent` is what the client calls itself, `again` looks it up anew.

    Operations of one request share their `meter`.
    """

    async def load_tags(media_ids: list[uuid.UUID]) -> list[tuple[str, ...]]:
        tags = await services.library.tags_of(media_ids)
        return [tags.get(media_id, ()) for media_id in media_ids]

    async def load_labels(media_ids: list[uuid.UUID]) -> list[Mapping[str, str]]:
        labels = await services.library.labels_of(media_ids)
        return [labels.get(media_id, {}) for media_id in media_ids]

    async def load_traits(media: list[Media]) -> Sequence[Traits]:
        return await services.library.traits_of(principal, media)

    async def load_placeholders(renditions: list[Rendition]) -> Sequence[Placeholder | None]:
        return await services.placeholders.of(renditions)

    # No cache: two mutations of one request may change the same tags, or delete a media and upload it again.
    return GraphQLContext(
        principal,
        services,
        agent,
        meter,
        again,
        limit,
        media=DataLoader(load_fn=functools.partial(services.library.find_many, principal), cache=False),
        collections=DataLoader(load_fn=services.collections.of_media, cache=False),
        collection_sizes=DataLoader(
            load_fn=functools.partial(services.collections.count_media, principal), cache=False
        ),
        tags=DataLoader(load_fn=load_tags, cache=False),
        labels=DataLoader(load_fn=load_labels, cache=False),
        versions=DataLoader(load_fn=services.library.versions_of, cache=False),
        traits=DataLoader(load_fn=load_traits, cache=False),
        placeholders=DataLoader(load_fn=load_placeholders, cache=False),
    )
