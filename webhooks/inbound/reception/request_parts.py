"""Headers and query of a request: read once, and in the form in which they may be kept."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from common.client_address import client_address
from common.redaction import MASK, redact_headers, redact_query
from integrations.request import InboundRequest
from integrations.verification import Verifier
from webhooks.inbound.journal.entry import storable

# Servers take no more than this; verifiers and presets never miss one.
MOST_HEADERS: Final = 100
LONGEST_KEPT_VALUE: Final = 1_000
MOST_PARAMETERS: Final = 60
# The server adds its own environment to each request's: HTTP_PROXY there is no header, and may
# hold a password.
_OWN_ENVIRONMENT: Final = frozenset((*os.environ, "HTTP_PROXY"))


@dataclass(slots=True, kw_only=True)
class RequestParts:
    """What came besides the body. `doubled` names query parameters that came more than once."""

    headers: dict[str, str]
    query: dict[str, str]
    doubled: tuple[str, ...]
    remote_address: str
    path: str
    received_at: datetime

    def inbound_request(self, body: bytes) -> InboundRequest:
        return InboundRequest(
            body=body,
            headers=self.headers,
            query=self.query,
            remote_address=self.remote_address,
            path=self.path,
            received_at=self.received_at,
        )

    def kept(self, verifier: Verifier) -> dict[str, Any]:
        """Return what a journal entry keeps of these parts."""
        return {
            "received_at": self.received_at,
            "remote_address": self.remote_address,
            "headers": self.kept_headers(verifier),
            "query": self.kept_query(verifier),
            "notes": self.notes,
        }

    def kept_headers(self, verifier: Verifier) -> dict[str, str]:
        """Return the headers as they are stored: secrets masked, long ones cut."""
        return _kept(redact_headers(self.headers, verifier.secret_header_names), MOST_HEADERS)

    def kept_query(self, verifier: Verifier) -> dict[str, str]:
        if not self.query:
            return {}
        return _kept(redact_query(self.query, verifier.secret_query_names), MOST_PARAMETERS)

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.doubled:
            return ()
        names = ", ".join(name[:40] for name in self.doubled[:5])
        return (f"Left out because they came more than once in the URL: {names}.",)


def request_parts(environ: Mapping[str, Any], received_at: datetime) -> RequestParts:
    """Read the parts of a WSGI request."""
    query, doubled = _query(environ.get("QUERY_STRING", ""))
    return RequestParts(
        headers={
            name: value for key, value in environ.items() if (name := _header_name(key)) is not None
        },
        query=query,
        doubled=doubled,
        remote_address=client_address(environ),
        path=environ.get("PATH_INFO", ""),
        received_at=received_at,
    )


@lru_cache(maxsize=1024)
def _header_name(key: str) -> str | None:
    if key.startswith("HTTP_") and key not in _OWN_ENVIRONMENT:
        return key[5:].replace("_", "-").lower()
    return {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}.get(key)


def _query(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    if not text:
        return {}, ()
    pairs = parse_qsl("&".join(text.split("&")[:MOST_PARAMETERS]), keep_blank_values=True)
    counts = Counter(name for name, _ in pairs)
    # Picking one of two would let a proxy and us disagree about which counts.
    query = {name: value for name, value in pairs if counts[name] == 1}
    return query, tuple(name for name, count in counts.items() if count > 1)


def _kept(values: Mapping[str, str], most: int) -> dict[str, str]:
    return {
        storable(name[:LONGEST_KEPT_VALUE]): value
        if value is MASK
        else storable(value[:LONGEST_KEPT_VALUE])
        for name, value in list(values.items())[:most]
    }
