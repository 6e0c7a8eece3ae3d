"""One try as it went, ready to be recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from common.http import HttpAnswer, HttpFailure
from common.identifiers import new_row_hex
from common.redaction import MASK, redact_headers, redact_url
from webhooks.outbound.building import Prepared, Sendable
from webhooks.outbound.delivering.retry_policy import Decision
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

LONGEST_URL: Final = 1200
# Changed in every header of which a part is masked.
_URL: Final = "https://user@example.com/?name=value"


@dataclass(slots=True, kw_only=True)
class Tried:
    """An attempt on a unit. `url` and headers are masked.

    `is_test` keeps it out of the health of the subscription. `keeps` is the body that the next
    attempt is to repeat. `id` stays the same however often it is recorded.
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
    id: str = field(default_factory=new_row_hex)

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
        headers = shown_headers(dict(self.answer.headers))
        text = "".join(headers.values())
        if text.isascii() and "\0" not in text:
            return headers
        return {_storable(name): _storable(value) for name, value in headers.items()}


class Sent(NamedTuple):
    """What went out, if anything did, and how it ended."""

    started_at: datetime
    prepared: Prepared | None = None
    end: HttpAnswer | HttpFailure | None = None


def tried(
    unit: Unit,
    snapshot: SubscriptionSnapshot,
    decision: Decision,
    sent: Sent,
    *,
    is_test: bool = False,
) -> Tried:
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
        is_test=is_test,
    )


def masked_headers(sent: Prepared) -> dict[str, str]:
    return shown_headers(sent.request.headers, sent.secret_headers)


def shown_headers(
    headers: Mapping[str, str], secret: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return the headers as they are logged: what holds secrets is masked."""
    masked, is_simple = _masked_names(tuple(headers), secret)
    if not is_simple:
        return redact_headers(headers, secret)
    if not masked:
        return dict(headers)
    return {name: MASK if name in masked else value for name, value in headers.items()}


@lru_cache(maxsize=512)
def _masked_names(names: tuple[str, ...], secret: frozenset[str]) -> tuple[frozenset[str], bool]:
    """Return which headers are masked, and whether no other one is changed.

    The same few sets of names come for ever.
    """
    shown = redact_headers(dict.fromkeys(names, _URL), secret)
    return (
        frozenset(name for name, value in shown.items() if value == MASK),
        all(value in (MASK, _URL) for value in shown.values()),
    )


def _masked_url(sent: Prepared) -> str:
    url = sent.request.url
    if sent.secret_query or "?" in url:
        url = redact_url(url)
    return url[:LONGEST_URL]


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
