"""Which addresses a caller's URL may lead to: public ones, checked at the moment of connecting.

The check sits where the socket is made, after all name resolution and for every redirect, so a name that changes its
mind between check and use (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import aiohttp
from yarl import URL

from graphql_api.errors import InvalidInput

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
AddrInfo = tuple[int, int, int, str, tuple[object, ...]]

# IPv6 ranges that carry an IPv4 address inside: they would be a way round (RFC 6052, 8215, 4291).
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
# Special ranges (RFC 6890 and after) that some versions of `ipaddress` call global.
_SPECIAL = tuple(
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16", "2001::/23")
)
_ISATAP = 0x5EFE
_MAX_URL = 4096
_MAX_HOST, _MAX_LABEL = 253, 63  # characters (RFC 1035)
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class BlockedAddressError(OSError):
    """The URL leads to an address that is not public."""


def is_public(address: IPAddress) -> bool:
    """Whether the whole Internet may know this address, and every address that hides in it."""
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in (*_NAT64, _COMPATIBLE)):
            return False
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if embedded is not None:
            return is_public(embedded)
        if address.is_site_local or (int(address) >> 32) & 0xFFFF == _ISATAP:
            return False
    if any(address in network for network in _SPECIAL if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def public_socket(info: AddrInfo) -> socket.socket:
    """A socket for this address, as aiohttp asks for one; BlockedAddressError unless the address is public."""
    family, kind, protocol, _, target = info
    host = str(target[0])
    if not is_public(ipaddress.ip_address(host.partition("%")[0])):
        raise BlockedAddressError(host)
    return socket.socket(family, kind, protocol)


def guarded_session(**options: Any) -> aiohttp.ClientSession:
    """A session that connects to public addresses alone.

    Cookies of one caller must not travel to the next; the operator's proxy variables are not the callers'.
    """
    connector = aiohttp.TCPConnector(socket_factory=public_socket, use_dns_cache=False)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), **options)


def parse_url(text: str, base: URL | None = None) -> URL:
    """An absolute http(s) URL without credentials."""
    if len(text) > _MAX_URL:
        raise InvalidInput("url", f"A URL has at most {_MAX_URL} characters.")
    try:
        url = base.join(URL(text)) if base else URL(text)
        good = (
            text.isprintable()
            and url.scheme in ("http", "https")
            and _is_host(url.raw_host or "")
            and url.port is not None
        )
    except ValueError:
        good = False
    if not good:
        raise InvalidInput("url", "A URL must be absolute, with http or https.")
    if url.user or url.password:
        raise InvalidInput("url", "A URL must not carry a user name or password.")
    return url


def _is_host(host: str) -> bool:
    """Whether a name can be looked up at all: others make the resolver raise what nobody expects."""
    labels = host.removesuffix(".").split(".")
    return len(host) <= _MAX_HOST and (":" in host or all(1 <= len(label) <= _MAX_LABEL for label in labels))


def is_blocked(error: BaseException | None) -> bool:
    """Whether our own guard is behind this failure."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, BlockedAddressError) or isinstance(getattr(seen, "os_error", None), BlockedAddressError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
