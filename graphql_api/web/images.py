"""The image route: a native query becomes pixels."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.media import Media
from graphql_api.domain.preset import merged_pairs
from graphql_api.domain.transform_query import PRESET, VERSION, asks_description, parse_image_query
from graphql_api.errors import NotFound
from graphql_api.services.links import IMAGE, ORIGINAL
from graphql_api.services.renderer import Asked
from graphql_api.web.accept import accepted_formats
from graphql_api.web.context import CONTEXT, Context, authenticate, identify
from graphql_api.web.delivery import deliver, deliver_original, describe


async def get_original(request: web.Request) -> web.StreamResponse:
    """GET and HEAD /original/{storage}/{uid}.{ext}: the file as it came, for its team and by signed links."""
    context = request.app[CONTEXT]
    uid = request.match_info["name"].partition(".")[0]
    version = request.query.get(VERSION, "")
    if until := context.links.until(ORIGINAL, request.path, list(request.query.items())):
        principal, media = await context.library.get_by_link(uid, version)
    else:
        principal = await authenticate(request)
        media = await context.library.get_shown(principal, uid, version)
    if media.storage != request.match_info["storage"] or not principal.owns(media):
        raise NotFound("There is no such media.")
    return await deliver_original(request, media, until)


async def get_image(request: web.Request) -> web.StreamResponse:
    """GET and HEAD /src/{storage}/{uid}[.{ext}]?transform."""
    context = request.app[CONTEXT]
    uid, _, extension = request.match_info["name"].partition(".")
    pairs = list(request.query.items())
    version = request.query.get(VERSION, "")
    if until := context.links.until(IMAGE, request.path, pairs):
        principal, media = await context.library.get_by_link(uid, version)
    else:
        principal = await identify(request)
        media = await _shown(context, principal, uid, version)
    if media.storage != request.match_info["storage"]:
        raise NotFound("There is no such media.")
    preset = await context.presets.find(media.team_id, request.query.get(PRESET, ""))
    transform = parse_image_query(merged_pairs(preset, pairs) if preset else pairs, extension)
    if transform is None:
        raise NotFound("There is no such image format.")
    auto = transform.output.auto
    accepted = accepted_formats(request.headers.get("Accept")) if auto else ()
    rendition = await context.renderer.plan(principal, media, Asked(transform, accepted=accepted))
    if until:
        rendition = replace(rendition, public=True, until=until)
    if asks_description(pairs):
        return await describe(request, rendition, vary="Accept" if auto else None)
    return await deliver(request, rendition, vary="Accept" if auto else None)


async def _shown(context: Context, principal: Principal, uid: str, version: str) -> Media:
    """What the caller may see, or, where the operator has opened private images, what there is. NotFound.

    It stays private all the same: no shared cache may keep it, and the caller is none of its team.
    """
    try:
        return await context.library.get_shown(principal, uid, version)
    except NotFound:
        if not context.open_private_images:
            raise
        _, media = await context.library.get_by_link(uid, version)
        return media
