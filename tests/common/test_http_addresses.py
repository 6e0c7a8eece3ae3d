"""Which addresses may be reached: the policy alone, without a socket."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.addresses import Verdict, judge

_REFUSED = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.1.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.9", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::808:808", "::ffff:10.0.0.1", "::ffff:100.64.0.1", "100::1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip

_METADATA = [
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16",
    "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "::ffff:169.254.169.254",
    "::a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254%lo",
]  # fmt: skip

_PUBLIC = [
    "8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2001:4860:4860::8888",
    "2606:4700::1111", "::ffff:8.8.8.8", "2a00:1450:400f:80d::200e",
]  # fmt: skip


@pytest.mark.parametrize("address", _REFUSED)
def test_private_and_special_addresses_are_refused(address: str) -> None:
    assert judge(address) is Verdict.NOT_PUBLIC


@pytest.mark.parametrize("address", _METADATA)
def test_metadata_addresses_are_refused_in_every_spelling(address: str) -> None:
    assert judge(address) is Verdict.METADATA


@pytest.mark.parametrize("address", _PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert judge(address) is Verdict.ALLOWED


@pytest.mark.parametrize(
    ("address", "networks", "verdict"),
    [
        ("10.1.1.1", ["10.0.0.0/8"], Verdict.ALLOWED),
        ("11.0.0.1", ["10.0.0.0/8"], Verdict.ALLOWED),
        ("192.168.0.1", ["10.0.0.0/8"], Verdict.NOT_PUBLIC),
        ("::ffff:10.1.1.1", ["10.0.0.0/8"], Verdict.ALLOWED),
        ("fd12::1", ["fd12::/64"], Verdict.ALLOWED),
        ("fe80::1%eth0", ["fe80::/10"], Verdict.ALLOWED),
        # A wide network never opens the way to a metadata service; its own address does.
        ("169.254.169.254", ["10.0.0.0/8"], Verdict.METADATA),
        ("169.254.169.254", ["0.0.0.0/0"], Verdict.METADATA),
        ("169.254.169.254", ["169.254.169.254/31"], Verdict.METADATA),
        ("169.254.169.254", ["169.254.169.254/32"], Verdict.ALLOWED),
        ("169.254.169.253", ["169.254.0.0/16"], Verdict.ALLOWED),
        ("168.63.129.16", ["168.0.0.0/8"], Verdict.METADATA),
        ("fd00:ec2::254", ["fd00::/8"], Verdict.METADATA),
        ("fd00:ec2::254", ["fd00:ec2::254/128"], Verdict.ALLOWED),
        # An address that stands for another needs both of them.
        ("64:ff9b::808:808", ["64:ff9b::/96"], Verdict.ALLOWED),
        ("64:ff9b::a00:1", ["64:ff9b::/96"], Verdict.NOT_PUBLIC),
        ("64:ff9b::a00:1", ["64:ff9b::/96", "10.0.0.0/8"], Verdict.ALLOWED),
        ("64:ff9b::a00:1", ["10.0.0.0/8"], Verdict.NOT_PUBLIC),
        ("64:ff9b::a9fe:a9fe", ["64:ff9b::/96", "169.254.0.0/16"], Verdict.METADATA),
        ("64:ff9b::a9fe:a9fe", ["64:ff9b::a9fe:a9fe/128"], Verdict.ALLOWED),
        ("2002:a00:1::", ["2002::/16"], Verdict.NOT_PUBLIC),
        ("2002:808:808::", ["2002::/16"], Verdict.ALLOWED),
    ],
)
def test_networks_that_are_allowed(address: str, networks: list[str], verdict: Verdict) -> None:
    assert judge(address, [ip_network(text) for text in networks]) is verdict


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.1", "10.0.0.0/8", "1.2.3.4.5"])
def test_what_is_no_address_is_no_verdict(text: str) -> None:
    with pytest.raises(ValueError):
        judge(text)


_PRIVATE = st.one_of(
    st.integers(0, 2**24 - 1).map(lambda host: IPv4Address((10 << 24) + host)),
    st.integers(0, 2**24 - 1).map(lambda host: IPv4Address((127 << 24) + host)),
    st.integers(0, 2**16 - 1).map(lambda host: IPv4Address("192.168.0.0") + host),
    st.integers(0, 2**20 - 1).map(lambda host: IPv4Address("172.16.0.0") + host),
    st.integers(0, 2**16 - 1).map(lambda host: IPv4Address("169.254.0.0") + host),
    st.integers(0, 2**22 - 1).map(lambda host: IPv4Address("100.64.0.0") + host),
)
_LOW = st.integers(0, 2**80 - 1)
_TEREDO = 0x20010000 << 96
_EMBEDDED = {
    "mapped": lambda inner, low: (0xFFFF << 32) + inner,
    "compatible": lambda inner, low: inner,
    "6to4": lambda inner, low: (0x2002 << 112) + (inner << 80) + low,
    "NAT64": lambda inner, low: (0x64FF9B << 96) + inner,
    "local NAT64": lambda inner, low: (0x64FF9B0001 << 80) + (low >> 32 << 32) + inner,
    "Teredo client": lambda inner, low: _TEREDO + (low >> 16 << 32) + (inner ^ 2**32 - 1),
    "Teredo server": lambda inner, low: _TEREDO + (inner << 64) + (low >> 16),
}  # fmt: skip


@given(inner=_PRIVATE, low=_LOW, form=st.sampled_from(sorted(_EMBEDDED)))
def test_no_address_that_stands_for_a_private_one_passes(
    inner: IPv4Address, low: int, form: str
) -> None:
    outer = IPv6Address(_EMBEDDED[form](int(inner), low))
    assert judge(outer) is not Verdict.ALLOWED
    # Nor when an operator allows the whole of IPv6: what counts is where the packets end.
    assert judge(outer, [ip_network("::/0")]) is not Verdict.ALLOWED


@given(address=st.ip_addresses(), zone=st.text("abcdefgh0123456789", min_size=1, max_size=8))
def test_a_zone_changes_nothing(address: IPv4Address | IPv6Address, zone: str) -> None:
    assert judge(f"{address}%{zone}") is judge(address)
