"""Connecting: every address is judged at the moment it is connected to, and no other is used."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address

import certifi
from urllib3.connection import HTTPConnection

from common.http.addresses import Verdict, judge
from common.http.deadline import Deadline
from common.http.failures import address_refused, connect_failure, look_up_failure
from common.http.names import Found, resolver
from common.http.urls import Place, allowed_networks

logger = logging.getLogger(__name__)


def dial(place: Place, deadline: Deadline, seconds: float, *, verify_tls: bool) -> socket.socket:
    """Return a socket connected to the host, over TLS for https; raises HttpFailure.

    `seconds` bound look-up, connection and handshake together, `deadline` comes first.
    """
    until = deadline.at_most(seconds)
    addresses = _judged_addresses(place, until)
    try:
        connected = _first_connected(addresses, until)
        return _encrypted(connected, place, until, verify_tls) if place.is_tls else connected
    except OSError as error:
        raise connect_failure(error, seconds) from error


@lru_cache(maxsize=2)
def tls_context(*, verify: bool) -> ssl.SSLContext:
    """Return the shared TLS settings: reading the trusted certificates takes 20 ms.

    Trusted are Mozilla's list and the machine's own, so that an operator can add an issuer to it.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _judged_addresses(place: Place, until: Deadline) -> Sequence[Found]:
    """Return the addresses of the host, or refuse the host when a single one is not allowed.

    Refusing that one alone would let a name with a public and a private address decide, by its
    order and by what answers, where the request ends up.
    """
    found = _addresses(place, until)
    for _family, address in found:
        verdict = judge(address[0], allowed_networks())
        if verdict is not Verdict.ALLOWED:
            logger.warning("Refused to call %s at %s: %s", place.host, address[0], verdict)
            raise address_refused()
    return found


def _addresses(place: Place, until: Deadline) -> Sequence[Found]:
    literal = place.literal
    if isinstance(literal, IPv6Address):
        return [(socket.AF_INET6, (str(literal), place.port, 0, 0))]
    if literal is not None:
        return [(socket.AF_INET, (str(literal), place.port))]
    try:
        found = resolver.addresses(place.host, place.port, until)
    except (OSError, UnicodeError) as error:
        raise look_up_failure(error) from error
    if not found:
        raise look_up_failure(OSError("No address."))
    return found


def _first_connected(addresses: Sequence[Found], until: Deadline) -> socket.socket:
    """Try one address after the other; each may use its share of the time that is left."""
    for tried, (family, address) in enumerate(addresses):
        try:
            return _connected(family, address, until.left() / (len(addresses) - tried))
        except OSError:
            if tried + 1 == len(addresses):
                raise
    raise AssertionError("There is at least one address.")


def _connected(
    family: socket.AddressFamily, address: tuple[object, ...], seconds: float
) -> socket.socket:
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        # With TCP_NODELAY among them: without it, a call with a body takes 40 ms longer.
        for option in HTTPConnection.default_socket_options:
            connected.setsockopt(*option)
        connected.settimeout(seconds)
        connected.connect(address)
    except BaseException:
        connected.close()
        raise
    return connected


def _encrypted(
    connected: socket.socket, place: Place, until: Deadline, verify: bool
) -> socket.socket:
    # The handshake as a whole gets the timeout of the socket, not each of its reads.
    try:
        connected.settimeout(until.left())
        return tls_context(verify=verify).wrap_socket(
            connected, server_hostname=place.host.removesuffix(".")
        )
    except BaseException:
        connected.close()
        raise
