"""Which addresses an import may reach."""

import ipaddress
import socket

import pytest

from graphql_api.remote.guard import BlockedAddressError, is_public, public_socket


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("255.255.255.255", "224.0.0.1", "240.0.0.1", "198.18.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1"),
        *("2001:0:4136:e378:8000:63bf:80ff:fffe", "192.0.0.8", "192.88.99.1", "3fff::1", "2606:4700::5efe:a00:1"),
    ],
)
def test_all_others_are_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_no_socket_is_made_for_a_private_address() -> None:
    with pytest.raises(BlockedAddressError):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))


def test_a_zone_does_not_help() -> None:
    with pytest.raises(BlockedAddressError):
        public_socket((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("fe80::1%eth0", 80, 0, 2)))
