"""Answers that come in parts: `@defer` and `@stream`, as `multipart/mixed` or as events."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
from aiohttp import web
from graphql import GraphQLError
from strawberry.types.execution import PreExecutionError

from graphql_api.web.context import REQUEST_ID
from schema.answers import present_result
from schema.errors import format_error

MIXED = "multipart/mixed"
_DIRECTIVES = re.compile(r"@(?:defer|stream)\b")


def comes_in_parts(query: str) -> bool:
    """Whether a document may ask for its answer in parts."""
    return _DIRECTIVES.search(query) is not None


def present_part(result: Any, request: web.Request) -> dict[str, Any]:
    """One part of an answer, its errors as they may be told."""
    if not hasattr(result, "has_next"):
        return present_result(result, request)
    for item in (result, *(getattr(result, "incremental", None) or ()), *(getattr(result, "completed", None) or ())):
        if errors := getattr(item, "errors", None):
            item.errors = [_told(error, request) for error in errors]
    return dict(result.formatted)


def _told(error: GraphQLError, request: web.Request) -> GraphQLError:
    said: Mapping[str, Any] = format_error(error, request[REQUEST_ID], syntax=False)
    return GraphQLError(
        said["message"], error.nodes, error.source, error.positions, error.path, extensions=said["extensions"]
    )


async def send_parts(request: web.Request, results: AsyncGenerator[Any, None], first: Any) -> web.StreamResponse:
    """The parts, each as soon as it is there."""
    headers = {"Content-Type": f'{MIXED}; boundary="-"', "Cache-Control": "no-store", "Vary": "Accept"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    with contextlib.suppress(ConnectionResetError):  # the client is gone
        async with contextlib.aclosing(results):
            await response.write(_part(first, request))
            async for result in results:
                await response.write(_part(result, request))
        await response.write(b"\r\n-----\r\n")
    return response


def _part(result: Any, request: web.Request) -> bytes:
    content = orjson.dumps(present_part(result, request))
    return b"\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" + content


def is_whole(result: Any) -> bool:
    """Whether a first result is also the last: refused, or with nothing left for later."""
    return isinstance(result, PreExecutionError) or not getattr(result, "has_next", False)
