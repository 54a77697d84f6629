"""img.pro's API as its clients ask it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import aiohttp

from tests import pictures
from tests.client import Answer, Client

PHOTO = pictures.jpeg(400, 300)
G1, G3 = {"Img-Api-Profile": "g1"}, {"Img-Api-Profile": "g3"}


async def send(
    client: Client,
    path: str,
    fields: Mapping[str, str] | None = None,
    *,
    content: bytes = PHOTO,
    key: str | None = "first",
    headers: Mapping[str, str] | None = None,
    filename: str = "photo.jpg",
) -> Answer:
    """A form with a file, as `curl -F` sends it."""
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("file", io.BytesIO(content), filename=filename, content_type="image/jpeg")
    for name, value in (fields or {}).items():
        form.add_field(name, value)
    return await client.request("POST", path, data=form, key=key, headers=dict(headers or {}))


async def uploaded(
    client: Client, path: str = "/v1/upload", fields: Mapping[str, str] | None = None, **more: Any
) -> Any:
    answer = await send(client, path, fields, **more)
    assert answer.status == 201, answer
    return answer.json


async def patch(client: Client, path: str, body: Any, **more: Any) -> Answer:
    return await client.request("PATCH", path, json=body, **more)


async def drop(client: Client, path: str, body: Any = None, **more: Any) -> Answer:
    return (
        await client.request("DELETE", path, json=body, **more)
        if body is not None
        else await client.request("DELETE", path, **more)
    )


def code_of(answer: Answer) -> Any:
    """The code of an error in either shape."""
    error = answer.json["error"]
    return error["code"] if isinstance(error, dict) else error
