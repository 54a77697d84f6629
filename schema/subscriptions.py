"""What can be listened to."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from graphql_api.domain.event import EventType
from graphql_api.domain.key import Scope
from graphql_api.errors import Unauthenticated
from schema.context import Info
from schema.direct_uploads import DirectUploadSubscription
from schema.media import Media, present
from schema.media_filter import media_ids_of
from schema.node import format_global_id


@strawberry.input(description="Which changes are wanted.")
class MediaChangeFilter:
    """Events and media."""

    events: list[EventType] | None = strawberry.field(default=None, description="Of these kinds; all unless given.")
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="To these media, at most 100; to all of the team unless given."
    )


@strawberry.type(description="Something happened to a media.")
class MediaChange:
    """A Change, and the media as it is now."""

    event: EventType = strawberry.field(description="What happened.")
    media_id: strawberry.ID = strawberry.field(description="Global id of the media.")
    at: dt.datetime = strawberry.field(description="When.")
    media: Media | None = strawberry.field(description="The media as it is now; null when it is not there any more.")


@strawberry.type(description="Everything that can be listened to.")
class Subscription(DirectUploadSubscription):
    """What can be listened to."""

    @strawberry.subscription(description="What happens to the team's media from now on.")
    async def media_changed(
        self,
        info: Info,
        filter: Annotated[MediaChangeFilter | None, strawberry.argument(description="Which changes.")] = None,
    ) -> AsyncIterator[MediaChange]:
        context = info.context
        team = context.principal.require(Scope.READ)
        wanted = filter or MediaChangeFilter()
        ids = None if wanted.ids is None else set(media_ids_of("ids", wanted.ids))
        with context.services.live.changes(team.id) as messages:
            async for change in context.hear(messages):
                if wanted.events is not None and change.type not in wanted.events:
                    continue
                if ids is not None and change.media_id not in ids:
                    continue
                # Each time anew: the key may have been revoked since.
                principal = await context.again()
                if not principal.reads_team(team.id):
                    raise Unauthenticated("You are not in this team any more.")
                if principal.user is None and change.test != principal.is_test:
                    continue
                (media,) = await context.library.find_many(principal, [change.media_id])
                yield MediaChange(
                    event=change.type,
                    media_id=format_global_id("Media", change.media_id),
                    at=change.at,
                    media=present(media) if media else None,
                )
