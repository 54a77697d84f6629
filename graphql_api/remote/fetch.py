"""Fetching a file by a caller's URL: http(s), public addresses only, few redirects, a total time limit.

Size limits are the reader's: bytes come as a stream. Timeout and failures of the other side are typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from graphql_api.errors import InvalidInput, UpstreamFailed, UpstreamTimeout
from graphql_api.remote.guard import guarded_session, is_blocked, parse_url

_PIECE = 256 * 1024
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {"User-Agent": "Tintype", "Accept": "image/*,*/*;q=0.8", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file behind a URL: the name that the URL gives it, its bytes in pieces."""

    filename: str | None
    pieces: AsyncIterator[bytes]


class Fetcher:
    """Fetches by URL. `allowed_hosts` (`host` or `host:port`) may be private; `host_map` sends origins elsewhere."""

    def __init__(self, *, allowed_hosts: Collection[str], host_map: Mapping[str, str], seconds: float) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._host_map = {URL(origin).origin(): URL(target).origin() for origin, target in host_map.items()}
        self._seconds = seconds
        self._public = guarded_session(headers=_HEADERS)
        self._trusted = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=_HEADERS)

    async def close(self) -> None:
        """Close all connections."""
        await self._public.close()
        await self._trusted.close()

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Fetched]:
        """The file, readable inside the context. InvalidInput(url), UpstreamFailed, UpstreamTimeout."""
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._follow(parse_url(url))
                try:
                    name = URL(url).name or None
                    yield Fetched(name, response.content.iter_chunked(_PIECE))
                finally:
                    response.close()
        except TimeoutError as error:
            raise UpstreamTimeout(f"The URL did not give its file within {self._seconds:g} seconds.") from error
        except (aiohttp.ClientError, UnicodeError) as error:
            if is_blocked(error):
                raise InvalidInput("url", "The URL leads to an address that is not public.") from error
            raise UpstreamFailed("The URL could not be fetched.") from error

    async def _follow(self, url: URL) -> aiohttp.ClientResponse:
        """The first answer that is no redirect. Each hop is guarded anew."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._get(url)
            if response.status == HTTPStatus.OK:
                return response
            response.close()
            location = response.headers.get("Location")
            if not (response.status in _REDIRECTS and location):
                raise UpstreamFailed(f"The URL answered with status {response.status}.")
            url = parse_url(location, base=url)
        raise UpstreamFailed(f"The URL redirects more than {_MAX_REDIRECTS} times.")

    async def _get(self, url: URL) -> aiohttp.ClientResponse:
        mapped = self._host_map.get(url.origin())
        if mapped is not None:
            return await self._trusted.get(mapped.join(url.relative()), allow_redirects=False)
        named = {url.host, f"{url.host}:{url.port}"}
        session = self._trusted if named & self._allowed else self._public
        return await session.get(url, allow_redirects=False)
