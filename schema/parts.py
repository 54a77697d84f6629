"""Answers that come in parts: `@defer` and `@stream`, as `multipart/mixed`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from aiohttp import web

from schema.answers import write
from schema.run import Answer

MIXED = "multipart/mixed"


async def send_parts(request: web.Request, first: Answer, later: AsyncGenerator[Answer, None]) -> web.StreamResponse:
    """The parts, each as soon as it is there."""
    headers = {"Content-Type": f'{MIXED}; boundary="-"', "Cache-Control": "no-store", "Vary": "Accept"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    with contextlib.suppress(ConnectionResetError):  # the client is gone
        await write(response, _part(first), request)
        async for answer in later:
            await write(response, _part(answer), request)
        await write(response, b"\r\n-----\r\n", request)
    return response


def _part(answer: Answer) -> bytes:
    return b"\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" + answer.content
