"""Where files are sent that were announced before: PUT, without a key, to the address that was given for it."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from graphql_api.errors import InvalidInput
from graphql_api.web.context import CONTEXT
from graphql_api.web.uploads import body_pieces

PATH = "/uploads"


async def put_file(request: web.Request) -> web.Response:
    """PUT /uploads?token=...: the file as the body, of the very size (and digest) that was told."""
    uploads = request.app[CONTEXT].direct_uploads
    ticket = uploads.open(request.query.get("token", ""))
    if request.content_length is not None and request.content_length != ticket.size:
        raise InvalidInput("body", f"The file has {request.content_length} bytes, not {ticket.size}.")
    await uploads.receive(ticket, body_pieces(request))
    return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
