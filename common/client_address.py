"""Where a request came from, in one place for throttles, lock-outs, IP lists and logs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest | Mapping[str, Any]) -> str:
    """Return the client's IP address as text, or "" when the server knows none.

    With `TRUSTED_PROXY_COUNT` = n, that is the n-th entry of X-Forwarded-For from the right: what
    our own outermost proxy saw. Entries further left are the client's own claim.
    """
    environ = request.META if isinstance(request, HttpRequest) else request
    peer = _address(str(environ.get("REMOTE_ADDR") or ""))
    hops: int = settings.TRUSTED_PROXY_COUNT
    forwarded = str(environ.get("HTTP_X_FORWARDED_FOR") or "") if hops > 0 else ""
    if not forwarded:
        return peer
    entries = forwarded.rsplit(",", hops)
    if len(entries) < hops:
        return peer
    return _address(entries[-hops]) or peer


@lru_cache(maxsize=4096)
def counted_address(address: str) -> str:
    """Return by what a throttle counts an address: of IPv6 its /64, which one caller has whole."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)


@lru_cache(maxsize=4096)
def _address(text: str) -> str:
    """Return the address in its one spelling, without port, brackets or zone; else ""."""
    candidate = text.strip()
    if candidate.startswith("["):
        candidate = candidate[1:].partition("]")[0]
    elif candidate.count(":") == 1:
        candidate = candidate.partition(":")[0]
    try:
        address = ipaddress.ip_address(candidate.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
