"""What is hidden before it is stored, logged or shown: secrets always, personal data by role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from common.body_masking import mask_json_text, mask_xml_text
from common.masks import MASK, mask_identities

__all__ = [
    "MASK",
    "mask_body_text",
    "redact_headers",
    "redact_page_url",
    "redact_query",
    "redact_url",
]

_SECRET_NAME: Final = re.compile(
    r"auth|cookie|signature|passw|credential|"
    r"(?:secret|token|api-?key)s?$|(?:^|[-_.])(?:keys?|sig|pwd|pass)$",
    re.IGNORECASE,
)
# From the start of a name on: else a long one would be tried from each of its letters.
_PAIR: Final = re.compile(r"(?<![^&?/=])([^&?/=]++)=([^&]*+)")
_URL_HEADERS: Final = frozenset(("referer", "origin", "location", "x-original-url"))


def redact_headers(headers: Mapping[str, str], secret_names: Iterable[str] = ()) -> dict[str, str]:
    """Return the headers with secret values masked; `secret_names` adds to the names known here."""
    extra = _folded(secret_names)
    return {
        name: MASK
        if _is_secret(name) or name.lower() in extra
        else redact_url(value)
        if name.lower() in _URL_HEADERS
        else value
        for name, value in headers.items()
    }


def redact_query(query: Mapping[str, str], secret_names: Iterable[str] = ()) -> dict[str, str]:
    """Return the parameters with secret values masked."""
    extra = _folded(secret_names)
    return {
        name: MASK if _is_secret(name) or name.lower() in extra else value
        for name, value in query.items()
    }


def redact_url(url: str) -> str:
    """Return the URL without its user info, and with every value of its query masked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    host = parts.netloc.rpartition("@")[2]
    names = [pair.partition("=")[0] for pair in parts.query.split("&") if pair]
    query = "&".join(f"{name}={MASK}" for name in names)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def redact_page_url(url: str) -> str:
    """Return the address of a web page without its user info and with secret values masked.

    What campaigns write into the query stays. Fragments hold paths of pages, and tokens of logins.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    host = parts.netloc.rpartition("@")[2]
    query, fragment = _without_secrets(parts.query), _without_secrets(parts.fragment)
    return urlunsplit((parts.scheme, host, parts.path, query, fragment))


def mask_body_text(text: str, personal_names: Iterable[str] = ()) -> str:
    """Return a JSON or XML text, whole or cut off, with the values of personal fields masked.

    Structure, field names, ids, times and event types stay readable. `personal_names` are fields of
    a JSON text that are personal besides those whose name says so.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return mask_xml_text(text)
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[", '"')):
        return mask_json_text(text, frozenset(personal_names))
    return mask_identities(text)


def _without_secrets(text: str) -> str:
    return _PAIR.sub(lambda pair: f"{pair[1]}={MASK}" if _is_secret(pair[1]) else pair[0], text)


@lru_cache(maxsize=2048)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
