"""What went wrong, in a sentence for staff: the one place where exceptions become failures.

No sentence holds a host or an address: what cannot be reached must not draw a map of the network.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import urllib3.exceptions
from requests import RequestException

from common.http.exchange import FailureKind, HttpFailure, Unsendable
from common.http.urls import NOT_ALLOWED

# Everything that the other side, the network or an unusable setting can cause. Whatever else is
# raised is a mistake of ours and goes up as it is.
EXPECTED: Final = (
    OSError,  # with ssl.SSLError, TimeoutError and requests.RequestException
    http.client.HTTPException,
    urllib3.exceptions.HTTPError,
    UnicodeError,
)

_WRONG_HOST: Final = frozenset((62, 64))  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH
_EXPIRED: Final = 10  # X509_V_ERR_CERT_HAS_EXPIRED
_NOT_YET_VALID: Final = 9
_UNREACHABLE: Final = frozenset((errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL))


def address_refused() -> HttpFailure:
    return HttpFailure(FailureKind.BLOCKED, NOT_ALLOWED)


def unsendable(reason: ValueError) -> Unsendable:
    return Unsendable(FailureKind.PROTOCOL, f"The request could not be sent. {reason}")


def look_up_failure(error: Exception) -> HttpFailure:
    if isinstance(error, TimeoutError):
        sentence = (
            "The name of the host was not looked up in time. Try again, and check the name server "
            "of this machine when it happens often."
        )
    elif isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        sentence = (
            "The name server did not answer for the name of the host. Try again, and check the "
            "name server of this machine when it happens often."
        )
    else:
        sentence = "The host has no address. Check its spelling in the URL."
    return HttpFailure(FailureKind.DNS, sentence)


def connect_failure(error: Exception, seconds: float) -> HttpFailure:
    """Return the failure of connecting, with TLS, for which there were `seconds`."""
    if isinstance(error, TimeoutError):
        return HttpFailure(
            FailureKind.TIMEOUT,
            f"No connection stood within {seconds:g} seconds. Check that the server runs and that "
            "firewalls let this machine reach it.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return HttpFailure(FailureKind.TLS, _certificate_sentence(error.verify_code))
    if isinstance(error, ssl.SSLError):
        return HttpFailure(
            FailureKind.TLS,
            "No encrypted connection could be agreed on. Check that this port speaks HTTPS, with "
            "TLS 1.2 or newer.",
        )
    if isinstance(error, ConnectionRefusedError):
        return HttpFailure(
            FailureKind.REFUSED,
            "The server refused the connection. Check that the service runs and listens on this "
            "port.",
        )
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return HttpFailure(
            FailureKind.REFUSED,
            "No way leads to the server. Check its address and the network of this machine.",
        )
    return reset()


def exchange_failure(error: Exception, seconds: float) -> HttpFailure:
    """Return the failure of sending and reading, for which there were `seconds` in all."""
    raw = _raw(error)
    if isinstance(raw, TimeoutError):
        return answer_late(seconds)
    if isinstance(raw, http.client.IncompleteRead):
        return ended_early()
    if isinstance(raw, OSError) and not isinstance(raw, RequestException):
        return reset()
    if isinstance(raw, http.client.LineTooLong) or "headers" in str(raw):
        return too_many_headers()
    return no_http()


def _raw(error: BaseException) -> BaseException:
    """Return the first exception of a chain that no client library has wrapped."""
    for link in _chain(error):
        if not isinstance(link, RequestException | urllib3.exceptions.HTTPError):
            return link
        if isinstance(link, http.client.HTTPException):
            return link  # urllib3 has an IncompleteRead of its own
    return error


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _certificate_sentence(code: int) -> str:
    if code in _WRONG_HOST:
        return (
            "The certificate of the server belongs to another host. Use the host name that the "
            "certificate is for, or have it renewed with this one."
        )
    if code == _EXPIRED:
        return "The certificate of the server has expired. Its owner has to renew it."
    if code == _NOT_YET_VALID:
        return "The certificate of the server is not valid yet. Check the clocks of both machines."
    return (
        "The certificate of the server is self-signed or comes from an issuer that this machine "
        "does not trust. Add the issuer to the trusted certificates of this machine, or have the "
        "server send its whole chain."
    )


def reset() -> HttpFailure:
    return HttpFailure(
        FailureKind.RESET,
        "The server closed the connection before it had answered. Try again, and look into the "
        "server's log when it happens often.",
    )


def ended_early() -> HttpFailure:
    return _protocol("The answer ended before its announced length.")


def too_many_headers() -> HttpFailure:
    return _protocol("The answer has more or longer headers than are read.")


def no_http() -> HttpFailure:
    return _protocol("It is no HTTP answer, or a broken one. Check that this port speaks HTTP.")


def answer_late(seconds: float) -> HttpFailure:
    return HttpFailure(
        FailureKind.TIMEOUT,
        f"No complete answer came within {seconds:g} second{'' if seconds == 1 else 's'}. The "
        "request may have been carried out all the same.",
    )


def _protocol(what: str) -> HttpFailure:
    return HttpFailure(FailureKind.PROTOCOL, f"The server's answer could not be read. {what}")
