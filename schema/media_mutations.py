"""Making, changing and deleting media. Expected failures are data: each payload has the media or its errors."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated

import strawberry

from graphql_api.domain import media as domain
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Origin, Source
from graphql_api.errors import TintypeError
from graphql_api.services.batch import Write
from schema.batch import ITEMS, POLICY, BatchErrorPolicy, Work, ready
from schema.context import Info
from schema.errors import user_error
from schema.media import asked_of, present
from schema.media_inputs import (
    DeleteMediaBatchPayload,
    DeleteMediaInput,
    DeleteMediaPayload,
    ImportMediaBatchPayload,
    ImportMediaInput,
    ImportMediaPayload,
    PurgeRenditionsInput,
    PurgeRenditionsPayload,
    RestoreMediaBatchPayload,
    RestoreMediaInput,
    RestoreMediaPayload,
    TransformMediaInput,
    TransformMediaPayload,
    UpdateMediaBatchPayload,
    UpdateMediaInput,
    UpdateMediaPayload,
    UploadMediaBatchPayload,
    UploadMediaInput,
    UploadMediaPayload,
    changes_of,
)
from schema.node import media_id_of


@asynccontextmanager
async def _upload(info: Info, asked: UploadMediaInput) -> AsyncIterator[Write[domain.Media]]:
    intake, principal = info.context.services.intake, info.context.principal
    principal.require(Scope.WRITE)
    await intake.limits.count_upload(principal)
    async with intake.prepared(principal, asked.file, asked.details()) as write:
        yield write


@asynccontextmanager
async def _import(info: Info, asked: ImportMediaInput) -> AsyncIterator[Write[domain.Media]]:
    intake, principal = info.context.services.intake, info.context.principal
    principal.require(Scope.WRITE)
    details, origin = asked.details(), Origin(Source.IMPORT, url=asked.url)
    async with (
        intake.fetched(principal, asked.url) as upload,
        intake.prepared(principal, upload, details, origin) as write,
    ):
        yield write


def _update(info: Info, asked: UpdateMediaInput) -> AbstractAsyncContextManager[Write[domain.Media]]:
    media_id, changes = media_id_of(asked.id), changes_of(asked)
    return ready(functools.partial(info.context.library.update, info.context.principal, media_id, changes))


def _restore(info: Info, asked: RestoreMediaInput) -> AbstractAsyncContextManager[Write[domain.Media]]:
    restore = info.context.services.trash.restore
    return ready(functools.partial(restore, info.context.principal, media_id_of(asked.id)))


def _delete(info: Info, asked: DeleteMediaInput) -> AbstractAsyncContextManager[Write[None]]:
    delete = info.context.services.trash.delete
    return ready(functools.partial(delete, info.context.principal, media_id_of(asked.id), for_good=asked.for_good))


_UPLOAD = Work(
    _upload, lambda _, media: UploadMediaPayload(media=present(media)), lambda errors: UploadMediaPayload(errors=errors)
)
_IMPORT = Work(
    _import, lambda _, media: ImportMediaPayload(media=present(media)), lambda errors: ImportMediaPayload(errors=errors)
)
_UPDATE = Work(
    _update, lambda _, media: UpdateMediaPayload(media=present(media)), lambda errors: UpdateMediaPayload(errors=errors)
)
_RESTORE = Work(
    _restore,
    lambda _, media: RestoreMediaPayload(media=present(media)),
    lambda errors: RestoreMediaPayload(errors=errors),
)
_DELETE = Work(
    _delete,
    lambda asked, _: DeleteMediaPayload(deleted_id=asked.id),
    lambda errors: DeleteMediaPayload(errors=errors),
)


@strawberry.type
class MediaMutation:
    """What can be done with media."""

    @strawberry.mutation(description="Keep an uploaded file (multipart request).")
    async def upload_media(self, info: Info, input: UploadMediaInput) -> UploadMediaPayload:
        return await _UPLOAD.one(info, input)

    @strawberry.mutation(description="Keep several uploaded files.")
    async def upload_media_batch(
        self,
        info: Info,
        input: Annotated[list[UploadMediaInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> UploadMediaBatchPayload:
        return UploadMediaBatchPayload(results=await _UPLOAD.many(info, input, error_policy))

    @strawberry.mutation(description="Fetch a file by URL and keep it.")
    async def import_media(self, info: Info, input: ImportMediaInput) -> ImportMediaPayload:
        return await _IMPORT.one(info, input)

    @strawberry.mutation(description="Fetch several files by URL and keep them.")
    async def import_media_batch(
        self,
        info: Info,
        input: Annotated[list[ImportMediaInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> ImportMediaBatchPayload:
        return ImportMediaBatchPayload(results=await _IMPORT.many(info, input, error_policy))

    @strawberry.mutation(
        description="Keep what a transform makes of a media as a media of its own, which stays when the other goes."
    )
    async def transform_media(self, info: Info, input: TransformMediaInput) -> TransformMediaPayload:
        context = info.context
        try:
            team = context.principal.require(Scope.WRITE)
            asked = await asked_of(info, team.id, input.transform, input.preset)
            media_id, details = media_id_of(input.id), input.details()
            media = await context.services.derivatives.make(context.principal, media_id, asked, details)
        except TintypeError as error:
            return TransformMediaPayload(errors=[user_error(error)])
        return TransformMediaPayload(media=present(media))

    @strawberry.mutation(description="Change what is said of a media.")
    async def update_media(self, info: Info, input: UpdateMediaInput) -> UpdateMediaPayload:
        return await _UPDATE.one(info, input)

    @strawberry.mutation(description="Change what is said of several media.")
    async def update_media_batch(
        self,
        info: Info,
        input: Annotated[list[UpdateMediaInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> UpdateMediaBatchPayload:
        return UpdateMediaBatchPayload(results=await _UPDATE.many(info, input, error_policy))

    @strawberry.mutation(description="Forget all renditions of a media; they are made anew when they are asked for.")
    async def purge_renditions(self, info: Info, input: PurgeRenditionsInput) -> PurgeRenditionsPayload:
        context = info.context
        try:
            media = await context.services.renderer.purge(context.principal, media_id_of(input.id))
        except TintypeError as error:
            return PurgeRenditionsPayload(errors=[user_error(error)])
        return PurgeRenditionsPayload(media=present(media))

    @strawberry.mutation(
        description="Take a media out of the trash, as it was; but for an external id that another has by now."
    )
    async def restore_media(self, info: Info, input: RestoreMediaInput) -> RestoreMediaPayload:
        return await _RESTORE.one(info, input)

    @strawberry.mutation(description="Take several media out of the trash.")
    async def restore_media_batch(
        self,
        info: Info,
        input: Annotated[list[RestoreMediaInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> RestoreMediaBatchPayload:
        return RestoreMediaBatchPayload(results=await _RESTORE.many(info, input, error_policy))

    @strawberry.mutation(description="Put a media into the trash: it is gone at once, and can be restored for a while.")
    async def delete_media(self, info: Info, input: DeleteMediaInput) -> DeleteMediaPayload:
        return await _DELETE.one(info, input)

    @strawberry.mutation(description="Delete several media.")
    async def delete_media_batch(
        self,
        info: Info,
        input: Annotated[list[DeleteMediaInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> DeleteMediaBatchPayload:
        return DeleteMediaBatchPayload(results=await _DELETE.many(info, input, error_policy))
