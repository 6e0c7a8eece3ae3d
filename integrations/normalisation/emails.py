"""E-mail addresses: one spelling per mailbox.

The whole address is lower-cased when its local part is ASCII. The standards allow a mail server to
tell `Jane@` from `jane@`, none in use does, and senders here disagree in case about one person.
A local part in another script is kept as written (NFC): look-alikes stay two addresses.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

MAX_LENGTH: Final = 254

# What nearly every address looks like. `--` may begin a punycode label: left to the library, as
# are quoted local parts, address literals and everything outside ASCII.
_COMMON: Final = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,24})"
)
_MAX_LOCAL: Final = 64
_MAX_LABEL: Final = 63


@lru_cache(maxsize=16384)
def email_normalised(text: str) -> str | None:
    """Return the address as it is stored, or None when it is none. Asks no name server."""
    candidate = text.strip()
    if len(candidate) > MAX_LENGTH:
        return None
    if candidate.isascii():
        candidate = candidate.lower()
        match = _COMMON.fullmatch(candidate)
        if match and match[1] not in SPECIAL_USE_DOMAIN_NAMES and _is_of_common_shape(candidate):
            return candidate
    return _by_library(candidate)


def _is_of_common_shape(address: str) -> bool:
    local, _, domain = address.partition("@")
    return (
        len(local) <= _MAX_LOCAL
        and "--" not in domain
        and all(len(label) <= _MAX_LABEL for label in domain.split("."))
    )


def _by_library(candidate: str) -> str | None:
    try:
        address = validate_email(candidate, check_deliverability=False, strict=True)
    except (EmailNotValidError, UnicodeError, ValueError):
        return None
    local = address.local_part
    normalised = f"{local.lower() if local.isascii() else local}@{address.domain}"
    return normalised if len(normalised) <= MAX_LENGTH else None
