"""A client as users have one: HTTP and nothing else."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from graphql_api.config import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Client:
    """Speaks to a running application; with the key of team `first` unless told otherwise."""

    def __init__(
        self, url: str, keys: Mapping[str, str], settings: Settings, settle: Callable[[], Awaitable[None]]
    ) -> None:
        self._settle = settle
        self.url = url
        self.keys = keys
        self.settings = settings
        self._session = aiohttp.ClientSession(url, auto_decompress=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._session.close()

    async def request(self, method: str, path: str, *, key: str | None = "first", **options: Any) -> Answer:
        headers = dict(options.pop("headers", None) or {})
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {self.keys.get(key, key)}")
        local = path.removeprefix(self.settings.public_url)
        async with self._session.request(method, local, headers=headers, allow_redirects=False, **options) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def graphql(self, query: str, variables: Any = None, *, key: str | None = "first") -> Any:
        """The whole GraphQL answer."""
        answer = await self.request("POST", "/graphql", json={"query": query, "variables": variables}, key=key)
        return answer.json

    async def data(self, query: str, variables: Any = None, *, key: str | None = "first") -> Any:
        """The data of an answer that has no errors."""
        answer = await self.graphql(query, variables, key=key)
        assert "errors" not in answer, answer
        return answer["data"]

    async def upload(self, content: bytes | Path, *, key: str | None = "first", **fields: Any) -> Any:
        """The payload of `uploadMedia`."""
        answer = await self.multipart(
            UPLOAD, {"input": {"file": None, **fields}}, {"variables.input.file": content}, key=key
        )
        assert answer.status == 200, answer
        return answer.json["data"]["uploadMedia"]

    async def uploaded(self, content: bytes | Path, *, key: str | None = "first", **fields: Any) -> Any:
        """The media of an upload that succeeds."""
        payload = await self.upload(content, key=key, **fields)
        assert payload["errors"] == []
        return payload["media"]

    async def multipart(
        self, query: str, variables: Any, files: Mapping[str, bytes | Path], *, key: str | None = "first"
    ) -> Answer:
        """A request of the GraphQL multipart specification."""
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("operations", orjson.dumps({"query": query, "variables": variables}).decode())
        form.add_field("map", orjson.dumps({str(at): [path] for at, path in enumerate(files)}).decode())
        for at, content in enumerate(files.values()):
            body = content.read_bytes() if isinstance(content, Path) else content
            name = content.name if isinstance(content, Path) else "file.bin"
            form.add_field(str(at), io.BytesIO(body), filename=name, content_type="application/octet-stream")
        return await self.request("POST", "/graphql", data=form, headers={"GraphQL-Require-Preflight": "1"}, key=key)

    async def rest_upload(self, content: bytes | Path, *, key: str | None = "first", **fields: str) -> Answer:
        """POST /v1/images with a file."""
        body = content.read_bytes() if isinstance(content, Path) else content
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value)
        name = content.name if isinstance(content, Path) else "file.bin"
        form.add_field("file", io.BytesIO(body), filename=name)
        return await self.request("POST", "/v1/images", data=form, key=key)

    def blobs(self) -> list[Path]:
        """The originals on disk."""
        return [path for path in (self.settings.media_folder / "blobs").rglob("*") if path.is_file()]

    async def renditions(self) -> list[Path]:
        """The renditions on disk, once all that were answered are there."""
        await self._settle()
        return [path for path in (self.settings.media_folder / "renditions").rglob("*") if path.is_file()]

    async def spooled(self) -> list[Path]:
        """What waits in the spool, but for what is on its way into the store."""
        await self._settle()
        return [path for path in self.settings.spool_folder.iterdir() if path.is_file()]


MEDIA = "id uid name caption altText public format width height frames bytes tags url sha256 expiresAt"
UPLOAD = (
    "mutation ($input: UploadMediaInput!) { uploadMedia(input: $input) {"
    f" media {{ {MEDIA} }} errors {{ __typename code message path }} }} }}"
)
