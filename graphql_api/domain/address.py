"""Addresses of callers: as proxies write them, believed as far as proxies are trusted, grouped by customer."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_TEXT = 64  # the longest address with brackets, zone and port is shorter
_MAX_HOPS = 32
_CUSTOMER_PREFIX = 64  # what one customer is given of IPv6: single addresses in it cost nothing
_SIX_TO_FOUR, _SIX_TO_FOUR_PREFIX = ipaddress.IPv6Network("2002::/16"), 48  # each IPv4 address has a whole /48 there
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def parse_address(text: str) -> Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:567`, `v6`, `[v6]`, `[v6]:567`, without its zone; IPv4 in IPv6 is IPv4."""
    text = text.strip()
    return _parse(text) if len(text) <= _MAX_TEXT else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    if text.startswith("["):
        text, closing, port = text[1:].partition("]")
        if not closing or (port and not _is_port(port)):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(f":{port}"):
            return None
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdigit()


def parse_network(text: str) -> Network:
    """A network, or the network of one address; ValueError says what is wrong with it."""
    network = ipaddress.ip_network(text.strip())
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        mapped = ipaddress.IPv4Address(int(network.network_address) & 0xFFFFFFFF)
        return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED.prefixlen))
    return network


def caller(peer: str, forwarded: Iterable[str], trusted: Iterable[Network]) -> str:
    """Who is calling: the peer or, if it is a trusted proxy, the last address in X-Forwarded-For that is none.

    Everybody can write that header; only what trusted proxies added at its right end is true. Where one of them
    names no address, it counts as the caller itself.
    """
    networks = tuple(trusted)
    found = parse_address(peer) if networks else None
    if found is None or not _is_in(found, networks):
        return _as_text(peer)
    for hop in _from_the_right(forwarded):
        if (address := parse_address(hop)) is None:
            break
        found = address
        if not _is_in(found, networks):
            break
    return str(found)


@lru_cache(maxsize=4096)
def _as_text(peer: str) -> str:
    """An address as everybody writes it; what is none (a Unix socket) as it is."""
    return str(parse_address(peer) or peer)


def _from_the_right(forwarded: Iterable[str]) -> list[str]:
    """The hops, nearest first; of a huge header only its end is looked at."""
    hops = ",".join(forwarded).rsplit(",", _MAX_HOPS)[-_MAX_HOPS:]
    return [hop for hop in reversed(hops) if hop.strip()]


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=4096)
def customer(address: str) -> str:
    """The network that counts as one caller: an IPv4 address, an IPv6 /64 (of 6to4 a /48); other text as it is."""
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        prefix = _SIX_TO_FOUR_PREFIX if parsed in _SIX_TO_FOUR else _CUSTOMER_PREFIX
        return str(ipaddress.ip_network((parsed, prefix), strict=False))
    return address if parsed is None else str(parsed)


def is_inside(address: str) -> bool:
    """Whether this is the machine itself, or a neighbour in its private network."""
    parsed = parse_address(address)
    return parsed is not None and (parsed.is_loopback or parsed.is_private) and not parsed.is_unspecified
