"""Names and values of headers that operators type: what may go out, checked when saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

LONGEST_VALUE: Final = 4000

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")  # a token of RFC 9110, 5.6.2
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*")
# All that `check_header_value` asks, in one go: thousands go out every second.
_SENDABLE: Final = re.compile(rf"(?![ \t])[\x20-\x7e\t]{{0,{LONGEST_VALUE}}}(?<![ \t])")

# They say where a request begins and ends, or belong to one connection.
_FRAMING: Final = frozenset(
    (
        "connection", "content-encoding", "content-length", "cookie", "cookie2", "expect", "host",
        "http2-settings", "keep-alive", "set-cookie", "te", "trailer", "transfer-encoding",
        "upgrade",
    )
)  # fmt: skip
# Set by whoever builds the request: what is signed, and in which form body and answer are.
_OUR_OWN: Final = frozenset(
    ("accept-encoding", "content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
)


def check_header_name(name: str) -> str:
    """Return the name, or raise ValueError with a sentence when operators must not set it."""
    _check_token(name)
    if name.lower() in _OUR_OWN or _is_framing(name):
        raise ValueError(f"The header {name} is set by Patchbay itself. Use another name.")
    return name


def check_header_value(value: str) -> str:
    """Return the value, or raise ValueError with a sentence that does not repeat it."""
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"Use a header value of at most {LONGEST_VALUE} characters.")
    if not _VALUE.fullmatch(value):
        raise ValueError(
            "Use only letters a-z, digits, punctuation, spaces and tabs in a header value, on one "
            "line."
        )
    if value != value.strip(" \t"):
        raise ValueError("Remove the space at the beginning or end of the header value.")
    return value


def sendable(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request about to go out; ValueError says which cannot be sent."""
    for name, value in headers.items():
        _check_sendable_name(name)
        if _SENDABLE.fullmatch(value):
            continue
        try:
            check_header_value(value)
        except ValueError as error:
            raise ValueError(f"Header {name}: {error}") from None
    return dict(headers)


@lru_cache(maxsize=1024)
def _check_sendable_name(name: str) -> None:
    """Raise ValueError for a name that cannot go out; of the others, the same few come for ever."""
    _check_token(name)
    if _is_framing(name):
        raise ValueError(f"The header {name} cannot be set by hand.")


def _check_token(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "Use a header name of 1 to 128 letters, digits and hyphens, without spaces or colons, "
            "such as X-Api-Key."
        )


def _is_framing(name: str) -> bool:
    lower = name.lower()
    return lower in _FRAMING or lower.startswith("proxy-")
