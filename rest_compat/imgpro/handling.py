"""What the handlers of all generations share: making, finding, changing and deleting media for a request."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.key import Scope
from graphql_api.domain.media import Changes, Media
from graphql_api.domain.media_filter import MediaFilter
from graphql_api.domain.page import MAX_PAGE, NEWEST_FIRST, PageRequest, cursor_of, parse_cursor
from graphql_api.errors import InvalidInput, NotFound, TintypeError
from graphql_api.services.batch import run_batch
from graphql_api.web.context import CONTEXT, admit_uploader
from rest_compat.imgpro.body import Body, details_of, ids_of, is_form, read_upload, tags_of
from rest_compat.imgpro.errors import LEFT
from rest_compat.imgpro.generation import Generation, generation_of, is_legacy
from rest_compat.imgpro.present import Shown, quota_headers

_DEFAULT_LIMIT = 50
_MAX_OFFSET = 10_000  # rows are read to be left out
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Failure:
    """An item of a batch that could not be done."""

    id: str
    error: TintypeError


async def create(request: web.Request, *, url_only: bool = False) -> tuple[Media, Principal]:
    """Keep the file of a form, or what a URL leads to; without a key as a guest."""
    principal = await admit_uploader(request)
    try:
        return await _create(request, principal, url_only=url_only), principal
    except TintypeError:
        request[LEFT] = await upload_headers(request, principal)
        raise


async def _create(request: web.Request, principal: Principal, *, url_only: bool) -> Media:
    context = request.app[CONTEXT]
    # Who may not write learns that before anything about the body: clients probe their rights with an empty one.
    principal.require(Scope.WRITE)
    await context.intake.limits.check_upload(principal)
    key = request.headers.get("Idempotency-Key")
    # No file is taken in for a full plan; but what a key has made already is given whatever there is room for.
    if is_form(request) and not key:
        await context.intake.expect_upload(principal)
    wanted = "url" if url_only or request.content_type == "application/json" else "file"
    async with AsyncExitStack() as stack:
        body = await read_upload(request, principal, stack, wanted)
        if url_only and body.upload is not None:
            raise InvalidInput("url", "Send a 'url'; files go to /v1/upload.")
        if body.upload is None and not body.fields.get("url"):
            raise InvalidInput(wanted, f"A {wanted} is required.")

        async def make(media_id: uuid.UUID | None = None) -> Media:
            return await _make(request, principal, body, media_id)

        if not key:
            return await make()
        return await context.idempotency.once(principal, key, body.fingerprint(), make)


async def _make(request: web.Request, principal: Principal, body: Body, media_id: uuid.UUID | None) -> Media:
    intake = request.app[CONTEXT].intake
    fields = dict(body.fields)
    url = fields.pop("url", None) if body.upload is None else None
    public = principal.is_guest or generation_of(request) is not Generation.G1
    details = details_of(fields, public=public, legacy=is_legacy(request))
    if body.upload is not None:
        return await intake.upload(principal, body.upload, details, media_id=media_id)
    if not isinstance(url, str):
        raise InvalidInput("url", "'url' must be a text.")
    await intake.expect_upload(principal)
    return await intake.import_url(principal, url, details, media_id)


async def find(request: web.Request, principal: Principal, uid: str) -> Media:
    """One of the team's media, or a public one. NotFound; Forbidden for the team's own with a key that may not read."""
    library = request.app[CONTEXT].library
    try:
        return await library.get_by_uid(principal, uid)
    except NotFound:
        if principal.team is not None and Scope.READ not in principal.scopes:
            await library.get_own_by_uid(principal, uid)
            principal.require(Scope.READ)
        raise


async def upload_headers(request: web.Request, principal: Principal) -> dict[str, str]:
    """What is left of the plan, for who has one."""
    if principal.team is None or principal.is_guest:
        return {}
    return quota_headers(await request.app[CONTEXT].quotas.of(principal.team, principal.plan))


async def shown(
    request: web.Request, principal: Principal, media: Sequence[Media], *, made: bool = False
) -> list[Shown]:
    """The media with their tags and labels, as far as the caller may know them; who made them knows."""
    library = request.app[CONTEXT].library
    own = [made or principal.owns(item) for item in media]
    ids = [item.id for item, mine in zip(media, own, strict=True) if mine]
    tags = await library.tags_of(ids) if ids else {}
    labels = await library.labels_of(ids) if ids else {}
    return [
        Shown(item, tags.get(item.id, ()), labels.get(item.id, {}), mine) for item, mine in zip(media, own, strict=True)
    ]


async def list_media(request: web.Request, principal: Principal) -> tuple[list[Media], str | None]:
    """A page of the team's media, newest first, and the cursor of the next."""
    query = request.query
    cursor = query.get("cursor")
    # Of generation 1: a cursor is better, and counts alone where both are given.
    skip = _number("offset", query.get("offset"), 0, range(_MAX_OFFSET + 1)) if is_legacy(request) else 0
    page = PageRequest(
        first=_number("limit", query.get("limit"), _DEFAULT_LIMIT, range(1, MAX_PAGE + 1)),
        after=parse_cursor("cursor", cursor, NEWEST_FIRST) if cursor else None,
        last=None,
        before=None,
        order=NEWEST_FIRST,
        skip=0 if cursor else skip,
    )
    tags = tags_of(query.get("tags"))
    mode = query.get("tag_mode", "any")
    if mode not in ("any", "all"):
        raise InvalidInput("tag_mode", "'tag_mode' must be any or all.")
    labels = {(name[6:-1], value) for name, value in query.items() if name.startswith("label[") and name[-1] == "]"}
    uids = tuple(ids_of(query["ids"])) if query.get("ids") else None
    wanted = MediaFilter(
        uids=() if len(dict(labels)) < len(labels) else uids,  # a label has one value: with two wanted nothing is
        tags_any=(tags or None) if mode == "any" else None,
        tags_all=tags if mode == "all" else (),
        labels=dict(labels),
    )
    found = await request.app[CONTEXT].library.list(principal, page, wanted)
    last = cursor_of(found.items[-1], NEWEST_FIRST).format() if found.items and found.has_next else None
    return list(found.items), last


def _number(name: str, text: str | None, default: int, among: range) -> int:
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else -1
    if number not in among:
        raise InvalidInput(name, f"'{name}' must be between {among[0]} and {among[-1]}.")
    return number


async def update(request: web.Request, principal: Principal, uid: str, changes: Changes) -> Media:
    """Change one of the team's media. NotFound."""
    library = request.app[CONTEXT].library
    media = await library.get_own_by_uid(principal, uid)
    return await library.update(principal, media.id, changes)


async def delete(request: web.Request, principal: Principal, uid: str) -> None:
    """Put one of the team's media into the trash; for good in generation 1, as it says (seed 000). NotFound."""
    context = request.app[CONTEXT]
    media = await context.library.get_own_by_uid(principal, uid)
    await context.trash.delete(principal, media.id, for_good=generation_of(request) is Generation.G1)


async def each(
    ids: Sequence[str], work: Callable[[str], Awaitable[Media | None]]
) -> tuple[list[tuple[str, Media | None]], list[Failure]]:
    """Do it for each, each on its own: what was done, and what was not there or could not be done."""

    async def one(uid: str) -> Media | Failure | None:
        try:
            return await work(uid)
        except (NotFound, InvalidInput) as error:
            return Failure(uid, error)

    outcomes = await run_batch(ids, one)
    done = [(uid, item) for uid, item in zip(ids, outcomes, strict=True) if not isinstance(item, Failure)]
    return done, [item for item in outcomes if isinstance(item, Failure)]
