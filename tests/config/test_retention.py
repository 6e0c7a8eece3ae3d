"""What goes with the clock, across the apps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from common.identifiers import random_token
from common.retention import Retained, remove_expired
from config.logging import redact
from config.retention import RETAINED, apply_retention
from integrations.models import ApiCall, GenericApiHour
from onsite.models import State, Submission
from sites.models import Site
from tests.integrations.api_calls import aged_id, api_call
from tests.onsite.submissions import submission
from tests.webhooks.publishing import subscribe
from webhooks.models import (
    Attempt,
    Delivery,
    Event,
    KeptBody,
    Subscription,
    SubscriptionHour,
)


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.mark.django_db
def test_calls_and_their_counts_go_after_their_days(site: Site) -> None:
    fresh, _ = (api_call(site, at=days_ago(days)) for days in (29, 31))
    for days in (59, 61):
        GenericApiHour.objects.create(site=site, hour=days_ago(days), succeeded=1)
    removed = apply_retention()
    assert (removed["api_calls"], removed["api_counts"]) == (1, 1)
    assert ApiCall.objects.get() == fresh
    assert GenericApiHour.objects.count() == 1


@pytest.mark.django_db
def test_submissions_go_but_never_one_that_runs(site: Site) -> None:
    running = submission(site, State.RUNNING, days_ago(400))
    fresh = submission(site, State.BLOCKED, days_ago(89))
    for state in (State.CONTINUED, State.BLOCKED):
        submission(site, state, days_ago(91))
    assert apply_retention()["submissions"] == 2
    assert set(Submission.objects.all()) == {running, fresh}


def sent(site: Site, days: float, status: str, unit: UUID | None = None) -> Delivery:
    """Make an event of that age with a delivery, its attempt and its kept body."""
    at = days_ago(days)
    subscription = Subscription.objects.filter(site=site).first() or subscribe(site)
    event = Event.objects.create(
        id=aged_id(at), site=site, message_id=random_token("msg_"), type="test.happened",
        occurred_at=at, created_at=at, subject={"email": "jane@example.com"}, payload="{}",
    )  # fmt: skip
    delivery = Delivery.objects.create(
        id=aged_id(at), site=site, subscription=subscription, event=event, event_type=event.type,
        unit=unit or aged_id(at), created_at=at, due_at=at, status=status,
    )  # fmt: skip
    Attempt.objects.create(
        id=aged_id(at), subscription=subscription, unit=delivery.unit, number=1, trigger="event",
        started_at=at, revision=1, url="https://example.com/",
    )  # fmt: skip
    KeptBody.objects.get_or_create(
        unit=delivery.unit,
        defaults={"subscription": subscription, "created_at": at, "body": b"jane"},
    )
    return delivery


@pytest.mark.django_db
def test_payloads_go_first_and_what_was_not_delivered_stays(site: Site) -> None:
    waiting = [sent(site, 400, status) for status in ("pending", "retrying", "sending", "held")]
    old, fresh = sent(site, 31, "succeeded"), sent(site, 29, "failed")
    removed = apply_retention()
    assert (removed["payloads"], removed["kept_bodies"]) == (1, 1)
    emptied = Event.objects.get(payload="")
    assert (emptied.pk, emptied.subject) == (old.event_id, {})
    units = {each.unit for each in (*waiting, fresh)}
    assert set(KeptBody.objects.values_list("unit", flat=True)) == units
    assert (removed["sent_events"], removed["attempts"]) == (0, 0)
    assert apply_retention()["payloads"] == 0


@pytest.mark.django_db
def test_events_go_with_deliveries_and_attempts(site: Site) -> None:
    waiting, kept = sent(site, 400, "held"), sent(site, 89, "succeeded")
    gone = sent(site, 91, "succeeded")
    # It shares a request with one that waits: the log of that request stays.
    sent(site, 91, "cancelled", unit=waiting.unit)
    Delivery.objects.filter(pk=kept.pk).update(repeats=gone)
    removed = apply_retention()
    assert (removed["sent_events"], removed["attempts"]) == (2, 1)
    assert set(Delivery.objects.all()) == {waiting, kept}
    assert set(Event.objects.values_list("pk", flat=True)) == {waiting.event_id, kept.event_id}
    kept.refresh_from_db()
    assert kept.repeats_id is None
    assert set(Attempt.objects.values_list("unit", flat=True)) == {waiting.unit, kept.unit}


@pytest.mark.django_db
def test_counts_of_subscriptions_go(site: Site) -> None:
    subscription = subscribe(site)
    for days in (59, 61):
        SubscriptionHour.objects.create(subscription=subscription, hour=days_ago(days))
    assert apply_retention()["delivery_counts"] == 1


@pytest.mark.django_db
def test_zero_days_keep_every_kind_for_ever(site: Site, settings: Settings) -> None:
    for kind in RETAINED:
        setattr(settings, kind.setting, 0)
    api_call(site, at=days_ago(4000))
    submission(site, at=days_ago(4000))
    sent(site, 4000, "succeeded")
    assert set(apply_retention().values()) == {0}


def test_the_log_tells_every_count() -> None:
    told = redact(None, "info", {kind.name: 7 for kind in RETAINED})
    assert told == {kind.name: 7 for kind in RETAINED}


def test_a_kind_without_end_lets_the_others_have_their_turn(settings: Settings) -> None:
    def endless(before: datetime) -> Iterator[int]:
        while turns:
            turns.pop()
            yield 1

    def short(before: datetime) -> Iterator[int]:
        yield 7

    turns = [None] * 5
    kinds = [
        Retained(name=name, setting="RETENTION_COUNT_DAYS", remove=remove)
        for name, remove in (("endless", endless), ("short", short))
    ]
    assert remove_expired(kinds, timezone.now()) == {"endless": 5, "short": 7}
    turns = [None] * 5
    assert remove_expired(kinds, timezone.now(), run_seconds=-1) == {"endless": 1, "short": 0}


def test_names_are_told_apart_in_the_log() -> None:
    names = [kind.name for kind in RETAINED]
    assert len(set(names)) == len(names)
