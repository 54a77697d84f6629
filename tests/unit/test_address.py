"""Who is calling, by the peer and X-Forwarded-For."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.domain.address import Address, caller, customer, is_inside, parse_address, parse_network

TRUSTED = [parse_network("10.0.0.0/8"), parse_network("2001:db8:1::/48")]
ADDRESSES = st.ip_addresses()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        (" 1.2.3.4 ", "1.2.3.4"),
        ("1.2.3.4:567", "1.2.3.4"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("[::ffff:102:304]:80", "1.2.3.4"),
        ("fe80::1%eth0", "fe80::1"),
        *(
            (garbage, None)
            for garbage in ("", "unknown", "_hidden", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:\u0663")
        ),
        *((garbage, None) for garbage in ("[::1", "[::1]x", "[::1]:", "[]", "01.2.3.4", "1.2.3.4/8", "::1" * 1000)),
        *(
            (garbage, None)
            for garbage in ("1.2.3.4\r\n5", "\x00", "\u0661.2.3.4", '"1.2.3.4"', ":1", "::ffff:1.2.3.4:80")
        ),
    ],
)
def test_an_address_is_read_as_proxies_write_it(text: str, address: str | None) -> None:
    found = parse_address(text)

    assert (found and str(found)) == address


@given(ADDRESSES, st.integers(0, 65535))
def test_every_address_is_read_with_and_without_a_port(address: Address, port: int) -> None:
    bracketed = f"[{address}]" if address.version == 6 else str(address)

    assert parse_address(str(address)) == parse_address(bracketed) == parse_address(f"{bracketed}:{port}") is not None


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    found = parse_address(text)

    assert found is None or parse_address(str(found)) == found
    assert caller(text, [text], TRUSTED) is not None
    assert customer(text) is not None


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("8.8.8.8", [], "8.8.8.8"),
        ("8.8.8.8", ["1.2.3.4"], "8.8.8.8"),  # not a proxy of ours
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("2001:db8:1::5", ["[2001:db8:2::1]:443"], "2001:db8:2::1"),
        ("10.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),  # the left one is what the caller says of itself
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4, 10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9, 1.2.3.4,, 10.0.0.2 ,"], "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.9, 10.0.0.2"], "10.0.0.9"),  # somebody inside
        ("10.0.0.1", ["1.2.3.4, unknown"], "10.0.0.1"),  # the proxy does not tell
        ("10.0.0.1", ["1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["9.9.9.9," * 100_000 + "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9" + ", 10.0.0.2" * 1000], "10.0.0.2"),  # further than we look
        ("10.0.0.1", ["", " , "], "10.0.0.1"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_only_what_trusted_proxies_added_is_believed(peer: str, forwarded: list[str], expected: str) -> None:
    assert caller(peer, forwarded, TRUSTED) == expected


@given(st.text(alphabet="0123456789.:,[]%abcdef ", max_size=100), ADDRESSES)
def test_what_a_caller_writes_never_changes_who_it_is(spoofed: str, address: Address) -> None:
    if any(address in network for network in TRUSTED):
        return
    direct, through = caller(str(address), [spoofed], TRUSTED), caller("10.0.0.1", [spoofed, str(address)], TRUSTED)

    assert direct == through == str(parse_address(str(address)))


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert caller("127.0.0.1", ["1.2.3.4"], []) == "127.0.0.1"


def test_a_customer_has_an_ipv4_address_or_an_ipv6_64() -> None:
    assert customer("1.2.3.4") == customer("::ffff:1.2.3.4") == "1.2.3.4"
    assert customer("2001:db8::1") == customer("2001:db8::ffff:1") == "2001:db8::/64"
    assert customer("2001:db8:0:1::1") != customer("2001:db8::1")
    assert customer("2002:102:304:1::1") == customer("2002:102:304:ffff::2") == "2002:102:304::/48"  # 6to4 of 1.2.3.4
    assert customer("2002:102:305::1") != customer("2002:102:304::1")
    assert customer("") == ""


def test_networks_are_read_strictly() -> None:
    assert parse_network(" 10.1.2.3 ") == ipaddress.ip_network("10.1.2.3/32")
    assert parse_network("::ffff:10.0.0.0/104") == ipaddress.ip_network("10.0.0.0/8")
    assert parse_network("::/0") == ipaddress.ip_network("::/0")
    for wrong in ("10.0.0.1/8", "proxy", "", "10.0.0.0/33"):
        with pytest.raises(ValueError, match=r"."):
            parse_network(wrong)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        *((near, True) for near in ("127.0.0.1", "::1", "10.1.1.1", "fd00::1", "::ffff:192.168.0.1")),
        *((far, False) for far in ("8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "", "0.0.0.0")),
    ],
)
def test_neighbours_are_told_from_strangers(address: str, inside: bool) -> None:
    assert is_inside(address) is inside
