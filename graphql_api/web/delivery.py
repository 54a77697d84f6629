"""Delivery of renditions, however they were asked for: headers, 304, ranges, the body, or a description in JSON."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from graphql_api.domain.media import Media
from graphql_api.domain.rendition import Rendition, StoredRendition
from graphql_api.domain.transform_query import VERSION
from graphql_api.errors import NotFound
from graphql_api.web.context import CONTEXT, Context
from graphql_api.web.errors import json_response

_MAX_AGE = 86_400  # seconds; after that an ETag makes the answer a 304
_SOON, _DIGITS = 1000, 9  # versions that may come within that time; others put numbers there to get around caches
# Opened as a page of its own, an image may load and run nothing.
_POWERLESS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?", re.IGNORECASE)


async def deliver(request: web.Request, rendition: Rendition, *, vary: str | None = None) -> web.StreamResponse:
    """The image, rendered now if it has to be; 304 for who has it already. `vary` names what else decided."""
    context = request.app[CONTEXT]
    headers = _headers(request, rendition) | ({"Vary": vary} if vary else {})
    if _is_known(request, rendition.etag):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Type"] = rendition.content_type
    try:
        return await _send(request, context, await context.renderer.render(rendition), headers)
    except FileNotFoundError:
        # It had to make room for others between the two; so soon again it will not.
        return await _send(request, context, await context.renderer.render(rendition), headers)


async def describe(request: web.Request, rendition: Rendition, *, vary: str | None = None) -> web.Response:
    """Sizes and types before and after, as Cloudflare gives them for `format=json`, and the new size in bytes."""
    context = request.app[CONTEXT]
    media, size = rendition.media, await context.renderer.measure(rendition)
    stored = await context.renderer.render(rendition)
    body = {
        "width": size.width,
        "height": size.height,
        "format": rendition.content_type,
        "file_size": stored.size,
        "original": {
            "file_size": media.bytes,
            "width": media.original.width,
            "height": media.original.height,
            "format": media.original.format.content_type,
        },
    }
    headers = {"Cache-Control": _cache_control(request, rendition)} | ({"Vary": vary} if vary else {})
    return json_response(body, headers=headers)


async def deliver_original(request: web.Request, media: Media, until: dt.datetime | None) -> web.StreamResponse:
    """The file as it came, to be saved, not shown; `until` is when the signed address is over."""
    context = request.app[CONTEXT]
    headers = {
        "ETag": f'"{media.sha256}"',
        "Cache-Control": _public(min(until, media.expires_at or until)) if until else "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Type": media.original.format.content_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(media.name, safe='')}",
        "Content-Security-Policy": _POWERLESS,
    }
    if _is_known(request, media.sha256):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        return await _send(request, context, context.renderer.original(media), headers)
    except FileNotFoundError as error:
        raise NotFound("There is no such media.") from error


def _headers(request: web.Request, rendition: Rendition) -> dict[str, str]:
    headers = {
        "ETag": f'"{rendition.etag}"',
        "Cache-Control": _cache_control(request, rendition),
        "Cache-Tag": rendition.media.uid,  # by which a cache in front can be told to forget it
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(_filename(rendition), safe='')}",
        "Content-Security-Policy": _POWERLESS,
    }
    if rendition.public:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return headers


def _cache_control(request: web.Request, rendition: Rendition) -> str:
    if not rendition.public:
        return "private, no-cache"
    version, newest = request.query.get(VERSION, ""), rendition.media.newest
    if version.isdecimal() and newest < int(version[:_DIGITS]) <= newest + _SOON:
        return "no-cache"  # else whoever asks today would have caches show this file at the next one's address
    return _public(rendition.expires_at)


def _public(expires_at: dt.datetime | None) -> str:
    if expires_at is None:
        return f"public, max-age={_MAX_AGE}"
    left = int((expires_at - dt.datetime.now(dt.UTC)).total_seconds())
    return f"public, max-age={max(0, min(_MAX_AGE, left))}"


def _filename(rendition: Rendition) -> str:
    return f"{rendition.media.name.rpartition('.')[0] or rendition.media.name}.{rendition.recipe.format}"


def _is_known(request: web.Request, etag: str) -> bool:
    """Whether If-None-Match has our ETag, by weak comparison (RFC 9110, 13.1.2)."""
    return any(tag.value in (etag, "*") for tag in request.if_none_match or ())


async def _send(
    request: web.Request, context: Context, stored: StoredRendition, headers: Mapping[str, str]
) -> web.StreamResponse:
    start, stop = 0, stored.size
    status = HTTPStatus.OK
    extra = {}
    if (asked := _asked_range(request, stored.size, headers["ETag"])) is not None:
        start, stop = asked
        if start >= stop:
            return web.Response(
                status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                headers={"Content-Range": f"bytes */{stored.size}", "Cache-Control": "no-store"},
            )
        status = HTTPStatus.PARTIAL_CONTENT
        extra["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
    extra["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        return web.Response(status=status, headers={**headers, **extra})
    pieces = context.renderer.read(stored, start, stop - start)
    first = await anext(pieces)  # before the head is sent: what is no longer there can still be made again
    if len(first) == stop - start:
        return web.Response(status=status, body=first, headers={**headers, **extra})
    response = web.StreamResponse(status=status, headers={**headers, **extra})
    await response.prepare(request)
    return await _stream(request, response, first, pieces)


async def _stream(
    request: web.Request, response: web.StreamResponse, first: bytes, rest: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send the body. Once the head is out, a failure is told by hanging up: anything else would be read as body."""
    left = (response.content_length or 0) - len(first)
    try:
        await response.write(first)
        async for piece in rest:
            left -= len(piece)
            await response.write(piece)
    except BaseException:
        _hang_up(request)
        raise
    if left:
        _hang_up(request)  # the file is shorter than it was
    return response


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _asked_range(request: web.Request, size: int, etag: str) -> tuple[int, int] | None:
    """The half-open range of a GET; (n, n) when it cannot be satisfied, None to send everything.

    Several ranges, other units and a stale If-Range are answered in full, as RFC 9110, 14.2 allows.
    """
    header = request.headers.get("Range")
    if header is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    matched = _RANGE.fullmatch(header)
    if matched is None or matched.group(1) is matched.group(2) is None:
        return None
    first, last = matched.groups()
    if first is None:
        return max(0, size - int(last)), size
    start = int(first)
    stop = size if last is None else min(size, int(last) + 1)
    if last is not None and int(last) < start:
        return None
    return (start, stop) if start < size else (size, size)
