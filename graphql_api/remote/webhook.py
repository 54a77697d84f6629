"""Telling the operator's own systems: a signed POST. Their addresses are settings, so no guard stands before them."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping

import aiohttp
import orjson

from graphql_api.errors import UpstreamFailed, UpstreamTimeout

_SECONDS = 10
_SUCCESS = 2  # hundred and something


def signature(secret: str, moment: int, body: bytes) -> str:
    """The value of `Tintype-Signature`: a time, so that an old message is no new one, and an HMAC of both."""
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    return f"t={moment},v1={mac}"


async def post(url: str, secret: str, event: Mapping[str, object]) -> None:
    """Tell it, and wait for a 2xx. UpstreamFailed."""
    body = orjson.dumps(event)
    headers = {"Content-Type": "application/json", "Tintype-Signature": signature(secret, int(time.time()), body)}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            if response.status // 100 != _SUCCESS:  # a redirection is followed by nobody
                raise UpstreamFailed("The operator's server did not take the message.")
    except TimeoutError as error:
        raise UpstreamTimeout("The operator's server did not answer in time.") from error
    except aiohttp.ClientError as error:
        raise UpstreamFailed("The operator's server could not be reached.") from error
