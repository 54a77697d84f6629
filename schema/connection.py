"""Relay connections over keyset pages: what a client asks becomes a PageRequest, what comes back edges and cursors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import strawberry

from graphql_api.domain.page import Page, PageRequest, parse_cursor

NodeT = TypeVar("NodeT")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge; null on an empty page.")


@strawberry.type(description="An item of a connection and its place in the list.")
class Edge(Generic[NodeT]):
    """Relay's Edge."""

    node: NodeT = strawberry.field(description="The item.")
    cursor: str = strawberry.field(
        description="Opaque position; good for `after` and `before`, even once the item is gone."
    )


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeT]):
    """Relay's Connection, with `nodes` as the shortcut past the edges."""

    nodes: list[NodeT] = strawberry.field(description="The items of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    cursors: strawberry.Private[list[str]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The items of the page, each with its cursor.")
    def edges(self) -> list[Edge[NodeT]]:
        return [Edge(node=node, cursor=cursor) for node, cursor in zip(self.nodes, self.cursors, strict=True)]

    @strawberry.field(description="How many items the whole list has. Counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count()


def parse_page(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """The slice that Relay's four arguments ask for. InvalidInput."""
    return PageRequest(
        first=first,
        after=parse_cursor("after", after) if after is not None else None,
        last=last,
        before=parse_cursor("before", before) if before is not None else None,
    )


def page_info(page: Page[Any], cursors: list[str]) -> PageInfo:
    """Relay's words for where a page stands."""
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
