"""Uploads that go to storage directly, past GraphQL: announced, sent, completed; and how far they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated

import strawberry

from graphql_api.domain import media as domain
from graphql_api.services.batch import Write
from graphql_api.services.live import Progress
from schema.batch import ITEMS, POLICY, RESULTS, BatchErrorPolicy, Work
from schema.context import Info
from schema.errors import UserError
from schema.media import Media, present
from schema.media_inputs import DetailsInput
from schema.scalars import BigInt


@strawberry.type(description="A header of the request that sends a file.")
class UploadHeader:
    """One of a PutAddress."""

    name: str = strawberry.field(description="Its name; programs and browsers send `Content-Length` by themselves.")
    value: str = strawberry.field(description="Its value, to be sent as it is.")


@strawberry.type(description="Where a file is to be sent.")
class UploadTarget:
    """A Ticket."""

    id: strawberry.ID = strawberry.field(description="For `completeUpload` and `uploadProgress`.")
    url: str = strawberry.field(description="The address: whoever has it may send this one file there.")
    method: str = strawberry.field(description="How it is sent: PUT, the file as the body, no key.")
    headers: list[UploadHeader] = strawberry.field(
        description="What must be sent with it, where there is something: the address takes nothing else."
    )
    expires_at: dt.datetime = strawberry.field(description="Until when it must be sent, and completed.")


@strawberry.input(description="A file that is to be sent.")
class CreateUploadInput:
    """What is known of it."""

    bytes: BigInt = strawberry.field(description="Its size in bytes; another is refused.")
    filename: str | None = strawberry.field(default=None, description="What it is called.")
    sha256: str | None = strawberry.field(
        default=None, description="Its SHA-256 in hexadecimal; if it is given, what arrives is checked against it."
    )


@strawberry.input(description="A file that was sent, to be kept.")
class CompleteUploadInput(DetailsInput):
    """An upload and Details."""

    id: strawberry.ID = strawberry.field(description="Id of the upload.")


@strawberry.type(description="What announcing a file came to.")
class CreateUploadPayload:
    """A target or errors."""

    upload: UploadTarget | None = strawberry.field(
        default=None, description="Where to send it; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it must not be sent.")


@strawberry.type(description="What completing an upload came to.")
class CompleteUploadPayload:
    """Media or errors."""

    media: Media | None = strawberry.field(default=None, description="The new media; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was kept.")


@strawberry.type(description="What announcing several files came to.")
class CreateUploadBatchPayload:
    """One payload an item."""

    results: list[CreateUploadPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="What completing several uploads came to.")
class CompleteUploadBatchPayload:
    """One payload an item."""

    results: list[CompleteUploadPayload] = strawberry.field(description=RESULTS)


@strawberry.type(description="How far an upload is.")
class UploadProgress:
    """A Progress."""

    received: BigInt = strawberry.field(description="Bytes that are here.")
    total: BigInt = strawberry.field(description="Bytes that there will be.")
    done: bool = strawberry.field(description="Whether the file is here, and can be completed.")


@asynccontextmanager
async def _create(info: Info, asked: CreateUploadInput) -> AsyncIterator[Write[UploadTarget]]:
    uploads = info.context.services.direct_uploads
    ticket = await uploads.make(info.context.principal, asked.bytes, asked.filename, asked.sha256)
    address = await uploads.address(ticket)
    target = UploadTarget(
        id=strawberry.ID(ticket.token),
        url=address.url,
        method="PUT",
        headers=[UploadHeader(name=name, value=value) for name, value in address.headers.items()],
        expires_at=ticket.expires_at,
    )

    async def tell() -> UploadTarget:
        return target

    yield tell


def _complete(info: Info, asked: CompleteUploadInput) -> AbstractAsyncContextManager[Write[domain.Media]]:
    completing = info.context.services.direct_uploads.completing
    return completing(info.context.principal, asked.id, asked.details())


_CREATE = Work(
    _create, lambda _, target: CreateUploadPayload(upload=target), lambda errors: CreateUploadPayload(errors=errors)
)
_COMPLETE = Work(
    _complete,
    lambda _, media: CompleteUploadPayload(media=present(media)),
    lambda errors: CompleteUploadPayload(errors=errors),
)


@strawberry.type
class DirectUploadMutation:
    """The first step and the last."""

    @strawberry.mutation(
        description="Get an address where one file may be sent without a key, by a browser for example."
    )
    async def create_upload(self, info: Info, input: CreateUploadInput) -> CreateUploadPayload:
        return await _CREATE.one(info, input)

    @strawberry.mutation(description="Get an address for each of several files.")
    async def create_upload_batch(
        self,
        info: Info,
        input: Annotated[list[CreateUploadInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> CreateUploadBatchPayload:
        return CreateUploadBatchPayload(results=await _CREATE.many(info, input, error_policy))

    @strawberry.mutation(
        description="Make a media of a file that was sent. Asked again it gives that media, as it is by then."
    )
    async def complete_upload(self, info: Info, input: CompleteUploadInput) -> CompleteUploadPayload:
        return await _COMPLETE.one(info, input)

    @strawberry.mutation(description="Make media of several files that were sent.")
    async def complete_upload_batch(
        self,
        info: Info,
        input: Annotated[list[CompleteUploadInput], ITEMS],
        error_policy: Annotated[BatchErrorPolicy, POLICY] = BatchErrorPolicy.CONTINUE,
    ) -> CompleteUploadBatchPayload:
        return CompleteUploadBatchPayload(results=await _COMPLETE.many(info, input, error_policy))


@strawberry.type
class DirectUploadSubscription:
    """The step in between."""

    @strawberry.subscription(description="How far a file of `createUpload` is, until it is here.")
    async def upload_progress(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the upload.")]
    ) -> AsyncIterator[UploadProgress]:
        context = info.context
        uploads = context.services.direct_uploads
        ticket = uploads.opened_by(context.principal, id)
        async with uploads.progress(ticket) as messages:
            if await uploads.is_here(ticket):
                yield _present(Progress(ticket.id, ticket.size, ticket.size, done=True))
                return
            async for message in context.hear(messages):
                yield _present(message)
                if message.done:
                    return


def _present(progress: Progress) -> UploadProgress:
    return UploadProgress(received=BigInt(progress.received), total=BigInt(progress.total), done=progress.done)
