"""`/cdn-cgi/image/<options>/<source>`: images by Cloudflare's URL grammar, errors in Cloudflare's codes."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web

from graphql_api.domain.account import Principal
from graphql_api.domain.cdn_options import CdnOptions, parse_options, with_slow_quality, with_width
from graphql_api.domain.format import Format
from graphql_api.domain.media import Media
from graphql_api.domain.rendition import plan
from graphql_api.domain.transform import IDENTITY
from graphql_api.domain.transform_query import VERSION
from graphql_api.errors import (
    InvalidInput,
    NotFound,
    Overloaded,
    TintypeError,
    TooLarge,
    UnsupportedMedia,
    UpstreamFailed,
    UpstreamTimeout,
)
from graphql_api.services.renderer import Asked
from graphql_api.web.accept import accepted_formats
from graphql_api.web.context import CONTEXT, Context, identify
from graphql_api.web.delivery import deliver, describe
from graphql_api.web.errors import error_headers, status_of

PREFIX = "/cdn-cgi/image/"
_MAX_OPTIONS = 2000  # characters

# Cloudflare's codes (contracts/imgpro.md 2.3); the nearest ancestor counts.
_CODES: dict[type[TintypeError], int] = {
    TintypeError: 9523,
    InvalidInput: 9401,
    TooLarge: 9402,
    UnsupportedMedia: 9412,
    NotFound: 9404,
    Overloaded: 9522,
    UpstreamFailed: 9509,
    UpstreamTimeout: 9504,
}
_MAX_WIDTH_HINT = 5000
_SLOW_TYPES = ("slow-2g", "2g", "3g")
_SLOW_RTT, _SLOW_DOWNLINK = 150, 5.0  # milliseconds, megabits a second
_HINT = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")


async def get_image(request: web.Request) -> web.StreamResponse:
    """GET and HEAD /cdn-cgi/image/{options}/{source}."""
    # Before anything is unescaped: an option may hold commas and slashes.
    options_text, _, source = request.raw_path.removeprefix(PREFIX).partition("/")
    context = request.app[CONTEXT]
    media = None
    try:
        options = _parse(options_text)
        principal = await identify(request)
        media = await _find(context, principal, unquote(source))
        return await _answer(request, options, media, principal)
    except TintypeError as error:
        if media is not None and "onerror=redirect" in options_text.split(","):
            raise web.HTTPFound(plan(media, IDENTITY).url(context.source_url)) from error
        return _render_error(error)


def _parse(text: str) -> CdnOptions:
    if not text or len(text) > _MAX_OPTIONS:
        raise InvalidInput("options", f"There must be options, in at most {_MAX_OPTIONS} characters.")
    return parse_options(text)


async def _find(context: Context, principal: Principal, source: str) -> Media:
    """The media that a source names: its uid, any address of it that we give out, or one of another origin."""
    if source.startswith(("http:", "https:")):
        origins = (context.source_url, context.public_url)
        inside = next((source.removeprefix(origin) for origin in origins if source.startswith(f"{origin}/")), None)
        if inside is None:
            return await context.mirror.get(source)
        source = inside
    address, _, query = source.partition("#")[0].partition("?")
    path = "/" + address.strip("/")
    *folders, name = path.removeprefix(urlsplit(context.source_url).path).strip("/").split("/")
    media = await context.library.get_shown(principal, name.partition(".")[0], dict(parse_qsl(query)).get(VERSION, ""))
    if folders not in ([], [media.storage]):
        raise NotFound("There is no such media.")
    return media


async def _answer(request: web.Request, options: CdnOptions, media: Media, principal: Principal) -> web.StreamResponse:
    options, vary = _with_hints(request, options)
    transform = options.transform
    if media.original.format is Format.SVG and transform.output.format is None:
        transform = IDENTITY  # as at Cloudflare, a drawing is passed through
    if transform.output.auto:
        vary.append("Accept")
    accepted = accepted_formats(request.headers.get("Accept")) if transform.output.auto else ()
    rendition = await request.app[CONTEXT].renderer.plan(principal, media, Asked(transform, accepted=accepted))
    if options.json:
        return await describe(request, rendition, vary=", ".join(vary) or None)
    return await deliver(request, rendition, vary=", ".join(vary) or None)


def _with_hints(request: web.Request, options: CdnOptions) -> tuple[CdnOptions, list[str]]:
    """The options with what the client's hints decide, and the names of those that were looked at."""
    vary = []
    if options.slow_quality is not None:
        vary += ["Save-Data", "ECT", "RTT", "Downlink"]
        options = with_slow_quality(options) if _is_slow(request) else options
    if options.width_by_hint:
        vary += ["Sec-CH-Width", "Width"]
        width = _hint(request, "Sec-CH-Width") or _hint(request, "Width")
        options = with_width(options, min(_MAX_WIDTH_HINT, round(width))) if width and width >= 1 else options
    return options, vary


def _is_slow(request: web.Request) -> bool:
    rtt, downlink = _hint(request, "RTT"), _hint(request, "Downlink")
    return (
        request.headers.get("Save-Data", "").lower() == "on"
        or request.headers.get("ECT", "").lower() in _SLOW_TYPES
        or (rtt is not None and rtt > _SLOW_RTT)
        or (downlink is not None and downlink < _SLOW_DOWNLINK)
    )


def _hint(request: web.Request, name: str) -> float | None:
    text = request.headers.get(name, "")
    return float(text) if _HINT.fullmatch(text) else None


def _render_error(error: TintypeError) -> web.Response:
    """In words for people, with Cloudflare's code in its header."""
    code = next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)
    status = HTTPStatus.BAD_REQUEST if code == _CODES[InvalidInput] else status_of(error)
    headers = error_headers(error) | {"Cf-Resized": f"err={code}"}
    return web.Response(text=f"ERROR {code}: {error}\n", status=status, headers=headers)
