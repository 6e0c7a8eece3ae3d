"""Verifiers made of others, and the two that stand for none."""

from __future__ import annotations

from datetime import datetime

from integrations.causes import RejectionCause
from integrations.request import InboundRequest
from integrations.verification.base import Credentials, VerificationFailed, Verifier


class AllOf(Verifier):
    """Every part must agree, in the given order."""

    def __init__(self, *parts: Verifier) -> None:
        if not parts:
            raise ValueError("AllOf needs at least one verifier: without one it would let all in.")
        self._parts = parts
        self.secret_query_names = frozenset().union(*(part.secret_query_names for part in parts))
        self.secret_header_names = frozenset().union(*(part.secret_header_names for part in parts))

    def verify(self, request: InboundRequest, now: datetime) -> None:
        for part in self._parts:
            part.verify(request, now)

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        headers: dict[str, str] = {}
        query: dict[str, str] = {}
        reveals_secret = False
        for part in self._parts:
            given = part.credentials(body, now)
            headers |= given.headers
            query |= given.query
            reveals_secret |= given.reveals_secret
        return Credentials(headers=headers, query=query, reveals_secret=reveals_secret)

    def describe(self) -> str:
        return " ".join(part.describe() for part in self._parts)

    @property
    def unsigned_reason(self) -> str:
        """The reason of the part that checks nothing, unless another part does check."""
        reasons = [part.unsigned_reason for part in self._parts]
        return reasons[0] if all(reasons) else ""


class Unsigned(Verifier):
    """Takes everything, on purpose and for a written reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason.strip()

    def verify(self, request: InboundRequest, now: datetime) -> None:
        if not self._reason:
            raise VerificationFailed(
                RejectionCause.SECRET_NOT_SET, "Nothing is verified and no reason is written down."
            )

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        return Credentials()

    def describe(self) -> str:
        return f"Nothing is verified. The reason given: {self._reason}"

    @property
    def unsigned_reason(self) -> str:
        return self._reason


class Closed(Verifier):
    """Takes nothing: stands in for a preset that is no longer installed."""

    def __init__(self, detail: str) -> None:
        self._detail = detail

    def verify(self, request: InboundRequest, now: datetime) -> None:
        raise VerificationFailed(RejectionCause.SOURCE_DISABLED, self._detail)

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        raise VerificationFailed(RejectionCause.SOURCE_DISABLED, self._detail)

    def describe(self) -> str:
        return f"Every request is refused. {self._detail}"
