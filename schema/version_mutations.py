"""Replacing the files of media."""

from __future__ import annotations

import functools
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Annotated

import strawberry

from graphql_api.domain import media as domain
from graphql_api.errors import InvalidInput, TintypeError
from graphql_api.services.batch import Write
from schema.batch import ITEMS, POLICY, RESULTS, BatchErrorPolicy, Work, ready
from schema.context import Info
from schema.errors import UserError, user_error
from schema.media import Media, present
from schema.node import media_id_of
from schema.scalars import Upload


@strawberry.enum(description="What addresses that are out, and name no version, show from now on.")
class OldAddresses(Enum):
    """Whether they stay with what they showed."""

    MOVE = strawberry.enum_value("move", description="The new file.")
    KEEP = strawberry.enum_value("keep", description="What they showed before.")


@strawberry.input(description="A media and its new file: exactly one of `file`, `url` and `version`.")
class ReplaceMediaInput:
    """An id, and where the new file is."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")
    file: Upload | None = strawberry.field(default=None, description="The new file.")
    url: str | None = strawberry.field(default=None, description="Where the new file is fetched: http or https.")
    version: int | None = strawberry.field(default=None, description="An earlier version, which becomes the newest.")
    old_addresses: OldAddresses = strawberry.field(
        default=OldAddresses.MOVE, description="What addresses that are out, and name no version, show from now on."
    )


@strawberry.input(description="An earlier version of a media, to be removed for good.")
class DeleteMediaVersionInput:
    """An id and a number."""

    id: strawberry.ID = strawberry.field(description="Global id of the media.")
    version: int = strawberry.field(description="Its number.")


@strawberry.type(description="What a replacement came to.")
class ReplaceMediaPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was replaced.")


@strawberry.type(description="What a batch of replacements came to.")
class ReplaceMediaBatchPayload:
    """One payload an item."""

    results: list[ReplaceMediaPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="What the removal of a version came to.")
class DeleteMediaVersionPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was removed.")


def _replace(info: Info, asked: ReplaceMediaInput) -> AbstractAsyncContextManager[Write[domain.Media]]:
    versions, principal = info.context.services.versions, info.context.principal
    media_id, stays = media_id_of(asked.id), asked.old_addresses is OldAddresses.KEEP
    if sum(given is not None for given in (asked.file, asked.url, asked.version)) != 1:
        raise InvalidInput("file", "Give exactly one of 'file', 'url' and 'version'.")
    if asked.file is not None:
        return versions.uploaded(principal, media_id, asked.file, stays=stays)
    if asked.url is not None:
        return versions.imported(principal, media_id, asked.url, stays=stays)
    return ready(functools.partial(versions.restore, principal, media_id, asked.version or 0, stays=stays))


_REPLACE = Work(
    _replace,
    lambda _, media: ReplaceMediaPayload(media=present(media)),
    lambda errors: ReplaceMediaPayload(errors=errors),
)


@strawberry.type
class VersionMutation:
    """What can be done with the files of media."""

    @strawberry.mutation(
        description="Give a media a new file. Its id, its uid and all that is said of it stay; the file before it "
        "stays as an earlier version."
    )
    async def replace_media(self, info: Info, input: ReplaceMediaInput) -> ReplaceMediaPayload:
        return await _REPLACE.one(info, input)

    @strawberry.mutation(description="Give several media new files.")
    async def replace_media_batch(
        self,
        info: Info,
        input: Annotated[list[ReplaceMediaInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> ReplaceMediaBatchPayload:
        return ReplaceMediaBatchPayload(results=await _REPLACE.many(info, input, error_policy))

    @strawberry.mutation(description="Remove an earlier version of a media for good; its addresses are dead at once.")
    async def delete_media_version(self, info: Info, input: DeleteMediaVersionInput) -> DeleteMediaVersionPayload:
        context = info.context
        try:
            media = await context.services.versions.delete(context.principal, media_id_of(input.id), input.version)
        except TintypeError as error:
            return DeleteMediaVersionPayload(errors=[user_error(error)])
        return DeleteMediaVersionPayload(media=present(media))
