"""The pure function that says what follows from an attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http import FailureKind, HttpAnswer, HttpFailure, Unsendable
from webhooks.outbound.delivering.retry_policy import (
    AFTER_TIMEOUT,
    MOST_RETRY_AFTER,
    SLOWED,
    Decision,
    Outcome,
    decide,
)
from webhooks.outbound.models import DEFAULT_SCHEDULE, DeliveryStatus

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class Settings:
    retry_schedule: list[int] = field(default_factory=lambda: list(DEFAULT_SCHEDULE))
    retry_rules: dict[str, str] = field(default_factory=dict)


def answer(status: int, **headers: str) -> HttpAnswer:
    # As the clients give them: looked up without regard to case by the names used here.
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpAnswer(status=status, headers=named, body=b"", is_cut=False, duration_ms=10)


def failure(kind: FailureKind, duration_ms: int = 10) -> HttpFailure:
    return HttpFailure(kind, "It failed.", duration_ms)


def after(
    end: HttpAnswer | HttpFailure,
    *,
    attempts: int = 1,
    settings: Settings | None = None,
    jitter: float = 0.0,
    **fields: Any,
) -> Decision:
    outcome = Outcome(
        attempts=attempts,
        answer=end if isinstance(end, HttpAnswer) else None,
        failure=end if isinstance(end, HttpFailure) else None,
        **fields,
    )
    return decide(settings or Settings(), outcome, now=NOW, jitter=jitter)


def pause(decision: Decision) -> float:
    assert decision.status is DeliveryStatus.RETRYING
    assert decision.due_at is not None
    return (decision.due_at - NOW).total_seconds()


def test_a_success_is_the_end() -> None:
    decision = after(answer(200), is_success=True)
    assert decision.status is DeliveryStatus.SUCCEEDED
    assert (decision.error, decision.sentence, decision.due_at) == ("", "", None)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18000), (6, 36000), (7, 36000)],
)
def test_the_default_schedule_with_a_tenth_to_a_fifth_on_top(attempts: int, seconds: int) -> None:
    assert pause(after(answer(500), attempts=attempts)) == pytest.approx(seconds * 1.1)
    assert pause(after(answer(500), attempts=attempts, jitter=1.0)) == pytest.approx(seconds * 1.2)


def test_after_the_last_of_the_schedule_it_has_failed() -> None:
    decision = after(answer(500), attempts=len(DEFAULT_SCHEDULE))
    assert decision.status is DeliveryStatus.FAILED
    assert "last attempt" in decision.reason
    assert decision.sentence in decision.reason


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308])
def test_a_redirect_is_a_failure_with_a_hint(status: int) -> None:
    decision = after(answer(status))
    assert decision.error == "status"
    assert "Redirects are not followed" in decision.sentence
    assert pause(decision) > 0


@pytest.mark.parametrize(
    ("rules", "status", "is_tried_again"),
    [
        ({"4xx": "stop"}, 404, False),
        ({"4xx": "stop"}, 500, True),
        ({"4xx": "stop", "429": "retry"}, 429, True),
        ({"4xx": "retry", "404": "stop"}, 404, False),
        ({"3xx": "stop"}, 302, False),
        ({}, 400, True),
    ],
)
def test_rules_by_class_and_by_code_of_which_the_code_wins(
    rules: dict[str, str], status: int, is_tried_again: bool
) -> None:
    decision = after(answer(status), settings=Settings(retry_rules=rules))
    assert (decision.status is DeliveryStatus.RETRYING) is is_tried_again
    if not is_tried_again:
        assert "retry rule" in decision.reason


@pytest.mark.parametrize("status", [429, 503])
def test_the_subscription_is_slowed(status: int) -> None:
    assert after(answer(status)).slows_until == NOW + SLOWED
    asked = after(answer(status, Retry_After="120"))
    assert asked.slows_until == NOW + timedelta(seconds=120)
    assert pause(asked) == 120


def test_retry_after_may_be_a_date_and_never_shortens_the_pause() -> None:
    dated = after(answer(503, Retry_After="Fri, 01 May 2026 12:10:00 GMT"))
    assert pause(dated) == 600
    assert pause(after(answer(503, Retry_After="1"), attempts=4)) == pytest.approx(7920)


@pytest.mark.parametrize(
    "text", ["99999999", "Sun, 01 May 2033 12:00:00 GMT", "Fri, 01 May 2026 14:00:00 GMT"]
)
def test_retry_after_is_capped(text: str) -> None:
    decision = after(answer(429, Retry_After=text))
    assert decision.slows_until == NOW + MOST_RETRY_AFTER
    assert pause(decision) == MOST_RETRY_AFTER.total_seconds()


@pytest.mark.parametrize(
    "text",
    ["", "soon", "-5", "1.5", "Fri, 01 May 1999 12:00:00 GMT", "Fri, 99 May 2026", "\xb2", "1\x1f"],
)
def test_retry_after_that_says_nothing_is_ignored(text: str) -> None:
    assert pause(after(answer(500, Retry_After=text))) == pytest.approx(5.5)


def test_gone_disables_and_holds() -> None:
    decision = after(answer(410))
    assert decision.status is DeliveryStatus.HELD
    assert "410" in decision.disables
    assert decision.reason == decision.disables


def test_receivers_may_ask_to_be_disabled_or_to_be_spared_a_message() -> None:
    assert after(answer(500, webhook_delivery="Disable")).disables
    spared = after(answer(500, webhook_delivery="abort-message"))
    assert spared.status is DeliveryStatus.FAILED
    assert "abort-message" in spared.reason
    assert not spared.disables


def test_neither_counts_after_a_success() -> None:
    decision = after(answer(200, webhook_delivery="disable"), is_success=True)
    assert decision.status is DeliveryStatus.SUCCEEDED
    assert not decision.disables


def test_a_quick_refusal_is_tried_again_at_once_and_only_once() -> None:
    refused = failure(FailureKind.REFUSED, 30)
    assert pause(after(refused)) == 0
    assert pause(after(refused, attempts=2, refused_before=True)) == pytest.approx(330)
    assert pause(after(failure(FailureKind.REFUSED, 1500))) == pytest.approx(5.5)


def test_a_timeout_waits_for_a_minute_at_least() -> None:
    assert pause(after(failure(FailureKind.TIMEOUT))) >= AFTER_TIMEOUT.total_seconds()
    assert pause(after(failure(FailureKind.TIMEOUT), attempts=4)) == pytest.approx(7920)


def test_what_cannot_be_sent_is_not_tried_again() -> None:
    decision = after(Unsendable(FailureKind.PROTOCOL, "No."))
    assert (decision.status, decision.error) == (DeliveryStatus.FAILED, "unsendable")
    assert decision.reason == "No."


def test_an_address_that_is_not_allowed_has_the_name_of_the_log() -> None:
    assert after(failure(FailureKind.BLOCKED)).error == "blocked_address"


@pytest.mark.parametrize("end", [answer(410), answer(429), failure(FailureKind.TIMEOUT)])
def test_a_test_is_never_tried_again_and_changes_nothing(end: HttpAnswer | HttpFailure) -> None:
    decision = after(end, is_last=True)
    assert decision.status is DeliveryStatus.FAILED
    assert (decision.due_at, decision.slows_until, decision.disables) == (None, None, "")


ENDS = st.one_of(
    st.builds(
        lambda status, headers: answer(status, **headers),
        st.integers(100, 999),
        st.dictionaries(
            st.sampled_from(["Retry_After", "webhook_delivery"]),
            st.one_of(st.sampled_from(["abort-message", "disable", "0", "120", "junk"]), st.text()),
        ),
    ),
    st.builds(failure, st.sampled_from(list(FailureKind)), st.integers(0, 60_000)),
)


@given(
    end=ENDS,
    attempts=st.integers(1, 20),
    schedule=st.lists(st.integers(0, 86_400), min_size=1, max_size=12),
    rules=st.dictionaries(
        st.sampled_from(["2xx", "3xx", "4xx", "5xx", "404", "500"]),
        st.sampled_from(["stop", "retry"]),
    ),
    jitter=st.floats(0, 1),
    is_success=st.booleans(),
    refused_before=st.booleans(),
)
def test_every_end_leads_to_exactly_one_next_thing(
    end: HttpAnswer | HttpFailure,
    attempts: int,
    schedule: list[int],
    rules: dict[str, str],
    jitter: float,
    is_success: bool,
    refused_before: bool,
) -> None:
    decision = after(
        end,
        attempts=attempts,
        settings=Settings(schedule, rules),
        jitter=jitter,
        is_success=is_success and isinstance(end, HttpAnswer),
        refused_before=refused_before,
    )
    is_retried = decision.status is DeliveryStatus.RETRYING
    assert is_retried == (decision.due_at is not None)
    assert (decision.error == "") == (decision.status is DeliveryStatus.SUCCEEDED)
    assert (decision.sentence == "") == (decision.error == "")
    assert bool(decision.disables) <= (decision.status is DeliveryStatus.HELD)
    if is_retried:
        assert attempts < len(schedule)
        assert pause(decision) <= max(schedule[attempts] * 1.2 + 1, 3600, 73)
    if decision.status in (DeliveryStatus.FAILED, DeliveryStatus.HELD):
        assert decision.reason
    if decision.slows_until is not None:
        assert NOW < decision.slows_until <= NOW + MOST_RETRY_AFTER
