"""A request to the API we serve, read once and as raw as a signature needs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from common.client_address import client_address
from integrations.generic_api.authentication import SignedRequest

# The server adds its own environment to each request's: HTTP_PROXY there is no header.
_OWN_ENVIRONMENT: Final = frozenset((*os.environ, "HTTP_PROXY"))
_UNPREFIXED: Final = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRequest:
    """What came, before anything is known of who sent it. `query` is raw, without `?`."""

    method: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    remote_address: str
    received_at: datetime

    def signed(self, body: bytes, names: Iterable[str] = ()) -> SignedRequest:
        """Return the request as it is verified; `names` are the headers that will be asked for.

        WSGI shows a hyphen and an underscore alike: `X_Token` is asked for as it was set.
        """
        spelled = {
            name: self.headers[plain]
            for name in names
            if "_" in name and (plain := wsgi_name(name)) in self.headers
        }
        return SignedRequest(
            method=self.method,
            path=self.path,
            query=self.query,
            headers={**self.headers, **spelled},
            body=body,
        )


def wsgi_name(header: str) -> str:
    """Return the name under which `ServedRequest.headers` has it."""
    return header.replace("_", "-").lower()


def served_request(environ: Mapping[str, Any], received_at: datetime) -> ServedRequest:
    """Read the parts of a WSGI request."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return ServedRequest(
        method=environ["REQUEST_METHOD"],
        # WSGI hands over a decoded path. Ours needs no encoding, and a prefix hardly ever does.
        path=quote(path, encoding="latin-1"),
        query=environ.get("QUERY_STRING", ""),
        headers=_headers(environ),
        remote_address=client_address(environ),
        received_at=received_at,
    )


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {name: environ[key] for key, name in _UNPREFIXED.items() if environ.get(key)}
    for key, value in environ.items():
        if key.startswith("HTTP_") and key not in _OWN_ENVIRONMENT:
            headers[wsgi_name(key[5:])] = value
    return headers
