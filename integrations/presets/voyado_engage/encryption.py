"""Engage's end-to-end encryption of a payload.

Source: Voyado developer documentation, page *Soft identification*: URL-safe base64, the first 16
bytes are the IV, the rest AES-256-CBC. Padding (PKCS7) and the key's encoding are not published.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_BYTES: Final = 32
_BLOCK_BYTES: Final = 16
_BASE64_FORM: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=?")
_HEX_FORM: Final = re.compile(r"[0-9A-Fa-f]{64}")


class DecryptionFailed(Exception):
    """The text is no ciphertext of this key; the message says how that showed."""


def clean_key(value: str) -> str:
    """Return a 32-byte key as base64, from base64, hex or raw text; decided once, at save."""
    if _BASE64_FORM.fullmatch(value):
        key = base64.b64decode(_standard_base64(value))
    elif _HEX_FORM.fullmatch(value):
        key = bytes.fromhex(value)
    else:
        key = value.encode("utf-8", "replace")
    if len(key) != KEY_BYTES:
        raise ValueError(
            "The key must have 32 bytes: 44 characters of base64, 64 of hex, or 32 of plain text."
        )
    return base64.b64encode(key).decode("ascii")


def decrypt(text: str, cleaned_key: str) -> bytes:
    """Return the plaintext of a payload; raises `DecryptionFailed`."""
    data = _decoded(text)
    iv, ciphertext = data[:_BLOCK_BYTES], data[_BLOCK_BYTES:]
    if not ciphertext or len(ciphertext) % _BLOCK_BYTES:
        raise DecryptionFailed("it has not the length of a ciphertext")
    decryptor = Cipher(algorithms.AES(_key(cleaned_key)), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(_BLOCK_BYTES * 8).unpadder()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise DecryptionFailed("the key does not fit") from None


def encrypt(plaintext: bytes, cleaned_key: str, iv: bytes) -> str:
    """Return the payload text of a plaintext, without base64 padding as Engage writes it."""
    padder = padding.PKCS7(_BLOCK_BYTES * 8).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(algorithms.AES(_key(cleaned_key)), modes.CBC(iv)).encryptor()
    data = iv + encryptor.update(padded) + encryptor.finalize()
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _key(cleaned_key: str) -> bytes:
    try:
        key = base64.b64decode(cleaned_key, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise DecryptionFailed("the stored key is not one of 32 bytes")
    return key


def _decoded(text: str) -> bytes:
    if not text.isascii():
        raise DecryptionFailed("it is not base64")
    try:
        return base64.b64decode(_standard_base64(text), validate=True)
    except (binascii.Error, ValueError):
        raise DecryptionFailed("it is not base64") from None


def _standard_base64(text: str) -> str:
    """Return URL-safe or standard base64 in the standard alphabet, padding restored."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    return bare + "=" * (-len(bare) % 4)
