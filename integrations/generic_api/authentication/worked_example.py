"""The settings of the authentication, shown on a look-up and a write with an example secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from integrations.generic_api.authentication.sending import authenticate, url_with_query
from integrations.generic_api.authentication.signed_text import SignedRequest, signed_bytes
from integrations.models.generic_api import AuthMode

if TYPE_CHECKING:
    from integrations.models import GenericApi

EXAMPLE_SECRET: Final = "example-secret"  # noqa: S105 - shown to everybody, used by nobody
_EXAMPLE_URL: Final = "https://api.example.com/contacts"
_EXAMPLE_EMAIL: Final = "jane@example.com"
_EXAMPLE_TIME: Final = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRequest:
    """One request with its credentials. `signed` is empty unless the mode signs.

    `headers` are those that authenticate; `text` is the request as it goes over the line.
    """

    signed: str
    headers: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedExample:
    secret: str
    lookup: ExampleRequest
    write: ExampleRequest


def worked_example(api: GenericApi) -> WorkedExample:
    """Return what these settings do to a look-up and a write.

    No stored secret and no extra header is looked at, so that an unsaved form will do. Raises
    ValueError with a sentence for a choice that does not exist.
    """
    query = f"{quote(api.email_key, safe='')}={quote(_EXAMPLE_EMAIL, safe='')}"
    body = json.dumps({api.email_key: _EXAMPLE_EMAIL, "redeal": "NewFriend"}, separators=(",", ":"))
    return WorkedExample(
        secret=EXAMPLE_SECRET,
        lookup=_request(api, "GET", url_with_query(api.lookup_url or _EXAMPLE_URL, query), ""),
        write=_request(api, api.write_method, api.write_url or _EXAMPLE_URL, body),
    )


def _request(api: GenericApi, method: str, url: str, body: str) -> ExampleRequest:
    authenticated = authenticate(
        _with_example_secret(api), method=method, url=url, body=body.encode(), now=_EXAMPLE_TIME
    )
    parts = urlsplit(authenticated.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"{name}: {value}" for name, value in authenticated.headers.items()]
    return ExampleRequest(
        signed=_signed(api, method, url, body) if api.auth_mode == AuthMode.HMAC else "",
        headers=tuple(authenticated.headers.items()),
        text="\n".join(lines) + "\n\n" + body,
    )


def _signed(api: GenericApi, method: str, url: str, body: str) -> str:
    request = SignedRequest.of_url(method, url, body.encode())
    return signed_bytes(api.hmac_signs, request, str(int(_EXAMPLE_TIME.timestamp()))).decode()


def _with_example_secret(api: GenericApi) -> GenericApi:
    """Return an unsaved copy of what the authentication asks for."""
    names = (
        "auth_mode",
        "header_name",
        "hmac_header",
        "hmac_algorithm",
        "hmac_encoding",
        "hmac_prefix",
        "hmac_signs",
        "hmac_timestamp_header",
        "api_key_name",
        "api_key_place",
    )
    return type(api)(
        **{name: getattr(api, name) for name in names},
        header_value=EXAMPLE_SECRET,
        hmac_secret=EXAMPLE_SECRET,
        api_key_value=EXAMPLE_SECRET,
    )
