"""The URLs of other systems: taken apart without changing them, and checked when saved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import quote

import idna
from django.conf import settings

from common.http.addresses import Address, Network, Verdict, judge

LONGEST_URL: Final = 1000

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Some resolvers read 0x7f.1, 2130706433 or 127.1 as an address: a last label like these is one.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))

NOT_ALLOWED: Final = (
    "The address of this host is not allowed: it belongs to a private or reserved network. If it "
    "is one of yours, ask the administrator to add its network to OUTBOUND_ALLOWED_NETWORKS."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL points. `host` is ASCII, without brackets; `target` is what the request names."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def literal(self) -> Address | None:
        return _literal(self.host)


def check_url(url: str) -> str:
    """Return the URL as it is to be saved, or raise ValueError with a sentence on what to change.

    Looks nothing up: the address is judged again whenever a connection is made. Letters outside
    ASCII become what goes over the wire; everything else stays as it was typed.
    """
    if len(url) > LONGEST_URL:
        raise ValueError(f"Use a URL of at most {LONGEST_URL} characters.")
    encoded = _ascii_url(url)
    place = split_url(encoded)
    check_port(place)
    if len(encoded) > LONGEST_URL:
        raise ValueError("Use a shorter URL: its letters outside a-z take more room when encoded.")
    literal = place.literal
    if literal is not None and judge(literal, allowed_networks()) is not Verdict.ALLOWED:
        raise ValueError(NOT_ALLOWED)
    return encoded


def split_url(url: str) -> Place:
    """Take an ASCII URL apart; raises ValueError with a sentence for what must not be called."""
    scheme, authority, target = _parts(url)
    if "#" in target:
        raise ValueError("Remove the part from # on: it is never sent to a server.")
    host, port_text = _host_and_port(authority)
    port = _port(port_text) if port_text else _DEFAULT_PORTS[scheme]
    return Place(scheme, _checked_host(host), port, target)


def check_port(place: Place) -> None:
    """Raise ValueError with a sentence when the settings do not list the port of a URL."""
    if not any(place.port in ports for ports in settings.OUTBOUND_ALLOWED_PORTS):
        raise ValueError(
            f"Port {place.port} is not allowed. Use another one, or ask the administrator to add "
            "it to OUTBOUND_ALLOWED_PORTS."
        )


def allowed_networks() -> tuple[Network, ...]:
    return _networks(tuple(settings.OUTBOUND_ALLOWED_NETWORKS))


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


def _parts(url: str) -> tuple[str, str, str]:
    """Return scheme, authority and target; nothing in them is decoded or moved."""
    if _UNFIT.search(url):
        raise ValueError("Remove spaces, line breaks and backslashes, or write them as %20 or %5C.")
    if not url.isascii():
        raise ValueError("Write letters outside a-z percent-encoded, such as %C3%A5.")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _DEFAULT_PORTS:
        raise ValueError("Start the URL with https:// or http://.")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    target = rest[len(authority) :]
    if "@" in authority:
        raise ValueError(
            "Remove the user name and password in front of the host: use the authentication "
            "settings instead."
        )
    if not authority:
        raise ValueError("Add the name of the host after ://.")
    return scheme.lower(), authority, target if target.startswith("/") else f"/{target}"


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("Write an IPv6 address in brackets, such as https://[2001:db8::1]/.")
        if not isinstance(_literal(host), IPv6Address):
            raise ValueError("Only an IPv6 address may stand in brackets, without a zone.")
        return host, rest[1:]
    host, _, port = authority.partition(":")
    return host, port


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError("Write the port as a number from 1 to 65535.")
    return int(text)


def _checked_host(host: str) -> str:
    """Return a host that a resolver can be asked for, in lower case."""
    name = host.lower()
    if _literal(name) is not None:
        return name
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(
            "Check the name of the host: parts of 1 to 63 letters, digits or hyphens, with dots "
            "between them."
        )
    if _NUMBER.fullmatch(labels[-1]):
        raise ValueError("Write an IP address as four numbers from 0 to 255, such as 192.0.2.10.")
    return name


def _literal(host: str) -> Address | None:
    if "%" in host:
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _ascii_url(url: str) -> str:
    """Return the URL with a host in letters beyond a-z as xn--, and the rest percent-encoded."""
    if url.isascii():
        return url
    scheme, separator, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host, colon, port = authority.partition(":")
    if not port.isascii():
        _port(port)
    return f"{scheme}{separator}{_ascii_host(host)}{colon}{port}{_quoted(rest[len(authority) :])}"


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        raise ValueError(
            "Check the name of the host: it has characters that no host name can have."
        ) from None


def _quoted(rest: str) -> str:
    if _UNFIT.search(rest):
        return rest  # refused by the caller, with a sentence of its own
    try:
        return quote(rest, safe=_ASCII)
    except UnicodeEncodeError:
        raise ValueError("Remove the characters that are half of a pair.") from None
