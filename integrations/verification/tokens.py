"""Secrets that travel as they are: a shared token, or a user name with a password."""

from __future__ import annotations

import base64
import binascii
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
    ascii_bytes,
    single_header,
)
from integrations.verification.secret_rules import MIN_LEGACY_BYTES, strong_secrets

_LONGEST: Final = 2048
_MISSING: Final = RejectionCause.MISSING_TOKEN
_BAD: Final = RejectionCause.BAD_TOKEN


class SharedToken(Verifier):
    """Checks one static value in a header or in the query; give one of both names."""

    def __init__(
        self, *, secrets: Iterable[object], header: str = "", query_parameter: str = ""
    ) -> None:
        self._secrets = strong_secrets(secrets)
        self._header = header.lower()
        self._query_parameter = query_parameter
        if self._header:
            self.secret_header_names = frozenset((self._header,))
        else:
            self.secret_query_names = frozenset((query_parameter,))

    def verify(self, request: InboundRequest, now: datetime) -> None:
        given = self._given(request)
        if not self._secrets:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        matched = False
        for secret in self._secrets:
            matched |= hmac.compare_digest(secret, given)
        if not matched:
            raise VerificationFailed(_BAD, f"The value of {self._place} is not this source's.")

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        if not self._secrets:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        token = self._secrets[0].decode()
        if self._header:
            return Credentials(headers={self._header: token}, reveals_secret=True)
        return Credentials(query={self._query_parameter: token}, reveals_secret=True)

    def describe(self) -> str:
        return f"Every request must carry a secret token in {self._place}."

    @property
    def _place(self) -> str:
        if self._header:
            return f"the header {self._header}"
        return f"the URL's parameter {self._query_parameter}"

    def _given(self, request: InboundRequest) -> bytes:
        if self._header:
            return single_header(
                request, self._header, missing=_MISSING, malformed=_BAD, longest=_LONGEST
            )
        value = request.query.get(self._query_parameter, "")
        if not value:
            raise VerificationFailed(_MISSING, f"No parameter {self._query_parameter} in the URL.")
        if len(value) > _LONGEST:
            raise VerificationFailed(_BAD, "The token in the URL is too long.")
        return ascii_bytes(value, _BAD, "The token in the URL")


class Basic(Verifier):
    """Checks `Authorization: Basic`; a sender may also take both from the URL's userinfo."""

    secret_header_names = frozenset(("authorization",))

    def __init__(self, *, username: str, password: object) -> None:
        self._username = username.encode("utf-8", "surrogatepass")
        self._passwords = strong_secrets([password], MIN_LEGACY_BYTES)

    def verify(self, request: InboundRequest, now: datetime) -> None:
        header = single_header(
            request, "authorization", missing=_MISSING, malformed=_BAD, longest=_LONGEST
        )
        if not self._passwords or not self._username:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        username, password = _decoded_pair(header)
        same_name = hmac.compare_digest(self._username, username)
        same_password = hmac.compare_digest(self._passwords[0], password)
        if not (same_name and same_password):
            raise VerificationFailed(_BAD, "The user name or the password is not this source's.")

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        if not self._passwords or not self._username:
            raise VerificationFailed(RejectionCause.SECRET_NOT_SET)
        pair = base64.b64encode(self._username + b":" + self._passwords[0]).decode()
        return Credentials(headers={"authorization": f"Basic {pair}"}, reveals_secret=True)

    def describe(self) -> str:
        return "Every request must carry this source's user name and password (HTTP Basic)."


def _decoded_pair(header: bytes) -> tuple[bytes, bytes]:
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        raise VerificationFailed(_BAD, "The header authorization is not of the kind Basic.")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise VerificationFailed(_BAD, "The header authorization is not base64.") from None
    username, _, password = pair.partition(b":")
    return username, password
