"""Uploads as clients send them: a multipart form that is streamed from the disk, its length said beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from tests.load.photo import Photo
from tests.load.servers import Server

_PIECE = 256 * 1024
_BOUNDARY = "tintype-bench"
_TAIL = f"\r\n--{_BOUNDARY}--\r\n".encode()


class UploadRefused(Exception):
    """The server's answer was not 201."""


async def upload_photo(server: Server, photo: Photo) -> str:
    """Upload the photo; the path of its image without the extension. UploadRefused."""
    return await upload_file(server, photo.path)


async def upload_file(server: Server, path: Path) -> str:
    """Upload the file; the path of its image without the extension. UploadRefused."""
    async with aiohttp.ClientSession() as session:
        return await upload(session, server, path.name, read_file(path), path.stat().st_size)


async def upload(
    session: aiohttp.ClientSession, server: Server, name: str, pieces: AsyncIterator[bytes], size: int
) -> str:
    """Upload the pieces, `size` bytes in all; the path of the image without the extension. UploadRefused."""
    head = _head(name)
    headers = {
        "Authorization": f"Bearer {server.key}",
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(len(head) + size + len(_TAIL)),
    }
    async with session.post(f"{server.url}/v1/images", data=_form(head, pieces), headers=headers) as response:
        if response.status != 201:
            raise UploadRefused(f"{response.status}: {await response.text()}")
        url = str((await response.json())["url"])
    return url.removeprefix(server.url).rpartition(".")[0]


def _head(name: str) -> bytes:
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    return f"--{_BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()


async def _form(head: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in pieces:
        yield piece
    yield _TAIL


async def read_file(path: Path, start: int = 0) -> AsyncIterator[bytes]:
    """The file from `start` on, in pieces; the loop stays free meanwhile."""
    with path.open("rb") as file:
        file.seek(start)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
