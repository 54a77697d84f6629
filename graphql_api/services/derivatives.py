"""Media that are made of others: what a transform gives, kept as a media of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from graphql_api.domain.account import Principal
from graphql_api.domain.media import Details, Media, Origin, Source
from graphql_api.domain.preset import with_preset
from graphql_api.domain.transform_query import format_query
from graphql_api.services.intake import Intake
from graphql_api.services.library import Library
from graphql_api.services.renderer import Asked, Renderer


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Makes media of media."""

    library: Library
    renderer: Renderer
    intake: Intake

    async def make(self, principal: Principal, media_id: uuid.UUID, asked: Asked, details: Details) -> Media:
        """Render what is asked of one of the team's media, and keep it as a new one.

        NotFound, InvalidInput and NotConfigured as Renderer.plan, and as Intake.upload.
        """
        media = await self.library.get_own(principal, media_id)
        await self.intake.expect_upload(principal)
        rendition = await self.renderer.plan(principal, media, asked)
        stored = await self.renderer.render(rendition)
        transform = with_preset(asked.preset, asked.transform) if asked.preset else asked.transform
        origin = Origin(Source.TRANSFORM, parent_id=media.id, operation=format_query(transform))
        name = f"{media.name.rpartition('.')[0] or media.name}.{rendition.recipe.format}"
        pieces, limit = self.renderer.read(stored, 0, stored.size), principal.plan.max_file_bytes
        async with self.intake.spool.fill(pieces, limit=limit, field="transform", filename=name) as upload:
            return await self.intake.upload(principal, upload, details, origin)
