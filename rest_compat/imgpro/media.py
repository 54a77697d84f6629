"""`/v1/upload`, `/v1/import`, `/v1/media`: generations 1 to 3 at once (seeds 000 and 001)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Changes, Media
from graphql_api.web.context import CONTEXT, authenticate
from graphql_api.web.errors import json_response
from rest_compat.imgpro import handling
from rest_compat.imgpro.body import changes_of, ids_of, read_fields
from rest_compat.imgpro.errors import error_object
from rest_compat.imgpro.generation import generation_of
from rest_compat.imgpro.images import deleted
from rest_compat.imgpro.present import Shown, page_of, present_media, single, tombstone

_PRIVATE = {"Cache-Control": "no-store"}


async def upload(request: web.Request) -> web.Response:
    """POST /v1/upload: a multipart `file` and what is said of it; without a key as a guest."""
    return await _created(request, *await handling.create(request))


async def import_url(request: web.Request) -> web.Response:
    """POST /v1/import: JSON with a `url`, and what is said of it."""
    return await _created(request, *await handling.create(request, url_only=True))


async def _created(request: web.Request, media: Media, principal: Principal) -> web.Response:
    (shown,) = await handling.shown(request, principal, [media], made=True)
    body = _body(request, shown)
    if principal.is_guest:
        body["upgrade"] = {
            "type": "register",
            "url": f"{request.app[CONTEXT].public_url}/account/sign-up",
            "label": "Create an account",
            "message": "This image is kept for 30 days. With an account images stay.",
        }
    headers = _PRIVATE | await handling.upload_headers(request, principal)
    return json_response(single(body), HTTPStatus.CREATED, headers)


async def get_media(request: web.Request) -> web.Response:
    """GET /v1/media/{id}: one's own with a key, public ones without."""
    principal = await authenticate(request)
    media = await request.app[CONTEXT].library.get_by_uid(principal, request.match_info["id"])
    (shown,) = await handling.shown(request, principal, [media])
    return json_response(single(_body(request, shown)), headers=_PRIVATE)


async def list_media(request: web.Request) -> web.Response:
    """GET /v1/media: the team's, newest first; by `ids`, `tags` with `tag_mode`, `cursor` and `limit`."""
    principal = await authenticate(request)
    media, cursor = await handling.list_media(request, principal)
    items = [_body(request, shown) for shown in await handling.shown(request, principal, media)]
    return json_response(page_of(items, cursor), headers=_PRIVATE)


async def update_media(request: web.Request) -> web.Response:
    """PATCH /v1/media/{id}."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    changes = changes_of(await read_fields(request), generation_of(request), legacy=True)
    media = await handling.update(request, principal, request.match_info["id"], changes)
    (shown,) = await handling.shown(request, principal, [media], made=True)
    return json_response(single(_body(request, shown)), headers=_PRIVATE)


async def delete_media(request: web.Request) -> web.Response:
    """DELETE /v1/media/{id}."""
    principal = await authenticate(request)
    await handling.delete(request, principal, request.match_info["id"])
    return deleted(request)


async def update_many(request: web.Request) -> web.Response:
    """PATCH /v1/media?ids=a,b and PATCH /v1/media/batch: the same change of at most 100, each on its own."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    fields = dict(await read_fields(request))
    ids = ids_of(request.query.get("ids") or fields.get("ids"))
    changes = changes_of(fields, generation_of(request), legacy=True)
    media, errors = await _changed(request, principal, ids, changes)
    items = [_body(request, shown) for shown in await handling.shown(request, principal, media, made=True)]
    body = {"success": True, "updated": len(items), "media": items, "object": "batch_result", "data": items}
    return json_response(body | {"errors": errors}, headers=_PRIVATE)


async def _changed(
    request: web.Request, principal: Principal, ids: Sequence[str], changes: Changes
) -> tuple[list[Media], list[dict[str, object]]]:
    async def change(uid: str) -> Media:
        return await handling.update(request, principal, uid, changes)

    done, failures = await handling.each(ids, change)
    errors: list[dict[str, object]] = [{"id": failure.id, "error": error_object(failure.error)} for failure in failures]
    return [item for _, item in done if item is not None], errors


async def delete_many(request: web.Request) -> web.Response:
    """DELETE /v1/media?ids=a,b and DELETE /v1/media/batch: at most 100; the answer counts those that were there."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    ids = ids_of(request.query.get("ids") or (await read_fields(request)).get("ids"))

    async def drop(uid: str) -> None:
        await handling.delete(request, principal, uid)

    done, _ = await handling.each(ids, drop)
    data = [tombstone(uid) for uid, _ in done]
    count = len(done)
    body = {"success": True, "deleted": count, "count": count, "object": "batch_result", "data": data, "errors": []}
    return json_response(body, headers=_PRIVATE)


def _body(request: web.Request, shown: Shown) -> dict[str, object]:
    context = request.app[CONTEXT]
    return present_media(shown, public_url=context.public_url, source_url=context.source_url)
