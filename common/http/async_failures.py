"""What aiohttp raises, as the failures and sentences of `failures`."""

from __future__ import annotations

import http
from typing import Final

import aiohttp
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError

from common.http.async_resolver import AddressRefused
from common.http.exchange import HttpFailure, OutgoingRequest
from common.http.failures import (
    address_refused,
    answer_late,
    connect_failure,
    ended_early,
    no_http,
    reset,
    too_many_headers,
    unsendable,
)

# Five families; whatever else is raised is a mistake of ours and goes up as it is.
EXPECTED: Final = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, UnicodeError)


def failure_of(error: Exception, request: OutgoingRequest) -> HttpFailure:
    """Return the failure that an exception of one of the five families is."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return connect_failure(error.certificate_error, request.connect_seconds)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error.os_error, request.connect_seconds)
    return _not_answered(error, request.total_seconds)


def _not_answered(error: Exception, seconds: float) -> HttpFailure:
    failure = no_http()
    if isinstance(error, TimeoutError):
        failure = answer_late(seconds)
    elif isinstance(error, aiohttp.ClientPayloadError):
        failure = _broken_off(error)
    elif isinstance(error, HttpProcessingError):
        failure = _unreadable(error)
    elif isinstance(error, OSError | aiohttp.ServerConnectionError):
        failure = reset()
    elif not isinstance(error, aiohttp.ClientError):
        failure = unsendable(
            ValueError("The HTTP library takes neither its URL nor its headers as they are.")
        )
    return failure


def _not_connected(error: OSError, seconds: float) -> HttpFailure:
    if isinstance(error, AddressRefused):
        return address_refused()
    if error.errno is None and "[Errno 111]" in str(error):
        # Of several addresses that failed in different ways, only the text is left.
        return connect_failure(ConnectionRefusedError(), seconds)
    return connect_failure(error, seconds)


def _broken_off(error: aiohttp.ClientPayloadError) -> HttpFailure:
    """Return what ended a body: the network, its announced length, or nonsense within it."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        return reset()
    if isinstance(cause, ContentLengthError) or cause is None:
        return ended_early()
    return too_many_headers() if _is_about_headers(str(cause)) else no_http()


def _unreadable(error: HttpProcessingError) -> HttpFailure:
    """Tell oversized headers from nonsense. The 400 in the error is the library's own."""
    if _is_about_headers(error.message):
        return too_many_headers()
    if error.code != http.HTTPStatus.BAD_REQUEST:
        return ended_early()
    return no_http()


def _is_about_headers(text: str) -> bool:
    return "more than" in text or "Too many headers" in text
