"""What most would write: Strawberry types over Tortoise's objects, one resolver for the list."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Annotated, Any

import strawberry

from graphql_api.db.models import Media as MediaRow
from graphql_api.db.models import Team as TeamRow
from tests.load.graphql.static import ImageFormat, PageInfo
from tests.load.servers import TEAM

_ORDER = ("-created_at", "-id")


def _id(root: Any) -> strawberry.ID:
    return strawberry.ID(base64.b64encode(f"Media:{root.id}".encode()).decode())


def _url(root: Any) -> str:
    return f"http://127.0.0.1:8000/src/0000/{root.uid}.{root.format}"


@strawberry.type
class Media:
    id: strawberry.ID = strawberry.field(resolver=_id)
    uid: str
    name: str
    url: str = strawberry.field(resolver=_url)
    format: ImageFormat
    width: int
    height: int
    bytes: strawberry.ID  # (3 GB pass an Int, and a scalar of our own would cost more)
    public: bool
    created_at: dt.datetime


@strawberry.type
class MediaConnection:
    nodes: list[Media]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def media_list(
        self, first: int = 50, after: Annotated[str | None, strawberry.argument(description="An id.")] = None
    ) -> MediaConnection:
        team = await TeamRow.get(name=TEAM)
        found = MediaRow.filter(team_id=team.id, test=False, deleted_at=None, expires_at=None)
        rows: Any = await found.order_by(*_ORDER).limit(first + 1)
        page_info = PageInfo(has_next_page=len(rows) > first, end_cursor=str(rows[first - 1].id))
        return MediaConnection(nodes=rows[:first], page_info=page_info)
