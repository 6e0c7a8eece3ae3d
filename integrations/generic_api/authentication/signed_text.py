"""What an HMAC covers, byte for byte, and how it is written.

The vendor publishes no signed string, algorithm or encoding: every item is a setting, and these
are our forms of them.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from django.views.decorators.debug import sensitive_variables

from integrations.models.generic_api import Algorithm, Encoding, Signs

if TYPE_CHECKING:
    from integrations.models import GenericApi


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request as it goes over the line: `path` and `query` raw, `query` without `?`.

    Header names count without case. A header that came twice is one value joined by a comma, as
    WSGI servers hand it over, and never matches.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of_url(cls, method: str, url: str, body: bytes) -> Self:
        parts = urlsplit(url)
        return cls(method=method, path=parts.path or "/", query=parts.query, body=body)


def signed_bytes(signs: str, request: SignedRequest, timestamp: str) -> bytes:
    """Return the bytes that are signed.

    *body*: the body; of a GET, which has none, the raw query without `?`. *request*: method, path
    and raw query, a line feed after each, then the body. *timestamp*: the text of the timestamp
    header, a dot, then the bytes of *body*. Raises ValueError for anything else.
    """
    body = b"" if request.method == "GET" else request.body
    content = _bytes(request.query) if request.method == "GET" else body
    match signs:
        case Signs.BODY:
            return content
        case Signs.REQUEST:
            lines = (request.method, request.path, request.query)
            return b"".join(_bytes(line) + b"\n" for line in lines) + body
        case Signs.TIMESTAMP:
            return _bytes(timestamp) + b"." + content
    raise ValueError("What is signed must be the body, the request, or timestamp and body.")


@sensitive_variables()
def signature(api: GenericApi, secret: bytes, signed: bytes) -> str:
    """Return the text of the signature header. Raises ValueError for an unknown setting."""
    if api.hmac_algorithm not in Algorithm.values or api.hmac_encoding not in Encoding.values:
        raise ValueError("The algorithm must be SHA-256 or SHA-512, the encoding hex or base64.")
    digest = hmac.digest(secret, signed, api.hmac_algorithm)
    is_hex = api.hmac_encoding == Encoding.HEX
    return api.hmac_prefix + (digest.hex() if is_hex else base64.b64encode(digest).decode())


def _bytes(text: str) -> bytes:
    # A stranger's path may hold anything; half a surrogate pair must not be what stops us.
    return text.encode("utf-8", "surrogatepass")
