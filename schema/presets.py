"""Presets: named transforms of a team."""

from __future__ import annotations

import datetime as dt

import strawberry

from graphql_api.domain import preset as domain
from graphql_api.errors import TintypeError
from schema.context import Info
from schema.errors import UserError, user_error
from schema.transform import TransformInput


@strawberry.type(description="A transform with a name: addresses that name it follow what it means.")
class Preset:
    """A domain Preset."""

    name: str = strawberry.field(description="Its name, unique in the team.")
    query: str = strawberry.field(description="What it means, as the query of an image address says it.")
    created_at: dt.datetime = strawberry.field(description="When it was made.")
    updated_at: dt.datetime = strawberry.field(description="When its meaning was last changed.")


def _present(preset: domain.Preset) -> Preset:
    return Preset(name=preset.name, query=preset.query, created_at=preset.created_at, updated_at=preset.updated_at)


@strawberry.input(description="A preset to make, or to change.")
class SetPresetInput:
    """A name and a transform."""

    name: str = strawberry.field(description="1 to 64 of a-z, 0-9, `_` and `-`.")
    transform: TransformInput = strawberry.field(description="What it shall mean.")


@strawberry.input(description="A preset to forget.")
class DeletePresetInput:
    """A name."""

    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What making or changing a preset came to.")
class SetPresetPayload:
    """A preset or errors."""

    preset: Preset | None = strawberry.field(default=None, description="The preset; null when there are errors.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="What forgetting a preset came to.")
class DeletePresetPayload:
    """A name or errors."""

    deleted_name: str | None = strawberry.field(
        default=None, description="Name of what was deleted; null when there are errors."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing was deleted.")


@strawberry.type
class PresetQuery:
    """What can be asked of presets."""

    @strawberry.field(description="The team's presets, by name; at most 100.")
    async def presets(self, info: Info) -> list[Preset]:
        services, principal = info.context.services, info.context.principal
        return [_present(preset) for preset in await services.presets.list(principal)]


@strawberry.type
class PresetMutation:
    """What can be done with presets."""

    @strawberry.mutation(description="Makes a preset, or changes what one means.")
    async def set_preset(self, info: Info, input: SetPresetInput) -> SetPresetPayload:
        services, principal = info.context.services, info.context.principal
        try:
            preset = await services.presets.put(principal, input.name, input.transform.parse())
        except TintypeError as error:
            return SetPresetPayload(errors=[user_error(error)])
        return SetPresetPayload(preset=_present(preset))

    @strawberry.mutation(description="Forgets a preset; addresses that name it show the image without it.")
    async def delete_preset(self, info: Info, input: DeletePresetInput) -> DeletePresetPayload:
        services, principal = info.context.services, info.context.principal
        try:
            await services.presets.delete(principal, input.name)
        except TintypeError as error:
            return DeletePresetPayload(errors=[user_error(error)])
        return DeletePresetPayload(deleted_name=input.name)
