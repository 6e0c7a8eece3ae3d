"""Payloads that only the receiver can read."""

from webhooks.outbound.encryption.methods import Encrypt, check_key, encryptor, is_repeatable

__all__ = ["Encrypt", "check_key", "encryptor", "is_repeatable"]
