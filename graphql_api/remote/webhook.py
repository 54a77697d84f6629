"""Telling other systems: a signed POST, to the operator's own or, guarded, to those of teams."""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection, Mapping

import aiohttp
import orjson

from graphql_api.errors import InvalidInput, UpstreamFailed, UpstreamTimeout
from graphql_api.remote.guard import guarded_session, is_blocked, parse_url

_SECONDS = 10
_SUCCESS = 2  # hundred and something


def signature(secret: str, moment: int, body: bytes) -> str:
    """The value of `Tintype-Signature`: a time, so that an old message is no new one, and an HMAC of both."""
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    return f"t={moment},v1={mac}"


def _headers(secret: str, body: bytes) -> dict[str, str]:
    signed = signature(secret, int(time.time()), body)
    return {"Content-Type": "application/json", "Tintype-Signature": signed, "User-Agent": "Tintype"}


async def post(url: str, secret: str, event: Mapping[str, object]) -> None:
    """Tell the operator's server, whose address is a setting, and wait for a 2xx. UpstreamFailed."""
    body = orjson.dumps(event)
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=_headers(secret, body), allow_redirects=False) as response,
        ):
            if response.status // 100 != _SUCCESS:  # a redirection is followed by nobody
                raise UpstreamFailed("The operator's server did not take the message.")
    except TimeoutError as error:
        raise UpstreamTimeout("The operator's server did not answer in time.") from error
    except aiohttp.ClientError as error:
        raise UpstreamFailed("The operator's server could not be reached.") from error


class Sender:
    """Posts to addresses that teams chose: public ones, and of private ones those that the operator allows."""

    def __init__(self, allowed_hosts: Collection[str]) -> None:
        self._allowed = frozenset(allowed_hosts)
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        self._public = guarded_session(timeout=timeout)
        self._trusted = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout)

    async def close(self) -> None:
        """Close all connections."""
        await self._public.close()
        await self._trusted.close()

    async def post(self, url: str, secret: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, whose body nobody reads. InvalidInput(url), UpstreamFailed, UpstreamTimeout."""
        target = parse_url(url)
        session = self._trusted if {target.host, f"{target.host}:{target.port}"} & self._allowed else self._public
        try:
            async with session.post(
                target, data=body, headers={**headers, **_headers(secret, body)}, allow_redirects=False
            ) as response:
                return response.status
        except TimeoutError as error:
            raise UpstreamTimeout(f"There was no answer within {_SECONDS} seconds.") from error
        except (aiohttp.ClientError, UnicodeError) as error:
            if is_blocked(error):
                raise InvalidInput("url", "The URL leads to an address that is not public.") from error
            raise UpstreamFailed("The server could not be reached.") from error
