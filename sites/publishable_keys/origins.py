"""The origins of pages that may use a key: `https://shop.example.com`, as browsers spell them.

A first label `*` stands for any one label: `https://*.example.com` is `https://fr.example.com`,
and neither `https://example.com` nor `https://a.b.example.com`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import idna

MOST_ORIGINS: Final = 100

_LONGEST: Final = 300
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_OWN_MACHINE: Final = ("localhost", "127.0.0.1", "[::1]")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Browsers read a host that ends in a number as an address, in whatever way it is written.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ANY_LABEL: Final = "*."


def normalised_origins(given: Iterable[str]) -> list[str]:
    """Return origins as browsers send them, each once; ValueError with a sentence."""
    found = list(dict.fromkeys(_spelled(entry.strip()) for entry in given if entry.strip()))
    if len(found) > MOST_ORIGINS:
        raise ValueError(f"At most {MOST_ORIGINS} origins are taken.")
    return found


def origin_allowed(allowed: Iterable[str], origin: str) -> bool:
    """Say whether a request's `Origin` is one of the normalised ones."""
    return any(
        _fits(entry, origin) if _ANY_LABEL in entry else origin == entry for entry in allowed
    )


def _fits(entry: str, origin: str) -> bool:
    before, _, after = entry.partition("*")
    if not (origin.startswith(before) and origin.endswith(after)):
        return False
    return _LABEL.fullmatch(origin, len(before), len(origin) - len(after)) is not None


def _spelled(entry: str) -> str:
    # Half of a pair can be typed nowhere, and written nowhere either.
    shown = "“" + entry[:60].encode(errors="replace").decode() + "”"
    if len(entry) > _LONGEST:
        raise ValueError(f"{shown} is too long for an origin.")
    scheme, separator, rest = entry.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _DEFAULT_PORTS:
        raise ValueError(f"{shown} is no origin: write one such as https://shop.example.com.")
    # Address bars show a page's origin with a slash behind it.
    authority = rest.removesuffix("/")
    if re.search(r"[/?#\\@\s]", authority):
        raise ValueError(
            f"{shown} has more than an origin: write scheme and host alone, such as "
            "https://shop.example.com."
        )
    host, port = _host_and_port(authority, shown)
    if scheme == "http" and host not in _OWN_MACHINE:
        raise ValueError(
            f"{shown} is not encrypted: use https://. Only localhost and 127.0.0.1 may use http://."
        )
    return f"{scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}")


def _host_and_port(authority: str, shown: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        port_text = rest.removeprefix(":")
        if rest and rest == port_text:
            raise ValueError(f"{shown} has something between the address and its port.")
        return _ipv6(host + bracket, shown), _port(port_text, shown) if rest else None
    host, colon, port_text = authority.partition(":")
    return _host(host, shown), _port(port_text, shown) if colon else None


def _port(text: str, shown: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError(f"{shown} has a port that is not a number from 1 to 65535.")
    return int(text)


def _ipv6(host: str, shown: str) -> str:
    try:
        address = IPv6Address(host.removeprefix("[").removesuffix("]"))
    except AddressValueError:
        address = None
    if address is None or address.scope_id or not host.endswith("]"):
        raise ValueError(f"{shown} has something in brackets that is no IPv6 address.")
    return f"[{address}]"


def _host(host: str, shown: str) -> str:
    any_label = _ANY_LABEL if host.startswith(_ANY_LABEL) else ""
    name = _ascii(host.removeprefix(_ANY_LABEL), shown)
    if "*" in name:
        raise ValueError(f"{shown}: * may only be the first part, such as https://*.example.com.")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{shown} has no name of a host behind ://.")
    if _NUMBER.fullmatch(labels[-1]) and (any_label or not _is_address(name)):
        raise ValueError(f"{shown}: write an address as four numbers, such as 192.0.2.10.")
    if any_label and len(labels) == 1:
        raise ValueError(
            f"{shown} would let in everybody's pages: write your own domain behind *., such as "
            "https://*.example.com."
        )
    return any_label + name


def _ascii(host: str, shown: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        raise ValueError(f"{shown} has characters that no name of a host can have.") from None


def _is_address(name: str) -> bool:
    try:
        IPv4Address(name)
    except AddressValueError:
        return False
    return True
