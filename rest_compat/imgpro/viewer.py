"""The viewer link `/{id}`: a page for people, the image itself for an `<img>`, both with transforms in the query."""

from __future__ import annotations

from aiohttp import web

from graphql_api.domain.ids import UID_LENGTH
from graphql_api.domain.rendition import Rendition
from graphql_api.domain.transform_query import VERSION, parse_image_query
from graphql_api.errors import NotFound, TintypeError
from graphql_api.services.renderer import Asked
from graphql_api.web.accept import preferred
from graphql_api.web.context import CONTEXT, identify
from graphql_api.web.delivery import deliver
from graphql_api.web.html import render_failure, render_viewer

PATH = f"/{{id:[0-9a-z]{{{UID_LENGTH}}}}}"
_HTML = "text/html"


async def show(request: web.Request) -> web.StreamResponse:
    """GET and HEAD /{id}?transform."""
    wants_page = preferred(request.headers.get("Accept"), ("image/*", _HTML), default="image/*") == _HTML
    try:
        rendition = await _plan(request)
    except TintypeError as error:
        if not wants_page:
            raise
        return render_failure(error, "There is no such image")
    if not wants_page:
        return await deliver(request, rendition, vary="Accept")
    context = request.app[CONTEXT]
    size, media = rendition.size or rendition.source, rendition.media
    title = media.caption or media.name
    shown = {
        "caption": media.caption,
        "alt_text": media.alt_text or title,
        "page": f"{context.public_url}/{media.uid}",
        "width": size.width,
        "height": size.height,
    }
    return render_viewer(title, rendition.url(context.source_url), shown)


async def _plan(request: web.Request) -> Rendition:
    context = request.app[CONTEXT]
    principal = await identify(request)
    media = await context.library.get_shown(principal, request.match_info["id"], request.query.get(VERSION, ""))
    transform = parse_image_query(list(request.query.items()), None)
    if transform is None:
        raise NotFound("There is no such image format.")
    return await context.renderer.plan(principal, media, Asked(transform))
