"""A plain HMAC over the body in one header, as many senders do it in as many spellings."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from integrations.causes import RejectionCause
from integrations.request import InboundRequest
from integrations.verification.base import (
    Credentials,
    VerificationFailed,
    Verifier,
    single_header,
)
from integrations.verification.secret_rules import strong_secrets

# SHA-1 is here for old senders: as an HMAC it is not broken, and some offer nothing else.
ALGORITHMS: Final = {"sha256": "SHA-256", "sha512": "SHA-512", "sha1": "SHA-1 (old senders only)"}
ENCODINGS: Final = {"hex": "Hexadecimal", "base64": "Base64"}
# A SHA-512 in hex has 128 characters; the rest is room for a prefix.
_LONGEST_HEADER: Final = 512


class Hmac(Verifier):
    """Checks an HMAC over the raw body; the secret's bytes are its UTF-8 text."""

    def __init__(
        self,
        *,
        secrets: Iterable[object],
        header: str,
        algorithm: str = "sha256",
        encoding: str = "hex",
        prefix: str = "",
    ) -> None:
        # An unknown algorithm, stored past the form, leaves nothing to check with.
        self._secrets = strong_secrets(secrets) if algorithm in ALGORITHMS else []
        self._header = header.lower()
        self._algorithm = algorithm
        self._encoding = encoding
        self._prefix = prefix
        self.secret_header_names = frozenset((self._header,))

    def verify(self, request: InboundRequest, now: datetime) -> None:
        given = single_header(
            request,
            self._header,
            missing=RejectionCause.MISSING_SIGNATURE,
            malformed=RejectionCause.BAD_SIGNATURE,
            longest=_LONGEST_HEADER,
        )
        if not self._secrets:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        if self._encoding == "hex":
            prefix = self._prefix.encode()
            head, digits = given[: len(prefix)], given[len(prefix) :]
            given = head + digits.lower()
        matched = False
        for secret in self._secrets:
            matched |= hmac.compare_digest(self._signature(secret, request.body), given)
        if not matched:
            raise VerificationFailed(
                RejectionCause.BAD_SIGNATURE, f"{self._header} does not fit the body."
            )

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        if not self._secrets:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        signature = self._signature(self._secrets[0], body).decode()
        return Credentials(headers={self._header: signature})

    def describe(self) -> str:
        algorithm = ALGORITHMS.get(self._algorithm, "unknown")
        return (
            f"The header {self._header} must hold the HMAC ({algorithm}) of the body, made with a "
            "current secret."
        )

    def _signature(self, secret: bytes, body: bytes) -> bytes:
        digest = hmac.digest(secret, body, self._algorithm)
        text = digest.hex().encode() if self._encoding == "hex" else base64.b64encode(digest)
        return self._prefix.encode() + text
