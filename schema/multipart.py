"""The GraphQL multipart request specification, streamed: operations, the map, then each file straight to the spool.

A file stands for exactly one variable, only a null may be replaced, and nothing past the limits is read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from aiohttp import BodyPartReader, web

from graphql_api.domain.media import Upload
from graphql_api.errors import InvalidInput
from graphql_api.services.batch import MAX_BATCH
from graphql_api.services.spool import Spool
from graphql_api.web.uploads import form_parts, parse_json, part_pieces, read_text

_MAX_DIGITS = 3

Path = tuple[str, ...]
Parts = AsyncIterator[tuple[str, BodyPartReader]]


async def read_multipart(request: web.Request, spool: Spool, stack: AsyncExitStack, *, limit: int) -> object:
    """The operations with each file, of at most `limit` bytes, in its place; the files live as long as the stack.

    InvalidInput, TooLarge.
    """
    parts = form_parts(request)
    operations = parse_json(await _text_part(parts, "operations"))
    wanted = _parse_map(parse_json(await _text_part(parts, "map")))
    async for name, part in parts:
        path = wanted.pop(name, None)
        if path is None:
            raise InvalidInput(None, f"The form's part '{name[:50]}' is not in its map.")
        _set(operations, path, await stack.enter_async_context(_spooled(part, path, spool, limit)))
    if wanted:
        raise InvalidInput(None, "The form lacks a file that its map names.")
    return operations


async def _text_part(parts: Parts, expected: str) -> str:
    async for name, part in parts:
        if name == expected:
            return await read_text(part)
        break
    raise InvalidInput(None, f"The form must have its part '{expected}' in place: operations, map, then the files.")


def _parse_map(value: object) -> dict[str, Path]:
    """Which part goes where."""
    if not isinstance(value, dict) or len(value) > MAX_BATCH:
        raise InvalidInput(None, f"The form's map must be an object of at most {MAX_BATCH} files.")
    paths = {}
    for name, targets in value.items():
        if not isinstance(targets, list) or len(targets) != 1 or not isinstance(targets[0], str):
            raise InvalidInput(None, "The form's map must give exactly one path for each file.")
        path = tuple(targets[0].split("."))
        if path[0] != "variables" or not path[1:]:
            raise InvalidInput(None, "A path of the form's map must start with 'variables.'.")
        paths[name] = path
    if len(set(paths.values())) != len(paths):
        raise InvalidInput(None, "The form's map names a path twice.")
    return paths


def _spooled(part: BodyPartReader, path: Path, spool: Spool, limit: int) -> AbstractAsyncContextManager[Upload]:
    return spool.fill(part_pieces(part), limit=limit, field=".".join(path[1:]), filename=part.filename)


def _set(operations: object, path: Path, upload: Upload) -> None:
    """Put the file where the path leads, which must hold null."""
    holder = operations
    for step in path[:-1]:
        holder = _step(holder, step)
    last = path[-1]
    if _step(holder, last) is not None:
        raise _no_place(path)
    if isinstance(holder, dict):
        holder[last] = upload
    elif isinstance(holder, list):
        holder[int(last)] = upload


def _step(holder: object, step: str) -> object:
    if isinstance(holder, dict) and step in holder:
        return holder[step]
    if (
        isinstance(holder, list)
        and step.isascii()
        and step.isdigit()
        and len(step) <= _MAX_DIGITS
        and int(step) < len(holder)
    ):
        return holder[int(step)]
    raise _no_place((step,))


def _no_place(path: Path) -> InvalidInput:
    return InvalidInput(None, f"The form's map names '{'.'.join(path)[:100]}', where the operations have no null.")
