"""One try as it went, ready to be recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from common.http import HttpAnswer, HttpFailure
from common.redaction import MASK, redact_headers, redact_url
from webhooks.outbound.building import Prepared, Sendable
from webhooks.outbound.delivering.retry_policy import Decision
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

LONGEST_URL: Final = 1200


@dataclass(slots=True, kw_only=True)
class Tried:
    """An attempt on a unit. `url` and headers are masked.

    `is_test` keeps it out of the health of the subscription. `keeps` is the body that the next
    attempt is to repeat.
    """

    unit: Unit
    decision: Decision
    started_at: datetime
    duration_ms: int
    revision: int
    url: str
    request_headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    answer: HttpAnswer | None = None
    is_test: bool = False
    keeps: Sendable | None = None

    @property
    def is_success(self) -> bool:
        return not self.decision.error

    @property
    def body_sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest() if self.body else ""

    @property
    def response_body(self) -> str:
        # PostgreSQL's text holds no NUL, and what is not UTF-8 is shown as such.
        body = self.answer.body if self.answer is not None else b""
        return body.decode("utf-8", "replace").replace("\0", "\ufffd")

    @property
    def response_headers(self) -> dict[str, str]:
        if self.answer is None:
            return {}
        headers = redact_headers(dict(self.answer.headers.items()))
        return {_storable(name): _storable(value) for name, value in headers.items()}


class Sent(NamedTuple):
    """What went out, if anything did, and how it ended."""

    started_at: datetime
    prepared: Prepared | None = None
    end: HttpAnswer | HttpFailure | None = None


def tried(unit: Unit, snapshot: SubscriptionSnapshot, decision: Decision, sent: Sent) -> Tried:
    """Return an attempt for the log: what was sent, masked, and how it ended."""
    prepared, end = sent.prepared, sent.end
    return Tried(
        unit=unit,
        decision=decision,
        started_at=sent.started_at,
        duration_ms=end.duration_ms if end is not None else 0,
        revision=snapshot.revision,
        url=_masked_url(prepared) if prepared is not None else redact_url(snapshot.url),
        request_headers=masked_headers(prepared) if prepared is not None else {},
        body=(prepared.request.body or b"") if prepared is not None else b"",
        answer=end if isinstance(end, HttpAnswer) else None,
    )


def masked_headers(sent: Prepared) -> dict[str, str]:
    secret = sent.secret_headers
    return {
        name: MASK if name.lower() in secret else value
        for name, value in redact_headers(sent.request.headers).items()
    }


def _masked_url(sent: Prepared) -> str:
    url = sent.request.url
    if sent.secret_query or "?" in url:
        url = redact_url(url)
    return url[:LONGEST_URL]


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
