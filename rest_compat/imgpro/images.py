"""`/v1/images` (seed 002 and after), and `/v1/upload`, `/v1/import`, `/v1/media` (seeds 000 and 001).

All generations are asked and answered alike; `is_legacy` decides where the words of the older ones differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Media
from graphql_api.web.context import CONTEXT, authenticate
from graphql_api.web.errors import json_response
from rest_compat.imgpro import handling
from rest_compat.imgpro.body import changes_of, ids_of, read_fields
from rest_compat.imgpro.errors import error_object
from rest_compat.imgpro.generation import Generation, generation_of, is_legacy
from rest_compat.imgpro.present import page_of, present_image, present_media, single, tombstone

_PRIVATE = {"Cache-Control": "no-store"}


async def create(request: web.Request) -> web.Response:
    """POST /v1/images, /v1/upload: a multipart `file`, or JSON with a `url`; without a key as a guest."""
    return await _created(request, *await handling.create(request))


async def import_url(request: web.Request) -> web.Response:
    """POST /v1/import: JSON with a `url`, and what is said of it."""
    return await _created(request, *await handling.create(request, url_only=True))


async def _created(request: web.Request, media: Media, principal: Principal) -> web.Response:
    (body,) = await _bodies(request, principal, [media], made=True)
    if is_legacy(request) and principal.is_guest:
        body["upgrade"] = {
            "type": "register",
            "url": f"{request.app[CONTEXT].public_url}/account/sign-up",
            "label": "Create an account",
            "message": "This image is kept for 30 days. With an account images stay.",
        }
    headers = _PRIVATE | await handling.upload_headers(request, principal)
    return json_response(_one(request, body), HTTPStatus.CREATED, headers)


async def get(request: web.Request) -> web.Response:
    """GET /v1/images/{id}, /v1/media/{id}: one's own with a key, public ones without."""
    principal = await authenticate(request)
    media = await handling.find(request, principal, request.match_info["id"])
    (body,) = await _bodies(request, principal, [media])
    return json_response(_one(request, body), headers=_PRIVATE)


async def list_page(request: web.Request) -> web.Response:
    """GET /v1/images, /v1/media: the team's, newest first; by `ids`, `label[key]=value`, `tags`, `cursor`, `limit`."""
    principal = await authenticate(request)
    media, cursor = await handling.list_media(request, principal)
    return json_response(page_of(await _bodies(request, principal, media), cursor), headers=_PRIVATE)


async def update(request: web.Request) -> web.Response:
    """PATCH /v1/images/{id}, /v1/media/{id}: `metadata` is merged (null removes), `labels` are set anew."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    changes = changes_of(await read_fields(request), generation_of(request), legacy=is_legacy(request))
    media = await handling.update(request, principal, request.match_info["id"], changes)
    (body,) = await _bodies(request, principal, [media], made=True)
    return json_response(_one(request, body), headers=_PRIVATE)


async def delete(request: web.Request) -> web.Response:
    """DELETE /v1/images/{id}, /v1/media/{id}: nothing; for generation 1, whose client reads JSON always, a sentence."""
    principal, uid = await authenticate(request), request.match_info["id"]
    await handling.delete(request, principal, uid)
    if generation_of(request) is Generation.G1:
        return json_response({"success": True, "id": uid, "deleted": True}, headers=_PRIVATE)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=_PRIVATE)


async def update_many(request: web.Request) -> web.Response:
    """PATCH …/batch, /v1/media?ids=a,b: the same change of at most 100, each on its own."""
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    fields = dict(await read_fields(request))
    named = fields.pop("ids", None)
    ids = ids_of(_ids_in_query(request) or named)
    changes = changes_of(fields, generation_of(request), legacy=is_legacy(request))

    async def change(uid: str) -> Media:
        return await handling.update(request, principal, uid, changes)

    done, failures = await handling.each(ids, change)
    items = await _bodies(request, principal, [item for _, item in done if item is not None], made=True)
    errors = [{"id": failure.id, "error": error_object(failure.error)} for failure in failures]
    counts = {"success": True, "updated": len(items), "media": items} if is_legacy(request) else {}
    return _batch(items, counts, errors)


async def delete_many(request: web.Request) -> web.Response:
    """DELETE …/batch, /v1/media?ids=a,b: at most 100.

    What is gone, or was never there, counts as deleted; generations 1 to 3 are told of those that were there alone.
    """
    principal = await authenticate(request)
    principal.require(Scope.WRITE)
    fields = await read_fields(request) if request.body_exists else {}
    ids = ids_of(_ids_in_query(request) or fields.get("ids"))

    async def drop(uid: str) -> None:
        await handling.delete(request, principal, uid)

    done, _ = await handling.each(ids, drop)
    if not is_legacy(request):
        return _batch([tombstone(uid) for uid in ids])
    counts = {"success": True, "deleted": len(done), "count": len(done)}
    return _batch([tombstone(uid) for uid, _ in done], counts)


def _ids_in_query(request: web.Request) -> str | None:
    return request.query.get("ids") if is_legacy(request) else None


def _batch(
    items: Sequence[object], counts: Mapping[str, object] | None = None, errors: Sequence[object] = ()
) -> web.Response:
    body = {**(counts or {}), "object": "batch_result", "data": list(items), "errors": list(errors)}
    return json_response(body, headers=_PRIVATE)


async def _bodies(
    request: web.Request, principal: Principal, media: Sequence[Media], *, made: bool = False
) -> list[dict[str, object]]:
    present, context = present_media if is_legacy(request) else present_image, request.app[CONTEXT]
    shown = await handling.shown(request, principal, media, made=made)
    return [present(item, public_url=context.public_url, source_url=context.source_url) for item in shown]


def _one(request: web.Request, body: dict[str, object]) -> dict[str, object]:
    return single(body) if is_legacy(request) else body
