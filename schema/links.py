"""Signed addresses of what is private, for those who ask for them."""

from __future__ import annotations

import strawberry

from graphql_api.domain.media import Media
from graphql_api.services.links import IMAGE
from schema.context import Info
from schema.scalars import Duration

EXPIRES_IN = strawberry.argument(
    description="Sign the address of what is private: whoever has it may see this, for so long and no key needed."
)


def signed(info: Info, media: Media, url: str, expires_in: Duration | None, *, public: bool | None = None) -> str:
    """An address of a media, signed where it must be: those of public ones are as everybody has them in the cache."""
    open_to_all = media.public if public is None else public
    if expires_in is None or open_to_all or not info.context.principal.owns(media):
        return url
    return info.context.services.links.sign(IMAGE, url, media.version, expires_in)
