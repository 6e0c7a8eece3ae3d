"""The addresses from which a key may be used."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MOST_NETWORKS: Final = 100

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def normalised_networks(entries: Iterable[str]) -> list[str]:
    """Return addresses and networks in their one spelling; ValueError with a sentence."""
    found = list(dict.fromkeys(_spelled(entry) for entry in entries if entry.strip()))
    if len(found) > MOST_NETWORKS:
        raise ValueError(f"At most {MOST_NETWORKS} addresses and networks are taken.")
    return found


def is_allowed(address: str, networks: Iterable[str]) -> bool:
    """Say whether an address, as `client_address` spells it, is in the list; empty allows all.

    A list that cannot be read allows nothing.
    """
    listed = tuple(networks)
    if not listed:
        return True
    try:
        caller = ipaddress.ip_address(address)
        return any(caller in network for network in _parsed(listed))
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def _parsed(networks: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(_network(entry) for entry in networks)


def _spelled(entry: str) -> str:
    try:
        network = _network(entry.strip())
    except ValueError:
        raise ValueError(
            f"“{entry.strip()[:60]}” is neither an IP address nor a network such as 192.0.2.0/24."
        ) from None
    return str(network.network_address if network.num_addresses == 1 else network)


def _network(entry: str) -> _Network:
    network = ipaddress.ip_network(entry, strict=False)
    if isinstance(network, ipaddress.IPv6Network):
        inner = network.network_address.ipv4_mapped
        if inner is not None and network.prefixlen >= 96:
            # Callers' addresses are taken out of their IPv6 form as well.
            return ipaddress.IPv4Network((inner, network.prefixlen - 96))
    return network
