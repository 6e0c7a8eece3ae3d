"""The caller's end: a request gets what the mode asks for, and the site's extra headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from django.views.decorators.debug import sensitive_variables

from integrations.generic_api.authentication.signed_text import (
    SignedRequest,
    signature,
    signed_bytes,
)
from integrations.models.generic_api import AuthMode, KeyPlace, Signs

if TYPE_CHECKING:
    from integrations.models import GenericApi

# The field that holds the secret of each mode.
MODE_SECRETS: Final[dict[str, str]] = {
    AuthMode.HEADER: "header_value",
    AuthMode.HMAC: "hmac_secret",
    AuthMode.API_KEY: "api_key_value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """A request with its credentials. The `secret_*` names are masked wherever it is kept."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secret_headers: frozenset[str]
    secret_query: frozenset[str]


def secret_of(api: GenericApi) -> str:
    """Return the secret of the current mode."""
    field = MODE_SECRETS.get(api.auth_mode, "")
    return str(getattr(api, field)) if field else ""


@sensitive_variables()
def authenticate(
    api: GenericApi, *, method: str, url: str, body: bytes, now: datetime
) -> Authenticated:
    """Add to a request what the mode asks for, and the extra headers of the site.

    An API key in the query is added last, percent-encoded. Raises ValueError with a sentence when
    the mode has no secret.
    """
    secret = secret_of(api)
    if not secret:
        raise ValueError(f"The mode {api.get_auth_mode_display()} has no secret. Enter one.")
    headers = dict(api.extra_headers)
    secret_query: frozenset[str] = frozenset()
    if api.auth_mode == AuthMode.HMAC:
        headers |= _signature_headers(api, method, url, body, now)
    elif api.auth_mode == AuthMode.HEADER:
        headers[api.header_name] = secret
    elif api.api_key_place == KeyPlace.HEADER:
        headers[api.api_key_name] = secret
    else:
        secret_query = frozenset((api.api_key_name,))
        url = url_with_query(url, f"{quote(api.api_key_name)}={quote(secret, safe='')}")
    # The time of a signature is no secret, and whoever compares clocks needs it.
    readable = {api.hmac_timestamp_header} if api.auth_mode == AuthMode.HMAC else set()
    return Authenticated(
        url=url,
        headers=headers,
        secret_headers=frozenset(headers) - readable,
        secret_query=secret_query,
    )


def url_with_query(url: str, query: str) -> str:
    """Return the URL with more query, which is encoded already, behind what it has."""
    if not query:
        return url
    if "?" not in url:
        return f"{url}?{query}"
    return url + query if url.endswith(("?", "&")) else f"{url}&{query}"


@sensitive_variables()
def _signature_headers(
    api: GenericApi, method: str, url: str, body: bytes, now: datetime
) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    signed = signed_bytes(api.hmac_signs, SignedRequest.of_url(method, url, body), timestamp)
    headers = {api.hmac_header: signature(api, api.hmac_secret.encode(), signed)}
    if api.hmac_signs == Signs.TIMESTAMP:
        headers[api.hmac_timestamp_header] = timestamp
    return headers
