from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone
from pytest_django import Settings

from common.identifiers import row_id_floor
from common.retention import first_day_of_full, remove_expired
from integrations.causes import RejectionCause
from tests.factories import SourceFactory
from tests.webhooks.received import received_event, rejected_request
from webhooks.inbound.backlog import oldest_waiting_age, waiting_count_capped
from webhooks.inbound.models import (
    EventOutcome,
    Outcome,
    ReceivedEvent,
    RejectedRequest,
    RejectionCount,
    Source,
    SourceHour,
    Status,
)
from webhooks.inbound.upkeep import retention

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory.create()


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def apply_retention(**options: float) -> dict[str, int]:
    return remove_expired(retention.RETAINED, timezone.now(), **options)


_made = iter(range(1, 10**9))


def old_event(source: Source, days: float, status: Status = Status.PROCESSED, **fields: Any) -> Any:
    """Make an event whose id is as old as the event itself."""
    at = days_ago(days)
    key = type(row_id_floor(at))(int=row_id_floor(at).int + next(_made))
    return received_event(source, status, at, id=key, **fields)


def test_bodies_go_before_events_and_both_after_their_days(source: Source) -> None:
    fresh, old, oldest = (old_event(source, days) for days in (29, 31, 91))
    EventOutcome.objects.create(
        received_event=oldest, position=0, event_type="t", outcome=Outcome.APPLIED
    )
    assert apply_retention() == {"bodies": 2, "events": 1, "rejected": 0, "counts": 0}
    fresh.refresh_from_db()
    old.refresh_from_db()
    assert bytes(fresh.body) == b"{}"
    assert (old.body, old.body_bytes) == (None, 2)
    assert not ReceivedEvent.objects.filter(pk=oldest.pk).exists()
    assert not EventOutcome.objects.exists()


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.PROCESSING])
def test_what_was_not_processed_is_never_removed(source: Source, status: Status) -> None:
    event = old_event(source, 400, status)
    processed = old_event(source, 399)
    apply_retention()
    event.refresh_from_db()
    assert bytes(event.body) == b"{}"
    assert not ReceivedEvent.objects.filter(pk=processed.pk).exists()


def test_zero_days_keep_for_ever(source: Source, settings: Settings) -> None:
    for name in ("BODY", "EVENT", "REJECTED", "COUNT"):
        setattr(settings, f"RETENTION_{name}_DAYS", 0)
    old_event(source, 4000)
    assert set(apply_retention().values()) == {0}
    assert ReceivedEvent.objects.filter(body__isnull=False).count() == 1


def test_refused_requests_and_counts_go(source: Source) -> None:
    for number, days in enumerate((13, 15)):
        at = days_ago(days)
        key = type(row_id_floor(at))(int=row_id_floor(at).int + number)
        rejected_request(source, RejectionCause.BAD_JSON, b"[", id=key, at=at)
    for days in (59, 61):
        SourceHour.objects.create(source=source, hour=days_ago(days), processed=1)
        RejectionCount.objects.create(
            source=source, day=days_ago(days + 1).date(), cause=RejectionCause.BAD_JSON, count=1
        )
    removed = apply_retention()
    assert (removed["rejected"], removed["counts"]) == (1, 2)
    assert RejectedRequest.objects.count() == 1
    assert SourceHour.objects.count() == 1


def test_a_refused_request_outlives_the_event_it_became(source: Source, settings: Settings) -> None:
    settings.RETENTION_REJECTED_DAYS = 0
    event = old_event(source, 91)
    rejected = rejected_request(source, RejectionCause.BAD_JSON, b"{}", reprocessed_as=event)
    apply_retention()
    rejected.refresh_from_db()
    assert rejected.reprocessed_as_id is None


def test_a_run_that_was_cut_short_is_continued_by_the_next(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.retention.BATCH", 2)
    for days in (70, 60, 50, 45, 40, 35):
        old_event(source, days)
    assert apply_retention(run_seconds=-1)["bodies"] == 2
    assert apply_retention()["bodies"] == 4
    assert apply_retention()["bodies"] == 0
    assert not ReceivedEvent.objects.filter(body__isnull=False).exists()


def test_days_already_done_are_not_read_again(source: Source) -> None:
    for days in (80, 70, 60, 33, 32):
        old_event(source, days)
    apply_retention()
    last = old_event(source, 30.5)
    before = days_ago(30)
    rows, without_body = ReceivedEvent.objects.all(), Q(body__isnull=True)
    start = first_day_of_full(rows, before, "received_at", without_body)
    assert row_id_floor(before - timedelta(days=4)) < start < last.pk
    assert apply_retention()["bodies"] == 1


def test_the_backlog_counts_from_when_events_became_due(source: Source) -> None:
    assert oldest_waiting_age() is None
    old_event(source, 50, Status.RECEIVED, due_at=days_ago(1 / 24))
    received_event(source, Status.RECEIVED, due_at=timezone.now() + timedelta(hours=1))
    age = oldest_waiting_age()
    assert age is not None
    assert timedelta(minutes=59) < age < timedelta(minutes=61)
    assert waiting_count_capped() == 2
    assert waiting_count_capped(limit=1) == 1
