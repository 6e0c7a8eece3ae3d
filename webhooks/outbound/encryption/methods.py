"""The closed set of payload encryptions; keys are texts that were checked when they were saved."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc import jwe
from joserfc.jwk import RSAKey

from integrations.presets.voyado_engage.encryption import KEY_BYTES, clean_key, encrypt

Encrypt = Callable[[bytes], str]

NONE: Final = "none"
ENGAGE: Final = "engage"
JWE: Final = "jwe"
LEAST_RSA_BITS: Final = 2048

_ALGORITHMS: Final = ["RSA-OAEP-256", "A256GCM"]
_IV_BYTES: Final = 16
_NO_RSA_KEY: Final = (
    "This is no RSA public key. Paste the receiver's key in PEM form; it begins with "
    "-----BEGIN PUBLIC KEY-----."
)


def check_key(method: str, text: str) -> str:
    """Return a key as it is stored; raises ValueError with a sentence.

    `engage`: 32 bytes as base64, hex or plain text. `jwe`: an RSA public key in PEM.
    """
    return clean_key(text.strip()) if method == ENGAGE else _checked_pem(text)


def encryptor(method: str, key: str, message_id: str) -> Encrypt | None:
    """Return what turns a payload into text, None for `none`. Raises ValueError for a bad key.

    Engage: URL-safe base64 of IV and AES-256-CBC. The IV is drawn from key and message, so that
    every attempt has the same bytes and no two messages share one. JWE: compact serialisation,
    RSA-OAEP-256 with A256GCM.
    """
    if method == ENGAGE:
        seed = hmac.digest(_engage_key(key), message_id.encode(), "sha256")
        return lambda plain: encrypt(plain, key, _iv_of(seed, plain))
    if method == JWE:
        public = RSAKey.import_key(key)
        # RFC 7516, 4.1.12: application/ is left out.
        header = {"alg": _ALGORITHMS[0], "enc": _ALGORITHMS[1], "cty": "json"}
        return lambda plain: jwe.encrypt_compact(header, plain, public, algorithms=_ALGORITHMS)
    if method != NONE:
        raise ValueError(f"There is no encryption “{method}”.")
    return None


def is_repeatable(method: str) -> bool:
    """Return whether the same payload gives the same text again."""
    return method != JWE


def _iv_of(seed: bytes, plain: bytes) -> bytes:
    # Several payloads of one batch share the message id.
    return hmac.digest(seed, plain, "sha256")[:_IV_BYTES]


def _engage_key(key: str) -> bytes:
    found = base64.b64decode(key, validate=True)
    if len(found) != KEY_BYTES:
        raise ValueError(f"The key has {len(found)} bytes in place of {KEY_BYTES}.")
    return found


def _checked_pem(text: str) -> str:
    pem = text.strip()
    if "PRIVATE KEY-----" in pem:
        raise ValueError("This is a private key. Ask the receiver for the public one alone.")
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(_NO_RSA_KEY) from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError(_NO_RSA_KEY)  # noqa: TRY004 - a text that is the wrong one
    if key.key_size < LEAST_RSA_BITS:
        raise ValueError(f"Use an RSA key of at least {LEAST_RSA_BITS} bits.")
    return pem
