"""Relay connections over keyset pages: what a client asks becomes a PageRequest, what comes back edges and cursors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import strawberry

from graphql_api.domain.page import NEWEST_FIRST, Order, Page, PageRequest, parse_cursor
from schema.columns import PLAIN

FIRST = strawberry.argument(description="How many from the start, at most 100; 50 unless `last` is given.")
AFTER = strawberry.argument(description="Only what comes after this cursor.")
LAST = strawberry.argument(description="How many from the end, at most 100.")
BEFORE = strawberry.argument(description="Only what comes before this cursor.")

ItemT = TypeVar("ItemT")
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
    cursor_of: strawberry.Private[Callable[[NodeT], str]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The items of the page, each with its cursor.", metadata=PLAIN)
    def edges(self) -> list[Edge[NodeT]]:
        return [Edge(node=node, cursor=self.cursor_of(node)) for node in self.nodes]

    @strawberry.field(description="How many items the whole list has. Counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count()


def parse_page(
    first: int | None, after: str | None, last: int | None, before: str | None, order: Order = NEWEST_FIRST
) -> PageRequest:
    """The slice that Relay's four arguments ask for. InvalidInput."""
    return PageRequest(
        first=first,
        after=parse_cursor("after", after, order) if after is not None else None,
        last=last,
        before=parse_cursor("before", before, order) if before is not None else None,
        order=order,
    )


def present_page(
    page: Page[ItemT],
    present: Callable[[ItemT], NodeT],
    cursor_of: Callable[[NodeT], str],
    count: Callable[[], Awaitable[int]],
) -> Connection[NodeT]:
    """A page in Relay's words. Cursors are written where they are asked for: at both ends, and for edges."""
    nodes = [present(item) for item in page.items]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=cursor_of(nodes[0]) if nodes else None,
        end_cursor=cursor_of(nodes[-1]) if nodes else None,
    )
    return Connection(nodes=nodes, page_info=info, cursor_of=cursor_of, count=count)
