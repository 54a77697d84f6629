"""Making, changing and filling collections."""

from __future__ import annotations

import uuid

import strawberry

from graphql_api.domain.media import KEEP
from graphql_api.errors import NotFound, TintypeError
from schema.context import Info
from schema.errors import UserError, not_null, user_error
from schema.media import Collection, present_collection
from schema.media_filter import media_ids_of
from schema.node import find_collection_id

_ID = "Global id of the collection."
_MEDIA_IDS = "Global ids of at most 100 media."
_WHY = "Why nothing was changed."
_DONE = "The collection; null when there are errors."


@strawberry.input(description="A collection to make.")
class CreateCollectionInput:
    """A name and a description."""

    name: str = strawberry.field(description="At most 100 characters, unique in the team.")
    description: str | None = strawberry.field(default=None, description="What it is for.")


@strawberry.input(description="What to change of a collection; fields that are not given stay.")
class UpdateCollectionInput:
    """An id and what changes."""

    id: strawberry.ID = strawberry.field(description=_ID)
    name: strawberry.Maybe[str | None] = strawberry.field(default=None, description="Its name; null is refused.")
    description: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description="What it is for; null clears it."
    )


@strawberry.input(description="A collection to remove; its media stay.")
class DeleteCollectionInput:
    """An id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.input(description="Media to put into a collection.")
class AddToCollectionInput:
    """A collection and media."""

    id: strawberry.ID = strawberry.field(description=_ID)
    media_ids: list[strawberry.ID] = strawberry.field(description=_MEDIA_IDS)


@strawberry.input(description="Media to take out of a collection.")
class RemoveFromCollectionInput:
    """A collection and media."""

    id: strawberry.ID = strawberry.field(description=_ID)
    media_ids: list[strawberry.ID] = strawberry.field(description=_MEDIA_IDS)


@strawberry.type(description="What making a collection came to.")
class CreateCollectionPayload:
    """A collection or errors."""

    collection: Collection | None = strawberry.field(default=None, description=_DONE)
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What changing a collection came to.")
class UpdateCollectionPayload:
    """A collection or errors."""

    collection: Collection | None = strawberry.field(default=None, description=_DONE)
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What removing a collection came to.")
class DeleteCollectionPayload:
    """An id or errors."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="Id of what was removed; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What putting media into a collection came to.")
class AddToCollectionPayload:
    """A collection or errors."""

    collection: Collection | None = strawberry.field(default=None, description=_DONE)
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type(description="What taking media out of a collection came to.")
class RemoveFromCollectionPayload:
    """A collection or errors."""

    collection: Collection | None = strawberry.field(default=None, description=_DONE)
    errors: list[UserError] = strawberry.field(default_factory=list, description=_WHY)


@strawberry.type
class CollectionMutation:
    """What can be done with collections."""

    @strawberry.mutation(description="Make an empty collection.")
    async def create_collection(self, info: Info, input: CreateCollectionInput) -> CreateCollectionPayload:
        collections, principal = info.context.services.collections, info.context.principal
        try:
            made = await collections.make(principal, input.name, input.description)
        except TintypeError as error:
            return CreateCollectionPayload(errors=[user_error(error)])
        return CreateCollectionPayload(collection=present_collection(made))

    @strawberry.mutation(description="Change what is said of a collection.")
    async def update_collection(self, info: Info, input: UpdateCollectionInput) -> UpdateCollectionPayload:
        collections, principal = info.context.services.collections, info.context.principal
        description = input.description.value if input.description else KEEP
        try:
            name = not_null("name", input.name.value) if input.name else KEEP
            changed = await collections.update(principal, _id_of(input.id), name, description)
        except TintypeError as error:
            return UpdateCollectionPayload(errors=[user_error(error)])
        return UpdateCollectionPayload(collection=present_collection(changed))

    @strawberry.mutation(description="Remove a collection; its media stay.")
    async def delete_collection(self, info: Info, input: DeleteCollectionInput) -> DeleteCollectionPayload:
        try:
            await info.context.services.collections.delete(info.context.principal, _id_of(input.id))
        except TintypeError as error:
            return DeleteCollectionPayload(errors=[user_error(error)])
        return DeleteCollectionPayload(deleted_id=input.id)

    @strawberry.mutation(description="Put media into a collection: all of them, or none.")
    async def add_to_collection(self, info: Info, input: AddToCollectionInput) -> AddToCollectionPayload:
        collections, principal = info.context.services.collections, info.context.principal
        try:
            media_ids = media_ids_of("mediaIds", input.media_ids)
            found = await collections.add(principal, _id_of(input.id), media_ids)
        except TintypeError as error:
            return AddToCollectionPayload(errors=[user_error(error)])
        return AddToCollectionPayload(collection=present_collection(found))

    @strawberry.mutation(description="Take media out of a collection, as far as they are in it.")
    async def remove_from_collection(self, info: Info, input: RemoveFromCollectionInput) -> RemoveFromCollectionPayload:
        collections, principal = info.context.services.collections, info.context.principal
        try:
            media_ids = media_ids_of("mediaIds", input.media_ids)
            found = await collections.remove(principal, _id_of(input.id), media_ids)
        except TintypeError as error:
            return RemoveFromCollectionPayload(errors=[user_error(error)])
        return RemoveFromCollectionPayload(collection=present_collection(found))


def _id_of(text: str) -> uuid.UUID:
    if (collection_id := find_collection_id(text)) is None:
        raise NotFound("There is no such collection.")
    return collection_id
