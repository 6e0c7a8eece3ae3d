"""The called end: whether a request carries what the site's mode asks for."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from django.views.decorators.debug import sensitive_variables

from integrations.generic_api.authentication.sending import secret_of
from integrations.generic_api.authentication.signed_text import (
    SignedRequest,
    signature,
    signed_bytes,
)
from integrations.models.generic_api import AuthMode, Encoding, KeyPlace, Signs

if TYPE_CHECKING:
    from integrations.models import GenericApi

# Of the secret of the current mode, before a request of a stranger is compared with it.
MIN_SERVED_SECRET_BYTES: Final = 16
TOLERANCE_SECONDS: Final = 300
# A SHA-512 in hex with a prefix, or the longest static value, and some room.
_LONGEST_HEADER: Final = 2_048
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class NotAuthentic(Exception):
    """A request to our end is refused. `cause_sentence` is for the log and never in the answer."""

    def __init__(self, cause_sentence: str) -> None:
        super().__init__(cause_sentence)
        self.cause_sentence = cause_sentence


@sensitive_variables()
def verify(api: GenericApi, request: SignedRequest, now: datetime) -> None:
    """Return quietly when the request carries what the site's mode asks for.

    Raises NotAuthentic. A secret that is missing or too short verifies nothing, so that a row
    edited behind the form's back stays shut.
    """
    secret = secret_of(api).encode("utf-8", "replace")
    if len(secret) < MIN_SERVED_SECRET_BYTES:
        raise NotAuthentic(
            f"The secret of the mode {api.get_auth_mode_display()} is missing or shorter than "
            f"{MIN_SERVED_SECRET_BYTES} bytes, so nothing is let in. Set a longer one."
        )
    headers = {name.lower(): value.strip(" \t") for name, value in request.headers.items()}
    match api.auth_mode:
        case AuthMode.HEADER:
            _check_static(headers, api.header_name, secret)
        case AuthMode.HMAC:
            _check_signature(api, secret, request, headers, now)
        case _ if api.api_key_place == KeyPlace.HEADER:
            _check_static(headers, api.api_key_name, secret)
        case _:
            _check_query(request.query, api.api_key_name, secret)


@sensitive_variables()
def _check_static(headers: Mapping[str, str], name: str, secret: bytes) -> None:
    given = _single(headers, name)
    if b"," in given and b"," not in secret:
        raise NotAuthentic(f"The header {name} came more than once.")
    if not hmac.compare_digest(secret, given):
        raise NotAuthentic(f"The header {name} has another value than the one set here.")


@sensitive_variables()
def _check_signature(
    api: GenericApi,
    secret: bytes,
    request: SignedRequest,
    headers: Mapping[str, str],
    now: datetime,
) -> None:
    given = _single(headers, api.hmac_header)
    if b"," in given:
        raise NotAuthentic(f"The header {api.hmac_header} came more than once.")
    timestamp = _timestamp(headers, api, now) if api.hmac_signs == Signs.TIMESTAMP else ""
    try:
        signed = signed_bytes(api.hmac_signs, request, timestamp)
        expected = signature(api, secret, signed).encode()
    except ValueError as error:
        raise NotAuthentic(str(error)) from None
    if api.hmac_encoding == Encoding.HEX:
        prefix = len(api.hmac_prefix.encode())
        given = given[:prefix] + given[prefix:].lower()
    if not hmac.compare_digest(expected, given):
        raise NotAuthentic(
            f"The signature in {api.hmac_header} does not fit the request. Compare the secret, "
            "the algorithm, the encoding, the prefix, and what is signed."
        )


def _timestamp(headers: Mapping[str, str], api: GenericApi, now: datetime) -> str:
    name = api.hmac_timestamp_header
    text = _single(headers, name).decode()
    if not _SECONDS.fullmatch(text):
        raise NotAuthentic(f"The header {name} must hold the seconds since 1970 in plain digits.")
    if abs(now.timestamp() - int(text)) > TOLERANCE_SECONDS:
        raise NotAuthentic(
            f"The time in {name} is more than {TOLERANCE_SECONDS} seconds away from ours. Set the "
            "sender's clock."
        )
    return text


@sensitive_variables()
def _check_query(query: str, name: str, secret: bytes) -> None:
    pairs = [pair.partition("=") for pair in query.split("&")]
    found = [value for key, _, value in pairs if unquote_plus(key) == name]
    if not found:
        raise NotAuthentic(f"The query has no {name}.")
    if len(found) > 1:
        raise NotAuthentic(f"The query has {name} more than once.")
    if not hmac.compare_digest(secret, unquote_plus(found[0]).encode("utf-8", "replace")):
        raise NotAuthentic(f"{name} in the query has another value than the one set here.")


@sensitive_variables()
def _single(headers: Mapping[str, str], name: str) -> bytes:
    """Return one header as ASCII bytes; `compare_digest` raises on text that is not ASCII."""
    value = headers.get(name.lower(), "")
    if not value:
        raise NotAuthentic(f"The header {name} is missing.")
    if len(value) > _LONGEST_HEADER:
        raise NotAuthentic(f"The header {name} is longer than {_LONGEST_HEADER} characters.")
    if not value.isascii():
        raise NotAuthentic(f"The header {name} holds characters outside ASCII.")
    return value.encode("ascii")
