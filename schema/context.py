"""What resolvers can reach, and the alias that types it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

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


@dataclass(frozen=True)
class GraphQLContext:
    """One operation: who asks, what there is to ask, and what is loaded in batches meanwhile.

    Loaders keep nothing: two mutations of one request may change the same tags, or delete a media and upload it again.
    """

    principal: Principal
    services: Context
    agent: str  # what the client calls itself
    again: Callable[[], Awaitable[Principal]]  # who asks, looked up anew
    meter: Meter  # operations of one request share it
    limit: TimeLimit

    @property
    def library(self) -> Library:
        """The library."""
        return self.services.library

    def hear(self, messages: AsyncIterator[MessageT]) -> Heard[MessageT]:
        """Messages to a subscription, as long as who asks may hear them."""
        return Heard(messages, self.limit, self.principal, self.again)

    @cached_property
    def media(self) -> DataLoader[uuid.UUID, Media | None]:
        """Media by id, as far as who asks may see them."""
        return DataLoader(load_fn=partial(self.library.find_many, self.principal), cache=False)

    @cached_property
    def collections(self) -> DataLoader[uuid.UUID, Sequence[Collection]]:
        """The collections of a media."""
        return DataLoader(load_fn=self.services.collections.of_media, cache=False)

    @cached_property
    def collection_sizes(self) -> DataLoader[uuid.UUID, int]:
        """How many media are in a collection."""
        return DataLoader(load_fn=partial(self.services.collections.count_media, self.principal), cache=False)

    @cached_property
    def tags(self) -> DataLoader[uuid.UUID, tuple[str, ...]]:
        """The tags of a media."""

        async def load(media_ids: list[uuid.UUID]) -> list[tuple[str, ...]]:
            tags = await self.library.tags_of(media_ids)
            return [tags.get(media_id, ()) for media_id in media_ids]

        return DataLoader(load_fn=load, cache=False)

    @cached_property
    def labels(self) -> DataLoader[uuid.UUID, Mapping[str, str]]:
        """The labels of a media."""

        async def load(media_ids: list[uuid.UUID]) -> list[Mapping[str, str]]:
            labels = await self.library.labels_of(media_ids)
            return [labels.get(media_id, {}) for media_id in media_ids]

        return DataLoader(load_fn=load, cache=False)

    @cached_property
    def versions(self) -> DataLoader[Media, Sequence[Version]]:
        """The earlier versions of a media."""
        return DataLoader(load_fn=self.library.versions_of, cache=False)

    @cached_property
    def traits(self) -> DataLoader[Media, Traits]:
        """What a media shows."""
        return DataLoader(load_fn=partial(self.library.traits_of, self.principal), cache=False)

    @cached_property
    def placeholders(self) -> DataLoader[Rendition, Placeholder | None]:
        """What is shown until a rendition is there."""
        return DataLoader(load_fn=self.services.placeholders.of, cache=False)


Info = strawberry.Info[GraphQLContext, None]
