"""The client's address: the peer, or what our own outermost proxy saw."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from common.client_address import client_address, counted_address


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_the_peer_has_one_spelling(peer: str, address: str) -> None:
    assert client_address({"REMOTE_ADDR": peer}) == address


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        (2, "192.0.2.66, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "garbage", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_forged_hops_do_not_move_the_address(
    settings: Settings, hops: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = hops
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(environ) == address


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::3", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_a_throttle_counts_the_network_that_one_caller_has(address: str, counted: str) -> None:
    assert counted_address(address) == counted
