"""Which addresses outbound calls may reach: the policy, pure, asked just before connecting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class Verdict(StrEnum):
    ALLOWED = "allowed"
    NOT_PUBLIC = "not_public"
    METADATA = "metadata"


# What the standard library calls global, or says nothing about, although it is no public host.
_NEVER_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "64:ff9b::/96",  # NAT64: an IPv4 address behind a gateway
        "64:ff9b:1::/48",  # NAT64 inside one organisation
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)

# Services inside clouds that hand out credentials to whoever asks. Some are at public addresses.
_METADATA: Final[frozenset[Address]] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean and more
        "169.254.170.2",  # AWS container credentials
        "169.254.170.23",  # AWS pod identity
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle Classic
        "168.63.129.16",  # Azure's host
        "169.254.0.23",  # Tencent
        "169.254.42.42",  # Scaleway
        "fd00:42::42",
    )
)

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = IPv6Network("::/96")


def judge(address: Address | str, allowed: Sequence[Network] = ()) -> Verdict:
    """Return whether a connection to the address may be made.

    Public addresses may be reached, others when a network of `allowed` holds them. A metadata
    address passes only when `allowed` names it alone, as /32 or /128. An IPv6 address that stands
    for an IPv4 address passes when that one does, too. Raises ValueError for what is no address.
    """
    outer = _plain(address)
    verdicts = [_judge_one(outer, allowed)]
    if not _is_named(outer, allowed):
        verdicts += [_judge_one(inner, allowed) for inner in _embedded(outer)]
    if Verdict.METADATA in verdicts:
        return Verdict.METADATA
    return Verdict.NOT_PUBLIC if Verdict.NOT_PUBLIC in verdicts else Verdict.ALLOWED


def _plain(address: Address | str) -> Address:
    """Return the address without its zone, and a mapped one as the IPv4 address that it is."""
    plain = ip_address(str(address).partition("%")[0])
    if isinstance(plain, IPv6Address) and plain.ipv4_mapped:
        return plain.ipv4_mapped
    return plain


def _judge_one(address: Address, allowed: Sequence[Network]) -> Verdict:
    if _is_named(address, allowed):
        return Verdict.ALLOWED
    if address in _METADATA:
        return Verdict.METADATA
    if any(address in network for network in allowed) or _is_public(address):
        return Verdict.ALLOWED
    return Verdict.NOT_PUBLIC


def _is_named(address: Address, allowed: Sequence[Network]) -> bool:
    return any(network.num_addresses == 1 and address in network for network in allowed)


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NEVER_PUBLIC)
    )


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that packets to an IPv6 address may end up at."""
    if not isinstance(address, IPv6Address):
        return
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    is_compatible = address in _COMPATIBLE and int(address) > 1  # not :: and ::1
    if is_compatible or any(address in network for network in _NAT64):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
