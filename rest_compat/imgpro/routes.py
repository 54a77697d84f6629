"""img.pro's routes: read the request, ask the library, present the answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.media import Details, Media, Upload
from graphql_api.errors import InvalidInput
from graphql_api.web.context import CONTEXT, admit_uploader, authenticate
from graphql_api.web.errors import json_response
from graphql_api.web.uploads import form_parts, part_pieces, read_json_object, read_text
from rest_compat.dialect import Dialect
from rest_compat.imgpro.errors import render_error
from rest_compat.imgpro.present import present_image, present_usage, quota_headers

_FIELDS = ("caption",)
_MAX_FIELD = 16 * 1024  # bytes of a text field; those that we do not know are read and forgotten


async def create_image(request: web.Request) -> web.Response:
    """POST /v1/images: a multipart `file`, or JSON with a `url`; without a key as a guest."""
    principal = await admit_uploader(request)
    # Who may not write learns that before anything about the body: clients probe their rights so.
    await request.app[CONTEXT].intake.expect_upload(principal)
    if request.content_type == "multipart/form-data":
        media = await _upload(request, principal)
    elif request.content_type == "application/json":
        media = await _import(request, principal)
    else:
        raise InvalidInput("file", "Send multipart/form-data with a 'file', or application/json with a 'url'.")
    return _present(request, media, HTTPStatus.CREATED, await _quota_headers(request, principal))


async def _quota_headers(request: web.Request, principal: Principal) -> dict[str, str]:
    """What is left of the plan, for who has one."""
    if principal.team is None or (principal.key is None and principal.user is None):
        return {}
    return quota_headers(await request.app[CONTEXT].quotas.of(principal.team, principal.plan))


async def _upload(request: web.Request, principal: Principal) -> Media:
    context = request.app[CONTEXT]
    fields: dict[str, str] = {}
    upload: Upload | None = None
    async with AsyncExitStack() as stack:
        async for name, part in form_parts(request):
            if name != "file":
                text = await read_text(part, limit=_MAX_FIELD)
                if name in _FIELDS:
                    fields[name] = text
            elif upload is None:
                limit = principal.plan.max_file_bytes
                filling = context.spool.fill(part_pieces(part), limit=limit, field="file", filename=part.filename)
                upload = await stack.enter_async_context(filling)
            else:
                raise InvalidInput("file", "Send one file.")
        if upload is None:
            raise InvalidInput("file", "A file is required.")
        return await context.intake.upload(principal, upload, _details(fields))


async def _import(request: web.Request, principal: Principal) -> Media:
    body = await read_json_object(request)
    url = body.get("url")
    if not isinstance(url, str) or not url:
        raise InvalidInput("url", "A url is required.")
    return await request.app[CONTEXT].intake.import_url(principal, url, _details(body))


def _details(fields: dict[str, str] | dict[str, object]) -> Details:
    caption = fields.get("caption")
    if not isinstance(caption, str | None):
        raise InvalidInput("caption", "The caption must be a text.")
    return Details(caption=caption)


async def get_image(request: web.Request) -> web.Response:
    """GET /v1/images/{id}: one's own with a key, public ones without."""
    principal = await authenticate(request)
    media = await request.app[CONTEXT].library.get_by_uid(principal, request.match_info["id"])
    return _present(request, media, HTTPStatus.OK)


async def get_usage(request: web.Request) -> web.Response:
    """GET /v1/usage: what the team has used of its plan."""
    principal = await authenticate(request)
    quota = await request.app[CONTEXT].quotas.get(principal)
    return json_response(present_usage(quota), headers={"Cache-Control": "no-store"} | quota_headers(quota))


def _present(
    request: web.Request, media: Media, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> web.Response:
    context = request.app[CONTEXT]
    body = present_image(media, public_url=context.public_url, source_url=context.source_url)
    return json_response(body, status, {"Cache-Control": "no-store", **(headers or {})})


IMGPRO = Dialect(
    name="imgpro",
    routes=(
        ("POST", "/v1/images", create_image),
        ("GET", "/v1/images/{id}", get_image),
        ("GET", "/v1/usage", get_usage),
    ),
    render_error=render_error,
)
