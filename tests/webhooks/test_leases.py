from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from common.lease_owner import new_owner
from tests.factories import SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import ReceivedEvent, SourceHour, Status
from webhooks.inbound.processing.leases import (
    claim_fresh,
    claim_retry,
    held_rows,
    release_all,
)
from webhooks.inbound.upkeep.maintenance import reap_expired_leases

pytestmark = pytest.mark.django_db


def waiting(count: int, **fields: Any) -> list[ReceivedEvent]:
    source = SourceFactory.create()
    return [received_event(source, Status.RECEIVED, **fields) for _ in range(count)]


def expire_leases() -> None:
    ReceivedEvent.objects.filter(status=Status.PROCESSING).update(
        lease_expires_at=timezone.now() - timedelta(seconds=1)
    )


def test_claim_takes_the_oldest_counts_the_attempt_and_sets_the_lease(
    settings: Settings,
) -> None:
    settings.WORKER_LEASE_SECONDS = 7
    events = waiting(3)
    before = timezone.now()
    claimed = claim_fresh("me", limit=2)
    assert [each.id for each in claimed] == [events[0].pk, events[1].pk]
    assert [each.attempts for each in claimed] == [1, 1]
    row = ReceivedEvent.objects.get(pk=events[0].pk)
    assert (row.status, row.attempts, row.lease_owner) == (Status.PROCESSING, 1, "me")
    assert row.lease_expires_at is not None
    assert row.lease_expires_at - before >= timedelta(seconds=7)
    assert ReceivedEvent.objects.get(pk=events[2].pk).status == Status.RECEIVED


def test_claim_brings_what_parsing_needs() -> None:
    source = SourceFactory.create()
    stored = received_event(
        source, Status.RECEIVED, body=b"\x00\xffbody", headers={"content-type": "text/plain"},
        query={"a": "å"}, remote_address="192.0.2.7", history=[{"what": "replayed"}],
    )  # fmt: skip
    [claimed] = claim_fresh("me")
    assert claimed.body == b"\x00\xffbody"
    assert (claimed.headers, claimed.query) == (stored.headers, {"a": "å"})
    assert (claimed.source_id, claimed.remote_address) == (source.pk, "192.0.2.7")
    assert claimed.received_at == stored.received_at
    assert claimed.history == [{"what": "replayed"}]


def test_nothing_is_claimed_twice() -> None:
    waiting(3)
    assert len(claim_fresh("me")) == 3
    assert claim_fresh("other") == []


def test_an_event_that_is_not_due_is_left_alone() -> None:
    waiting(1, due_at=timezone.now() + timedelta(minutes=1))
    assert claim_fresh("me") == []


def test_finished_events_are_left_alone() -> None:
    source = SourceFactory.create()
    for status in Status:
        if status != Status.RECEIVED:
            received_event(source, status)
    assert claim_fresh("me") == []
    assert claim_retry("me") == []


def test_a_claim_is_bounded_in_bytes_and_never_empty_for_one_large_body() -> None:
    source = SourceFactory.create()
    sizes = (900, 60, 60, 10)
    events = [received_event(source, Status.RECEIVED, body_bytes=size) for size in sizes]
    claims = [claim_fresh("me", limit_bytes=100) for _ in range(3)]
    ids = [[each.id for each in claim] for claim in claims]
    assert ids == [[events[0].pk], [events[1].pk], [events[2].pk, events[3].pk]]


def test_events_that_were_tried_before_are_claimed_one_at_a_time() -> None:
    events = waiting(3, attempts=1)
    assert claim_fresh("me") == []
    claims = [claim_retry("me") for _ in range(4)]
    assert sorted(each.id for claim in claims for each in claim) == [e.pk for e in events]
    assert [len(claim) for claim in claims] == [1, 1, 1, 0]
    assert claims[0][0].attempts == 2


def test_only_rows_still_held_are_returned() -> None:
    mine, taken, gone = waiting(3)
    claim_fresh("me")
    ReceivedEvent.objects.filter(pk=taken.pk).update(lease_owner="other")
    ReceivedEvent.objects.filter(pk=gone.pk).update(status=Status.FAILED)
    with transaction.atomic():
        assert held_rows("me", [mine.pk, taken.pk, gone.pk]) == {mine.pk}


def test_release_gives_rows_and_attempts_back() -> None:
    [event] = waiting(1)
    claim_fresh("me")
    assert release_all("other") == 0
    assert release_all("me") == 1
    event.refresh_from_db()
    assert (event.status, event.attempts, event.lease_owner) == (Status.RECEIVED, 0, "")
    assert event.lease_expires_at is None
    assert len(claim_fresh("me")) == 1


def test_a_lease_that_is_running_is_not_reaped() -> None:
    waiting(1)
    claim_fresh("me")
    assert reap_expired_leases() == 0


def test_an_expired_lease_puts_the_event_back_into_the_line() -> None:
    [event] = waiting(1)
    claim_fresh("dead-worker")
    expire_leases()
    assert reap_expired_leases() == 1
    event.refresh_from_db()
    assert (event.status, event.attempts, event.lease_owner) == (Status.RECEIVED, 1, "")
    assert [entry["what"] for entry in event.history] == ["lease_expired"]
    assert "dead-worker" in event.history[0]["detail"]
    assert claim_fresh("me") == []
    assert len(claim_retry("me")) == 1


def test_after_three_attempts_the_event_is_set_aside_and_counted_once() -> None:
    [event] = waiting(1)
    claim_fresh("me")
    for _ in range(3):
        expire_leases()
        reap_expired_leases()
        claim_retry("me")
    event.refresh_from_db()
    assert (event.status, event.cause, event.attempts) == (Status.FAILED, "POISON", 3)
    assert event.processed_at is not None
    assert [entry["what"] for entry in event.history] == ["lease_expired"] * 3 + ["failed"]
    assert SourceHour.objects.get(source=event.source).failed == 1


def test_owners_are_unique_and_fit_their_column() -> None:
    owners = {new_owner() for _ in range(50)}
    assert len(owners) == 50
    assert all(len(owner) <= 64 for owner in owners)


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_the_same_time_share_the_events() -> None:
    events = waiting(60)

    def claim_all(owner: str) -> list[UUID]:
        found: list[UUID] = []
        try:
            while claimed := claim_fresh(owner, limit=7):
                found += [each.id for each in claimed]
        finally:
            connection.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(claim_all, ("a", "b", "c", "d")))
    claimed = [each for share in shares for each in share]
    assert sorted(claimed) == sorted(event.pk for event in events)
