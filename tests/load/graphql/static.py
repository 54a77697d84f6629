"""The types that every server of the comparison has: a page of 50 images, all the same for everybody, in memory."""

from __future__ import annotations

import datetime as dt
import json
from enum import Enum

import strawberry

SIZE = 50
QUERY = """query Page($after: String) {
  mediaList(first: 50, after: $after) {
    edges { cursor node { id uid name url format width height bytes public createdAt } }
    pageInfo { hasNextPage endCursor }
  }
}"""
BODY = json.dumps({"query": QUERY, "variables": {"after": None}}).encode()


@strawberry.enum
class ImageFormat(Enum):
    JPEG = "jpg"
    WEBP = "webp"


@strawberry.type
class Media:
    id: strawberry.ID
    uid: str
    name: str
    url: str
    format: ImageFormat
    width: int
    height: int
    bytes: int
    public: bool
    created_at: dt.datetime


@strawberry.type
class MediaEdge:
    node: Media
    cursor: str


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class MediaConnection:
    edges: list[MediaEdge]
    page_info: PageInfo


def _media(number: int) -> Media:
    uid = f"{number:012}"
    return Media(
        id=strawberry.ID(f"TWVkaWE6{uid}"),
        uid=uid,
        name=f"IMG_{number}.jpg",
        url=f"http://127.0.0.1:8000/src/0000/{uid}.jpg",
        format=ImageFormat.JPEG,
        width=4160,
        height=3120,
        bytes=3_500_000 + number,
        public=True,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC) - dt.timedelta(seconds=37 * number, microseconds=1000),
    )


_EDGES = [MediaEdge(node=_media(number), cursor=f"Y3Vyc29yOg{number:032}") for number in range(SIZE)]
CONNECTION = MediaConnection(edges=_EDGES, page_info=PageInfo(has_next_page=True, end_cursor=_EDGES[-1].cursor))


@strawberry.type
class Query:
    @strawberry.field
    def media_list(self, first: int = 50, after: str | None = None) -> MediaConnection:
        return CONNECTION


def data() -> str:
    """The same connection as JSON, for servers of other languages."""
    edges = [
        {
            "cursor": edge.cursor,
            "node": {
                "id": edge.node.id,
                "uid": edge.node.uid,
                "name": edge.node.name,
                "url": edge.node.url,
                "format": edge.node.format.name,
                "width": edge.node.width,
                "height": edge.node.height,
                "bytes": edge.node.bytes,
                "public": edge.node.public,
                "createdAt": edge.node.created_at.isoformat(),
            },
        }
        for edge in CONNECTION.edges
    ]
    page_info = {"hasNextPage": True, "endCursor": CONNECTION.page_info.end_cursor}
    return json.dumps({"edges": edges, "pageInfo": page_info})
