"""Standard Webhooks, alias Svix: id, time and body under one HMAC-SHA256.

Source: Svix documentation, page *Verifying Webhooks Manually*; the Standard Webhooks specification.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from integrations.causes import RejectionCause
from integrations.ksuid import new_ksuid
from integrations.request import InboundRequest
from integrations.verification.base import (
    Credentials,
    VerificationFailed,
    Verifier,
    ascii_bytes,
    single_header,
)
from integrations.verification.secret_rules import signing_key

TOLERANCE_SECONDS: Final = 300
HEADER_FAMILIES: Final = ("svix", "webhook")

_LONGEST_ID: Final = 256
_LONGEST_TIMESTAMP: Final = 12
# Two secrets in rotation give two entries; other versions ride along. 4 KiB holds far more.
_LONGEST_SIGNATURE: Final = 4096
_MOST_ENTRIES: Final = 32
_PARTS: Final = ("id", "timestamp", "signature")
_NAMES: Final = {family: tuple(f"{family}-{part}" for part in _PARTS) for family in HEADER_FAMILIES}
_ENTRY: Final = re.compile(rb"(v[0-9]+[a-z]*),([A-Za-z0-9+/]+={0,2})")
_MISSING: Final = RejectionCause.MISSING_SIGNATURE
_BAD: Final = RejectionCause.BAD_SIGNATURE


def standard_signature(key: bytes, message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """Return the base64 text that follows `v1,`."""
    content = b".".join((message_id, timestamp, body))
    return base64.b64encode(hmac.digest(key, content, "sha256"))


class StandardWebhooks(Verifier):
    """Checks `svix-*` or `webhook-*` headers, never a mixture of both."""

    secret_header_names = frozenset(f"{family}-signature" for family in HEADER_FAMILIES)

    def __init__(self, *, secrets: Iterable[object], family: str = "svix") -> None:
        """Take the current secrets, newest first; `family` names the headers that we write."""
        keys = (signing_key(secret) for secret in secrets)
        self._keys = [key for key in keys if key is not None]
        self._family = family

    def verify(self, request: InboundRequest, now: datetime) -> None:
        message_id, timestamp, given = self._headers(request)
        signed_at = _epoch_seconds(timestamp)
        if not self._keys:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        matched = False
        for key in self._keys:
            expected = standard_signature(key, message_id, timestamp, request.body)
            for signature in given:
                # No early exit: the time taken must not tell which secret or entry fitted.
                matched |= hmac.compare_digest(expected, signature)
        if not matched:
            raise VerificationFailed(_BAD, "No v1 signature fits the body.")
        if abs(int(now.timestamp()) - signed_at) > TOLERANCE_SECONDS:
            raise VerificationFailed(
                RejectionCause.STALE_TIMESTAMP, f"Signed at {signed_at} (seconds since 1970)."
            )

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        if not self._keys:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        message_id = f"msg_{new_ksuid(now)}"
        timestamp = str(int(now.timestamp()))
        signature = standard_signature(
            self._keys[0], message_id.encode(), timestamp.encode(), body
        ).decode()
        values = (message_id, timestamp, f"v1,{signature}")
        return Credentials(headers=dict(zip(_NAMES[self._family], values, strict=True)))

    def describe(self) -> str:
        return (
            "Every request must carry a Standard Webhooks (Svix) signature over its id, time and "
            "body, made in the last five minutes with a current signing secret."
        )

    def _headers(self, request: InboundRequest) -> tuple[bytes, bytes, list[bytes]]:
        present = [
            names
            for names in _NAMES.values()
            if any(request.headers.get(name, "").strip() for name in names)
        ]
        if not present:
            raise VerificationFailed(_MISSING, "No svix-* and no webhook-* headers.")
        if len(present) > 1:
            raise VerificationFailed(_BAD, "Both svix-* and webhook-* headers.")
        id_name, timestamp_name, signature_name = present[0]
        message_id = single_header(
            request, id_name, missing=_MISSING, malformed=_BAD, longest=_LONGEST_ID
        )
        timestamp = single_header(
            request, timestamp_name, missing=_MISSING, malformed=_BAD, longest=_LONGEST_TIMESTAMP
        )
        return message_id, timestamp, _signatures(request.headers.get(signature_name, ""))


def _epoch_seconds(timestamp: bytes) -> int:
    # Plain digits only: int() would also take signs, blanks, underscores and other scripts.
    if not timestamp.isdigit():
        raise VerificationFailed(_BAD, "The timestamp is not plain digits.")
    return int(timestamp)


def _signatures(header: str) -> list[bytes]:
    """Return the v1 entries; any malformed entry spoils the header."""
    if not header.strip():
        raise VerificationFailed(_MISSING, "No signature header.")
    if len(header) > _LONGEST_SIGNATURE:
        raise VerificationFailed(_BAD, "The signature header is too long.")
    entries = ascii_bytes(header, _BAD, "The signature header").split()
    if len(entries) > _MOST_ENTRIES:
        raise VerificationFailed(_BAD, "The signature header has too many entries.")
    signatures = []
    for entry in entries:
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise VerificationFailed(_BAD, "An entry of the signature header is malformed.")
        if match[1] == b"v1":
            signatures.append(match[2])
    if not signatures:
        raise VerificationFailed(_BAD, "The signature header has no v1 entry.")
    return signatures
