"""`/v1/images`: generation 4 and what came after it (seed 002)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.web.context import CONTEXT, authenticate
from graphql_api.web.errors import json_response
from rest_compat.imgpro import handling
from rest_compat.imgpro.body import changes_of, ids_of, read_fields
from rest_compat.imgpro.errors import error_object
from rest_compat.imgpro.generation import Generation, generation_of
from rest_compat.imgpro.present import Shown, page_of, present_image, tombstone

_PRIVATE = {"Cache-Control": "no-store"}


async def create_image(request: web.Request) -> web.Response:
    """POST /v1/images: a multipart `file`, or JSON with a `url`; without a key as a guest."""
    media, principal = await handling.create(request)
    (shown,) = await handling.shown(request, principal, [media], made=True)
    return _answer(request, shown, HTTPStatus.CREATED, await handling.upload_headers(request, principal))


async def get_image(request: web.Request) -> web.Response:
    """GET /v1/images/{id}: one's own with a key, public ones without."""
    principal = await authenticate(request)
    media = await request.app[CONTEXT].library.get_by_uid(principal, request.match_info["id"])
    (shown,) = await handling.shown(request, principal, [media])
    return _answer(request, shown)


async def list_images(request: web.Request) -> web.Response:
    """GET /v1/images: the team's, newest first; by `ids`, `label[key]=value`, `cursor` and `limit`."""
    principal = await authenticate(request)
    media, cursor = await handling.list_media(request, principal)
    items = [_body(request, shown) for shown in await handling.shown(request, principal, media)]
    return json_response(page_of(items, cursor), headers=_PRIVATE)


async def update_image(request: web.Request) -> web.Response:
    """PATCH /v1/images/{id}: `caption`, `public`, `ttl`, `metadata` (merged, null removes), `labels` (anew)."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    changes = changes_of(await read_fields(request), generation_of(request), legacy=False)
    media = await handling.update(request, principal, request.match_info["id"], changes)
    (shown,) = await handling.shown(request, principal, [media], made=True)
    return _answer(request, shown)


async def delete_image(request: web.Request) -> web.Response:
    """DELETE /v1/images/{id}."""
    principal = await authenticate(request)
    await handling.delete(request, principal, request.match_info["id"])
    return deleted(request)


def deleted(request: web.Request) -> web.Response:
    """Nothing; for generation 1, whose client reads JSON always, a sentence in JSON."""
    if generation_of(request) is Generation.G1:
        body = {"success": True, "id": request.match_info["id"], "deleted": True}
        return json_response(body, headers=_PRIVATE)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=_PRIVATE)


async def update_images(request: web.Request) -> web.Response:
    """PATCH /v1/images/batch: `ids` (at most 100) and what changes in all of them."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    fields = await read_fields(request)
    ids = ids_of(fields.get("ids"))
    changes = changes_of(fields, generation_of(request), legacy=False)

    async def change(uid: str) -> Media:
        return await handling.update(request, principal, uid, changes)

    done, failures = await handling.each(ids, change)
    media = [item for _, item in done if item is not None]
    items = [_body(request, shown) for shown in await handling.shown(request, principal, media, made=True)]
    errors = [{"id": failure.id, "error": error_object(failure.error)} for failure in failures]
    return json_response({"object": "batch_result", "data": items, "errors": errors}, headers=_PRIVATE)


async def delete_images(request: web.Request) -> web.Response:
    """DELETE /v1/images/batch: `ids` (at most 100) in JSON. What is gone, or was never there, counts as deleted."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    ids = ids_of((await read_fields(request)).get("ids"))

    async def drop(uid: str) -> None:
        await handling.delete(request, principal, uid)

    await handling.each(ids, drop)
    body = {"object": "batch_result", "data": [tombstone(uid) for uid in ids], "errors": []}
    return json_response(body, headers=_PRIVATE)


def _body(request: web.Request, shown: Shown) -> dict[str, object]:
    context = request.app[CONTEXT]
    return present_image(shown, public_url=context.public_url, source_url=context.source_url)


def _answer(
    request: web.Request, shown: Shown, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> web.Response:
    return json_response(_body(request, shown), status, _PRIVATE | (headers or {}))
