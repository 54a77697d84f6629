"""Images of other origins: fetched when they are first asked for, kept as public media for a day, then fetched anew."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from urllib.parse import urldefrag, urlsplit

from graphql_api.db import mirrors
from graphql_api.domain.account import Principal
from graphql_api.domain.media import Details, Media
from graphql_api.errors import NotFound
from graphql_api.services.accounts import Accounts
from graphql_api.services.flights import Flights
from graphql_api.services.intake import Intake
from graphql_api.services.library import Library


class Mirror:
    """Fetches from the hosts that the operator names, and no others."""

    def __init__(self, library: Library, intake: Intake, accounts: Accounts, hosts: Collection[str]) -> None:
        self._library = library
        self._intake = intake
        self._accounts = accounts
        self._hosts = frozenset(host.lower() for host in hosts)
        self._flights = Flights[Media]()

    async def get(self, url: str) -> Media:
        """The media behind an address. NotFound for other hosts, and as Intake.import_url."""
        address = urldefrag(url).url
        if _host(address) not in self._hosts:
            raise NotFound("Images of this origin are not served.")
        digest = hashlib.sha256(address.encode()).hexdigest()
        return await self._find(digest) or await self._flights.join(digest, lambda: self._fetch(digest, address))

    async def _find(self, digest: str) -> Media | None:
        media_id = await mirrors.find(digest)
        found = await self._library.find_many(Principal(), [media_id]) if media_id else [None]
        return found[0]

    async def _fetch(self, digest: str, address: str) -> Media:
        media = await self._intake.import_url(await self._accounts.mirror(), address, Details())
        await mirrors.put(digest, media.id)
        return media


def _host(address: str) -> str | None:
    """Host and port of an address; None when it is none."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return None
