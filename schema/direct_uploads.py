"""Uploads that go to storage directly, past GraphQL: announced, sent, completed; and how far they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from graphql_api.errors import TintypeError
from graphql_api.services.live import Progress
from schema.context import Info
from schema.errors import UserError, user_error
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


@strawberry.type(description="How far an upload is.")
class UploadProgress:
    """A Progress."""

    received: BigInt = strawberry.field(description="Bytes that are here.")
    total: BigInt = strawberry.field(description="Bytes that there will be.")
    done: bool = strawberry.field(description="Whether the file is here, and can be completed.")


@strawberry.type
class DirectUploadMutation:
    """The first step and the last."""

    @strawberry.mutation(
        description="Get an address where one file may be sent without a key, by a browser for example."
    )
    async def create_upload(self, info: Info, input: CreateUploadInput) -> CreateUploadPayload:
        uploads, principal = info.context.services.direct_uploads, info.context.principal
        try:
            ticket = await uploads.make(principal, input.bytes, input.filename, input.sha256)
            address = await uploads.address(ticket)
        except TintypeError as error:
            return CreateUploadPayload(errors=[user_error(error)])
        target = UploadTarget(
            id=strawberry.ID(ticket.token),
            url=address.url,
            method="PUT",
            headers=[UploadHeader(name=name, value=value) for name, value in address.headers.items()],
            expires_at=ticket.expires_at,
        )
        return CreateUploadPayload(upload=target)

    @strawberry.mutation(description="Make a media of a file that was sent.")
    async def complete_upload(self, info: Info, input: CompleteUploadInput) -> CompleteUploadPayload:
        uploads, principal = info.context.services.direct_uploads, info.context.principal
        try:
            media = await uploads.complete(principal, input.id, input.details())
        except TintypeError as error:
            return CompleteUploadPayload(errors=[user_error(error)])
        return CompleteUploadPayload(media=present(media))


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
