"""What an attempt leads to: done, again later, never again, or held. Pure; no clock of its own.

The default schedule and the two response headers are Svix's (page *Retry Schedule*), so that
receivers made for Engage meet what they know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Protocol

from common.http import FailureKind, HttpAnswer, HttpFailure, Unsendable
from webhooks.outbound.models import DeliveryStatus

# What Retry-After may ask for at most: a wrong number must not stop a subscription for weeks.
MOST_RETRY_AFTER: Final = timedelta(hours=1)
# How long a subscription rests after 429 or 503 without Retry-After.
SLOWED: Final = timedelta(seconds=5)
AFTER_TIMEOUT: Final = timedelta(seconds=60)
# A refusal this fast comes from a service that is being restarted right now.
QUICK_REFUSAL_MS: Final = 1000
LEAST_JITTER: Final = 0.1
MOST_JITTER: Final = 0.2

_VERDICT_HEADER: Final = "webhook-delivery"
_WHOLE_SECONDS: Final = re.compile(r"[ \t]*([0-9]{1,9})[ \t]*")
_ERROR_OF: Final = {FailureKind.BLOCKED: "blocked_address"}
_HINTS: Final = {
    HTTPStatus.UNAUTHORIZED: "It wants other credentials: check the signing settings.",
    HTTPStatus.FORBIDDEN: "It refuses us: check the signing settings, and whether it lets this "
    "machine's address in.",
    HTTPStatus.NOT_FOUND: "Check the path of the URL.",
    HTTPStatus.METHOD_NOT_ALLOWED: "It does not take POST at this URL: check the path.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than it takes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "It does not read this format: choose another one.",
    HTTPStatus.TOO_MANY_REQUESTS: "It asks for fewer requests: set a rate limit.",
}


class RetrySettings(Protocol):
    """What is asked of a subscription."""

    @property
    def retry_schedule(self) -> Sequence[int]: ...
    @property
    def retry_rules(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the `attempts`-th attempt ended: with an answer, a success to the format or not, or none.

    `refused_before` says that the attempt before this one was refused as well. `is_last` is for
    what is never tried again, such as a test: it neither slows nor disables anything.
    """

    attempts: int
    answer: HttpAnswer | None = None
    failure: HttpFailure | None = None
    is_success: bool = False
    refused_before: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of the delivery.

    `error` and `sentence` describe the attempt, both empty after a success. `reason` says why the
    delivery has come to its end, or is held. `due_at` is set when it is tried again,
    `slows_until` when the whole subscription rests until then, `disables` to the sentence with
    which the subscription is disabled.
    """

    status: DeliveryStatus
    error: str = ""
    sentence: str = ""
    reason: str = ""
    due_at: datetime | None = None
    slows_until: datetime | None = None
    disables: str = ""


SUCCEEDED: Final = Decision(status=DeliveryStatus.SUCCEEDED)


def decide(settings: RetrySettings, outcome: Outcome, *, now: datetime, jitter: float) -> Decision:
    """Return what follows from an attempt; `jitter` is between 0 and 1."""
    if outcome.is_success:
        return SUCCEEDED
    error, sentence = _what_happened(outcome)
    slows_until = _slowed_until(outcome.answer, now)
    if outcome.is_last:
        return Decision(
            status=DeliveryStatus.FAILED, error=error, sentence=sentence, reason=sentence
        )
    disables = _disabling(outcome.answer)
    if disables:
        return Decision(
            status=DeliveryStatus.HELD,
            error=error,
            sentence=sentence,
            reason=disables,
            disables=disables,
        )
    stops = _stopping(settings, outcome)
    if stops:
        return Decision(
            status=DeliveryStatus.FAILED,
            error=error,
            sentence=sentence,
            reason=stops if stops.startswith(sentence) else f"{sentence} {stops}",
            slows_until=slows_until,
        )
    due_at = now + _pause(settings, outcome, jitter)
    return Decision(
        status=DeliveryStatus.RETRYING,
        error=error,
        sentence=sentence,
        due_at=max(due_at, _retry_after(outcome.answer, now) or due_at),
        slows_until=slows_until,
    )


def unbuildable(sentence: str) -> Decision:
    """Return the end of a delivery for which no request can be made, now or later."""
    return Decision(
        status=DeliveryStatus.FAILED, error="unsendable", sentence=sentence, reason=sentence
    )


def _what_happened(outcome: Outcome) -> tuple[str, str]:
    failure, answer = outcome.failure, outcome.answer
    if isinstance(failure, Unsendable):
        return "unsendable", failure.sentence
    if failure is not None:
        return _ERROR_OF.get(failure.kind, failure.kind.value), failure.sentence
    assert answer is not None
    return "status", f"The receiver answered {answer.status}. {_hint(answer)}".rstrip()


def _hint(answer: HttpAnswer) -> str:
    if 300 <= answer.status < 400:
        return (
            "Redirects are not followed, because the request is signed for one address: enter the "
            "URL that it points to."
        )
    if answer.status >= 500:
        return "Something went wrong on its side: its log says what."
    return _HINTS.get(HTTPStatus(answer.status), "") if answer.status in _HINTS else ""


def _disabling(answer: HttpAnswer | None) -> str:
    if answer is None:
        return ""
    if answer.status == HTTPStatus.GONE:
        return "The receiver answered 410 Gone: it wants no more deliveries."
    if _verdict(answer) == "disable":
        return "The receiver asked to be disabled (webhook-delivery: disable)."
    return ""


def _stopping(settings: RetrySettings, outcome: Outcome) -> str:
    """Return why there is no further attempt, empty when there is one."""
    if isinstance(outcome.failure, Unsendable):
        return outcome.failure.sentence
    answer = outcome.answer
    if answer is not None:
        if _verdict(answer) == "abort-message":
            return "It asked not to get this message again (webhook-delivery: abort-message)."
        if _rule(settings.retry_rules, answer.status) == "stop":
            return "A retry rule of the subscription stops at this status."
    if outcome.attempts >= len(settings.retry_schedule):
        return "That was the last attempt of the schedule."
    return ""


def _rule(rules: Mapping[str, str], status: int) -> str:
    return rules.get(str(status)) or rules.get(f"{status // 100}xx", "")


def _pause(settings: RetrySettings, outcome: Outcome, jitter: float) -> timedelta:
    failure = outcome.failure
    if failure is not None and failure.kind is FailureKind.REFUSED:
        is_quick = failure.duration_ms < QUICK_REFUSAL_MS
        if is_quick and not outcome.refused_before:
            return timedelta()
    pause = timedelta(seconds=settings.retry_schedule[outcome.attempts])
    if failure is not None and failure.kind is FailureKind.TIMEOUT:
        pause = max(pause, AFTER_TIMEOUT)
    return pause * (1 + LEAST_JITTER + (MOST_JITTER - LEAST_JITTER) * jitter)


def _slowed_until(answer: HttpAnswer | None, now: datetime) -> datetime | None:
    asked = _retry_after(answer, now)
    if asked is not None:
        return asked
    slows = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    return now + SLOWED if answer is not None and answer.status in slows else None


def _retry_after(answer: HttpAnswer | None, now: datetime) -> datetime | None:
    """Return the time that Retry-After names, in seconds or as a date, no later than the cap."""
    text = answer.headers.get("Retry-After", "") if answer is not None else ""
    seconds = _WHOLE_SECONDS.fullmatch(text)
    if seconds is not None:
        asked = now + min(timedelta(seconds=int(seconds[1])), MOST_RETRY_AFTER)
    else:
        try:
            named = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        asked = named if named.tzinfo else named.replace(tzinfo=UTC)
    return min(asked, now + MOST_RETRY_AFTER) if asked > now else None


def _verdict(answer: HttpAnswer) -> str:
    return answer.headers.get(_VERDICT_HEADER, "").strip().lower()
