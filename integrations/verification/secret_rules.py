"""Which secrets are strong enough, asked when one is saved and again when a request is checked.

The functions named `clean_*` suit `SettingField.clean`: they return the normalised secret or
raise ValueError with a sentence.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from common.identifiers import random_token

MIN_SECRET_BYTES: Final = 24
MAX_SECRET_BYTES: Final = 1024
MAX_SIGNING_KEY_BYTES: Final = 64
# WebEngage lets its customers choose the key and sets no length; its own example has 17
# characters. A password of Basic is likewise chosen where the sender's form allows.
MIN_LEGACY_BYTES: Final = 8

_SIGNING_PREFIX: Final = "whsec_"


def signing_key(secret: object) -> bytes | None:
    """Return the key bytes of a Standard Webhooks secret, or None when it is none of 24 to 64."""
    if not isinstance(secret, str) or not secret.isascii():
        return None
    text = secret.strip().removeprefix(_SIGNING_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if MIN_SECRET_BYTES <= len(key) <= MAX_SIGNING_KEY_BYTES else None


def strong_secrets(secrets: Iterable[object], minimum: int = MIN_SECRET_BYTES) -> list[bytes]:
    """Return the UTF-8 bytes of those secrets that are long enough."""
    encoded = (_utf8(secret) for secret in secrets)
    return [secret for secret in encoded if minimum <= len(secret) <= MAX_SECRET_BYTES]


def new_token() -> str:
    """Return a token for a sender whose secret this side chooses; 238 random bits."""
    return random_token("", 40)


def clean_signing_secret(secret: str) -> str:
    if signing_key(secret) is None:
        raise ValueError(
            "This is no signing secret. Copy it whole from the sender's page: it begins with "
            "whsec_ and holds 24 to 64 bytes in base64."
        )
    return secret


def clean_secret(secret: str) -> str:
    return _clean_length(secret, MIN_SECRET_BYTES)


def clean_legacy_secret(secret: str) -> str:
    return _clean_length(secret, MIN_LEGACY_BYTES)


def clean_token(secret: str) -> str:
    """Return a secret that can travel alone in a header or in a URL."""
    if not secret.isascii() or not secret.isprintable() or "," in secret:
        raise ValueError("Use letters, digits and signs of plain ASCII, without a comma.")
    return clean_secret(secret)


def _clean_length(secret: str, minimum: int) -> str:
    length = len(_utf8(secret))
    if length < minimum:
        raise ValueError(
            f"This secret has {length} bytes and needs at least {minimum}. "
            "Generate a longer one and set it at the sender too."
        )
    if length > MAX_SECRET_BYTES:
        raise ValueError(f"A secret may have at most {MAX_SECRET_BYTES} bytes.")
    return secret


def _utf8(secret: object) -> bytes:
    return secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else b""
