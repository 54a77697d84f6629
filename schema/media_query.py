"""What can be asked: one media, lists of them, collections, tags, and any object by its id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import strawberry

from graphql_api.domain.account import Principal
from graphql_api.domain.collection import MAX_COLLECTIONS
from graphql_api.domain.media import Status
from graphql_api.domain.media_filter import EVERYTHING, MediaFilter
from graphql_api.domain.page import NEWEST_FIRST
from graphql_api.domain.rendition import uid_in
from graphql_api.errors import InvalidInput, NotFound
from schema.connection import AFTER, BEFORE, FIRST, LAST, Connection, parse_page
from schema.context import Info
from schema.media import Collection, Media, list_media, present, present_collection
from schema.media_filter import MediaBy, MediaFilterInput, MediaOrder
from schema.node import Node, find_collection_id, find_media_id, media_id_of

_MAX_NODES = 100
_MAX_TAGS = 500


@strawberry.type(description="A tag and how many media have it.")
class TagCount:
    """A word and a number."""

    name: str = strawberry.field(description="The tag.")
    count: int = strawberry.field(description="On how many of the team's media it is.")


_ID = strawberry.argument(description="Global id, as `id` gives it.")


@strawberry.type
class MediaQuery:
    """What can be asked of media."""

    @strawberry.field(description="One media; null when there is none, or it is not yours to see.")
    async def media(
        self, info: Info, by: Annotated[MediaBy, strawberry.argument(description="Which one.")]
    ) -> Media | None:
        library, principal = info.context.library, info.context.principal
        try:
            if by.id is not None:
                found = await library.get(principal, media_id_of(by.id.value))
            elif by.uid is not None:
                found = await library.get_by_uid(principal, by.uid.value)
            elif by.external_id is not None:
                found = await library.get_by_external_id(principal, by.external_id.value)
            else:
                url = by.url.value if by.url else ""
                found = await library.get_by_uid(principal, uid_in(url, info.context.services.source_url))
        except NotFound:
            return None
        return present(found)

    @strawberry.field(description="The team's media, newest first unless another order is asked for.")
    async def media_list(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
        last: Annotated[int | None, LAST] = None,
        before: Annotated[str | None, BEFORE] = None,
        filter: Annotated[MediaFilterInput | None, strawberry.argument(description="Which ones.")] = None,
        order_by: Annotated[MediaOrder | None, strawberry.argument(description="In which order.")] = None,
    ) -> Connection[Media]:
        order = order_by.parse() if order_by else NEWEST_FIRST
        request = parse_page(first, after, last, before, order)
        return await list_media(info, request, filter.parse() if filter else EVERYTHING)

    @strawberry.field(description="The team's tags, the most frequent first.")
    async def tags(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, at most 500.")] = 100,
    ) -> list[TagCount]:
        if not 1 <= first <= _MAX_TAGS:
            raise InvalidInput("first", f"'first' must be between 1 and {_MAX_TAGS}.")
        found = await info.context.library.tags(info.context.principal, first)
        return [TagCount(name=name, count=count) for name, count in found]

    @strawberry.field(description="The team's collections, by name.")
    async def collections(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, at most 500: so many there may be.")] = 50,
    ) -> list[Collection]:
        if not 1 <= first <= MAX_COLLECTIONS:
            raise InvalidInput("first", f"'first' must be between 1 and {MAX_COLLECTIONS}.")
        found = await info.context.services.collections.list_all(info.context.principal)
        return [present_collection(collection) for collection in found[:first]]

    @strawberry.field(description="A collection of the team by its global id; null when there is none.")
    async def collection(self, info: Info, id: Annotated[strawberry.ID, _ID]) -> Collection | None:
        collection_id = find_collection_id(id)
        wanted = [collection_id] if collection_id else []
        found = await info.context.services.collections.find_many(info.context.principal, wanted)
        return present_collection(found[0]) if found and found[0] else None

    @strawberry.field(description="What is in the team's trash and can be restored, the latest upload first.")
    async def trash(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
        last: Annotated[int | None, LAST] = None,
        before: Annotated[str | None, BEFORE] = None,
    ) -> Connection[Media]:
        return await list_media(info, parse_page(first, after, last, before), MediaFilter(status=Status.TRASHED))

    @strawberry.field(description="Any object by its global id; null when there is none, or it is not yours to see.")
    async def node(self, info: Info, id: Annotated[strawberry.ID, _ID]) -> Node | None:
        return (await find_nodes(info, [id]))[0]

    @strawberry.field(description="Objects by their global ids, in the same order; null for each that is not there.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 global ids.")],
    ) -> list[Node | None]:
        if len(ids) > _MAX_NODES:
            raise InvalidInput("ids", f"'ids' has at most {_MAX_NODES} items.")
        return await find_nodes(info, ids)


async def find_nodes(info: Info, ids: Sequence[str]) -> list[Node | None]:
    """For each id, in order: the object, or None. Each kind is looked for at once."""
    context = info.context
    kinds: Sequence[tuple[Callable[[str], uuid.UUID | None], Callable[[Principal, Sequence[uuid.UUID]], Any], Any]] = (
        (find_media_id, context.library.find_many, present),
        (find_collection_id, context.services.collections.find_many, present_collection),
    )
    nodes: dict[str, Node] = {}
    for find_id, find_many, shown in kinds:
        known = {text: local_id for text in ids if (local_id := find_id(text)) is not None}
        found = await find_many(context.principal, list(known.values())) if known else []
        nodes |= {text: shown(item) for text, item in zip(known, found, strict=True) if item}
    return [nodes.get(text) for text in ids]
