"""Request bodies: bounded JSON, and multipart forms read part by part, never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage, ContentEncodingError

from graphql_api.domain.plan import MIB
from graphql_api.errors import InvalidInput, TooLarge

MAX_JSON = MIB
_MAX_FORM = 16 * 1024
_PIECE = 256 * 1024
_IDLE_SECONDS = 30
_MAX_PARTS = 128

ReadT = TypeVar("ReadT")

# What aiohttp raises for a body that is no multipart form.
_MALFORMED = (ValueError, AssertionError, BadHttpMessage, RuntimeError)


async def read_bounded(request: web.Request, limit: int = MAX_JSON) -> bytes:
    """The whole body. TooLarge past `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise TooLarge(None, f"The body has more than {limit} bytes.")
    if request.content.is_eof() and request.content.exception() is None:  # most have come whole with their headers
        body = request.content.read_nowait()
    else:
        pieces = bytearray()
        while len(pieces) <= limit and (piece := await _in_time(request.content.readany())):
            pieces += piece
        body = bytes(pieces)
    if len(body) > limit:
        raise TooLarge(None, f"The body has more than {limit} bytes.")
    return body


def parse_json(body: bytes | str) -> object:
    """The JSON value. InvalidInput without a field: there is no telling which."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(None, "The body is not valid JSON.") from error


async def read_json_object(request: web.Request) -> dict[str, object]:
    """The JSON object that the body is."""
    value = parse_json(await read_bounded(request))
    if not isinstance(value, dict):
        raise InvalidInput(None, "The body must be a JSON object.")
    return value


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a page's form; of several with one name the last. InvalidInput, TooLarge."""
    body = await read_bounded(request, _MAX_FORM)
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_PARTS))
    except ValueError as error:
        raise InvalidInput(None, "The form is malformed.") from error


async def form_parts(request: web.Request) -> AsyncIterator[tuple[str, BodyPartReader]]:
    """The named parts of a multipart form, each to be read before the next is asked for."""
    try:
        reader = await request.multipart()
        for _ in range(_MAX_PARTS):
            part = await _in_time(reader.next())
            if part is None:
                return
            if not isinstance(part, BodyPartReader) or not part.name:
                raise InvalidInput(None, "Each part of the form must have a name, and be no form itself.")
            yield part.name, part
    except _MALFORMED as error:
        raise _malformed() from error
    raise InvalidInput(None, f"A form has at most {_MAX_PARTS} parts.")


async def part_pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    """The bytes of a part. A part that ends before its boundary is a cut body, never a shorter file."""
    try:
        while piece := await _in_time(part.read_chunk(_PIECE)):
            yield piece
    except _MALFORMED as error:
        raise _malformed() from error
    if not part.at_eof():
        raise _malformed()


async def body_pieces(request: web.Request) -> AsyncIterator[bytes]:
    """The bytes of a body that is a file."""
    while piece := await _in_time(request.content.readany()):
        yield piece


async def read_text(part: BodyPartReader, limit: int = MAX_JSON) -> str:
    """A part that is a text field."""
    body = bytearray()
    async for piece in part_pieces(part):
        body += piece
        if len(body) > limit:
            raise TooLarge(part.name, f"'{part.name}' has more than {limit} bytes.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(part.name, f"'{part.name}' is not UTF-8 text.") from error


async def _in_time(reading: Awaitable[ReadT]) -> ReadT:
    """What is read; who sends nothing for long has lost interest, and holds a file and a connection of ours."""
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            return await reading
    except TimeoutError as error:
        raise InvalidInput(None, f"Nothing of the body came for {_IDLE_SECONDS} seconds.") from error
    except web.RequestPayloadError as error:
        if isinstance(error.__cause__, ContentEncodingError):
            raise InvalidInput(None, "The body is not encoded as its Content-Encoding says.") from error
        raise  # the caller has hung up in the middle of it


def _malformed() -> InvalidInput:
    return InvalidInput(None, "The multipart body is malformed or ends too early.")
