"""Where a request comes from. No security on its own, a good second check."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime

from integrations.causes import RejectionCause
from integrations.request import InboundRequest
from integrations.verification.base import Credentials, VerificationFailed, Verifier

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class IpList(Verifier):
    """Lets in the listed addresses and CIDR networks; an empty list lets nobody in."""

    def __init__(self, networks: Iterable[object]) -> None:
        parsed = (_network(entry) for entry in networks)
        self._networks = [network for network in parsed if network is not None]

    def verify(self, request: InboundRequest, now: datetime) -> None:
        address = _address(request.remote_address)
        if address is None or not any(address in network for network in self._networks):
            # The address is not repeated unless it is one: it may come from a forged header.
            shown = str(address) if address is not None else "(unknown)"
            raise VerificationFailed(RejectionCause.ADDRESS_NOT_ALLOWED, f"Sent from {shown}.")

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        return Credentials()

    def describe(self) -> str:
        count = len(self._networks)
        noun = "address or network" if count == 1 else "addresses or networks"
        return f"Requests are taken from {count} listed {noun} only."


def _network(entry: object) -> _Network | None:
    try:
        return ipaddress.ip_network(str(entry), strict=False)
    except ValueError:
        return None


def _address(text: str) -> _Address | None:
    """Return the address without its zone; an IPv4 one inside IPv6 is taken out of it."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
