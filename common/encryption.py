"""Encryption at rest: AES-256-GCM under a key ring, bound to the place where a value is stored.

Stored form: `enc:v1:<key id>:<base64url of nonce + ciphertext + tag>`. The additional data names
the model and field, so that a value pasted into another column does not decrypt. The ring comes
from `ENCRYPTION_KEYS`, newest first, `id:base64` of 32 bytes each, comma-separated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PREFIX: Final = "enc:v1:"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class DecryptionFailed(Exception):
    """The stored value cannot be read: wrong key, moved, or damaged. Never shows the value."""


class KeyRing:
    """Keys by id; the first one encrypts, all of them decrypt."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current_id = next(iter(keys))

    @classmethod
    def from_text(cls, text: str) -> KeyRing:
        keys: dict[str, bytes] = {}
        for part in text.split(","):
            key_id, separator, encoded = part.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not separator or not key_id.isalnum() or len(key) != _KEY_BYTES or key_id in keys:
                raise ImproperlyConfigured(
                    "ENCRYPTION_KEYS must be id:base64 pairs, comma-separated, each key 32 bytes "
                    "and each id letters and digits, used once."
                )
            keys[key_id] = key
        return cls(keys)

    def encrypt(self, plaintext: str, context: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self.current_id]
        sealed = cipher.encrypt(nonce, plaintext.encode(), context.encode())
        return f"{PREFIX}{self.current_id}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str, context: str) -> str:
        if not stored.startswith(PREFIX):
            raise DecryptionFailed(f"The value in {context} is not encrypted.")
        key_id, _, encoded = stored.removeprefix(PREFIX).partition(":")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionFailed(f"No key “{key_id}” in ENCRYPTION_KEYS for {context}.")
        try:
            sealed = base64.b64decode(encoded, altchars=b"-_", validate=True)
            plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
            return plain.decode()
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed(f"The value in {context} does not decrypt.") from error

    def digest(self, value: str, context: str) -> str:
        """Return a keyed hash by which an encrypted value can be looked up, 64 hex characters.

        Keyed by the oldest key, so that adding a newer one leaves stored hashes findable.
        """
        oldest = list(self._keys.values())[-1]
        derived = hmac.digest(oldest, b"patchbay digest:" + context.encode(), hashlib.sha256)
        return hmac.digest(derived, value.encode(), hashlib.sha256).hex()


@lru_cache(maxsize=4)
def _ring_for(text: str) -> KeyRing:
    return KeyRing.from_text(text)


def key_ring() -> KeyRing:
    """Return the ring of the current settings."""
    return _ring_for(settings.ENCRYPTION_KEYS)
