"""WebEngage's query secret: two parameters that it appends to the URL.

Source: WebEngage documentation, page *Webhooks*: `secret` is the lower-case MD5 hex of
`licenseCode:key`. It signs nothing and is the same in every request.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Final

from integrations.causes import RejectionCause
from integrations.request import InboundRequest
from integrations.verification.base import (
    Credentials,
    VerificationFailed,
    Verifier,
    ascii_bytes,
)
from integrations.verification.secret_rules import MIN_LEGACY_BYTES, strong_secrets

_LICENSE_PARAMETER: Final = "licenseCode"
_SECRET_PARAMETER: Final = "secret"  # noqa: S105 - a name
_LONGEST: Final = 256


def query_secret(license_code: bytes, key: bytes) -> str:
    """Return the value of the parameter `secret`."""
    return hashlib.md5(license_code + b":" + key, usedforsecurity=False).hexdigest()


class WebEngageQuerySecret(Verifier):
    """Checks `licenseCode` and `secret` in the query."""

    secret_query_names = frozenset((_SECRET_PARAMETER,))

    def __init__(self, *, license_code: str, key: object) -> None:
        self._license_code = license_code
        keys = strong_secrets([key], MIN_LEGACY_BYTES)
        self._secret = ""
        if keys and license_code and license_code.isascii():
            self._secret = query_secret(license_code.encode(), keys[0])

    def verify(self, request: InboundRequest, now: datetime) -> None:
        license_code = _parameter(request, _LICENSE_PARAMETER)
        secret = _parameter(request, _SECRET_PARAMETER)
        if not self._secret:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        same_license = hmac.compare_digest(self._license_code.encode(), license_code)
        same_secret = hmac.compare_digest(self._secret.encode(), secret.lower())
        if not (same_license and same_secret):
            raise VerificationFailed(
                RejectionCause.BAD_TOKEN, "licenseCode or secret in the URL is not this source's."
            )

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        if not self._secret:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        return Credentials(
            query={_LICENSE_PARAMETER: self._license_code, _SECRET_PARAMETER: self._secret},
            reveals_secret=True,
        )

    def describe(self) -> str:
        return (
            "WebEngage adds its licence code and a secret to the URL of every request; both must "
            "be this source's. The body is not signed."
        )


def _parameter(request: InboundRequest, name: str) -> bytes:
    value = request.query.get(name, "")
    if not value:
        raise VerificationFailed(RejectionCause.MISSING_TOKEN, f"No parameter {name} in the URL.")
    if len(value) > _LONGEST:
        raise VerificationFailed(RejectionCause.BAD_TOKEN, f"The parameter {name} is too long.")
    return ascii_bytes(value, RejectionCause.BAD_TOKEN, f"The parameter {name}")
