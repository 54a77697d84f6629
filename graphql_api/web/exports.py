"""The archive of a team, by a signed link or a key that rules over it."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

import structlog
from aiohttp import web

from graphql_api.web.context import CONTEXT, authenticate

log = structlog.get_logger(__name__)


async def get_export(request: web.Request) -> web.StreamResponse:
    """GET /export?token=, or with a key of scope `admin`: everything that the team owns (tar)."""
    exports = request.app[CONTEXT].exports
    if token := request.query.get("token"):
        team = await exports.open(token)
    else:
        team = await exports.start(await authenticate(request))
    name = quote(f"{team.name}.tar", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
    response = web.StreamResponse(status=HTTPStatus.OK, headers=headers | {"Content-Type": "application/x-tar"})
    await response.prepare(request)
    try:
        async for piece in exports.stream(team):
            await response.write(piece)
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            log.exception("export_failed", team=team.id)  # with the connection goes whoever could be told
        if request.transport is not None:
            request.transport.abort()  # what is cut must not look whole
        raise
    return response
