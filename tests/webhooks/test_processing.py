from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from contacts.models import Activity, Contact, EmailListStatus
from contacts.services import contacts_apply_batch
from sites.models import bump_configuration_version
from tests.webhooks.scripted import scripted_event, scripted_presets, scripted_source
from webhooks.inbound.models import (
    EventOutcome,
    Outcome,
    ReceivedEvent,
    Source,
    SourceHour,
    Status,
)
from webhooks.inbound.processing import batches as processing
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import ClaimedEvent, claim_fresh, claim_retry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scripted() -> Iterator[None]:
    with scripted_presets():
        yield


@pytest.fixture
def source(db: None) -> Source:
    return scripted_source()


def work(claimed: Sequence[ClaimedEvent] | None = None) -> None:
    Processing("me").process(claim_fresh("me") if claimed is None else claimed)


def reloaded(event: ReceivedEvent) -> ReceivedEvent:
    return ReceivedEvent.objects.get(pk=event.pk)


def receive_again(event: ReceivedEvent) -> None:
    """Send an event to the worker again, as a replay does."""
    ReceivedEvent.objects.filter(pk=event.pk).update(
        status=Status.RECEIVED, attempts=0, due_at=timezone.now(), history=[{"what": "replayed"}]
    )


def soft_bounces(email: str) -> int:
    return EmailListStatus.objects.get(contact__email=email).soft_bounces


def test_an_event_becomes_a_contact_an_outcome_and_counts(source: Source) -> None:
    event = scripted_event(source, {"email": "Jane@Example.com", "id": "e1", "first_name": "Jane"})
    work()
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name) == ("jane@example.com", "Jane")
    row = reloaded(event)
    assert (row.status, row.cause, row.reason, row.history) == (Status.PROCESSED, "", "", [])
    assert (row.rows_applied, row.rows_unchanged, row.rows_ignored, row.rows_quarantined) == (
        1, 0, 0, 0,
    )  # fmt: skip
    assert (row.lease_owner, row.lease_expires_at, row.attempts) == ("", None, 1)
    assert row.processed_at is not None
    outcome = EventOutcome.objects.get()
    assert (outcome.received_event_id, outcome.position) == (event.pk, 0)
    assert (outcome.event_type, outcome.event_id, outcome.outcome) == (
        "scripted", "e1", Outcome.APPLIED,
    )  # fmt: skip
    assert (outcome.contact_id, outcome.identity) == (contact.pk, "jane@example.com")
    source.refresh_from_db()
    assert source.last_received_at == event.received_at
    hour = SourceHour.objects.get()
    assert (hour.processed, hour.ignored, hour.failed) == (1, 0, 0)
    assert hour.hour == event.received_at.replace(minute=0, second=0, microsecond=0)


OK = {"email": "ok@example.com"}
BAD: dict[str, Any] = {"email": "x@example.com", "do": "quarantine"}
NOTHING_TO_DO: dict[str, Any] = {"email": "x@example.com", "do": "ignore"}
NOBODY: dict[str, Any] = {"email": "", "do": "nobody"}


@pytest.mark.parametrize(
    ("rows", "status", "cause"),
    [
        ([], Status.PROCESSED, ""),
        ([OK], Status.PROCESSED, ""),
        ([NOBODY], Status.PROCESSED, ""),
        ([OK, NOTHING_TO_DO], Status.PROCESSED, ""),
        ([NOTHING_TO_DO], Status.IGNORED, "TEST_IGNORE"),
        ([NOTHING_TO_DO, NOTHING_TO_DO], Status.IGNORED, "TEST_IGNORE"),
        ([OK, BAD], Status.PARTLY_PROCESSED, "TEST_QUARANTINE"),
        ([NOTHING_TO_DO, BAD], Status.PARTLY_PROCESSED, "TEST_QUARANTINE"),
        ([BAD], Status.FAILED, "TEST_QUARANTINE"),
        ([BAD, BAD], Status.FAILED, "TEST_QUARANTINE"),
        ([{"email": ""}], Status.FAILED, "NO_IDENTITY"),
        ([{"email": "x", "do": "unreadable"}], Status.FAILED, "WRONG_KEY"),
        ([{"email": "x", "do": "raise"}], Status.FAILED, "PROCESSING_ERROR"),
    ],
)
def test_rows_decide_the_status(
    source: Source, rows: list[dict[str, Any]], status: Status, cause: str
) -> None:
    event = scripted_event(source, *rows)
    work()
    row = reloaded(event)
    assert (row.status, row.cause) == (status, cause)
    assert bool(row.reason) == bool(cause)
    assert row.lease_owner == ""


def test_many_events_that_end_alike_end_as_each_of_them_would_alone(source: Source) -> None:
    def events(do: str, count: int) -> list[ReceivedEvent]:
        return [
            scripted_event(source, {"email": f"{do}{number}@example.com", "do": do})
            for number in range(count)
        ]

    lost, *accepted = events("accept", 31)
    ignored, set_aside = events("ignore", 30), events("quarantine", 30)
    mixed = scripted_event(
        source, {"email": "a@example.com"}, {"email": "b@example.com", "do": "ignore"}
    )
    claimed = claim_fresh("me")
    ReceivedEvent.objects.filter(pk=lost.pk).update(lease_owner="someone else")
    work(claimed)
    ended = {
        event.pk: (event.status, event.cause, event.reason, _rows_of(event), len(event.history))
        for event in ReceivedEvent.objects.exclude(processed_at=None)
    }
    assert ended == {
        **{each.pk: ("processed", "", "", (1, 0, 0, 0), 0) for each in accepted},
        **{
            each.pk: ("ignored", "TEST_IGNORE", "Told to ignore.", (0, 0, 1, 0), 0)
            for each in ignored
        },
        **{
            each.pk: ("failed", "TEST_QUARANTINE", "Told to quarantine.", (0, 0, 0, 1), 1)
            for each in set_aside
        },
        mixed.pk: ("processed", "", "", (1, 0, 1, 0), 0),
    }
    times = ReceivedEvent.objects.exclude(processed_at=None).values_list("processed_at", flat=True)
    assert len(set(times)) == 1
    assert reloaded(lost).status == Status.PROCESSING
    held = ReceivedEvent.objects.exclude(lease_owner="", lease_expires_at=None)
    assert [event.pk for event in held] == [lost.pk]
    hour = SourceHour.objects.get()
    assert (hour.processed, hour.ignored, hour.failed) == (31, 30, 30)


def _rows_of(event: ReceivedEvent) -> tuple[int, ...]:
    return event.rows_applied, event.rows_unchanged, event.rows_ignored, event.rows_quarantined


def test_the_reason_tells_how_many_rows_were_set_aside(source: Source) -> None:
    event = scripted_event(source, OK, BAD, BAD)
    work()
    assert (
        reloaded(event).reason == "2 of 3 rows were set aside. The first one: Told to quarantine."
    )
    kinds = EventOutcome.objects.order_by("position").values_list("outcome", flat=True)
    assert list(kinds) == [Outcome.APPLIED, Outcome.QUARANTINED, Outcome.QUARANTINED]


def test_a_raising_event_leaves_its_neighbours_applied_once(source: Source) -> None:
    good = [scripted_event(source, {"email": f"p{n}@example.com"}) for n in range(5)]
    bad = scripted_event(source, {"email": "private@example.com", "do": "raise"})
    good += [scripted_event(source, {"email": f"p{n}@example.com"}) for n in range(5, 9)]
    work()
    assert {reloaded(event).status for event in good} == {Status.PROCESSED}
    row = reloaded(bad)
    assert row.status == Status.FAILED
    assert "KeyError" in row.reason
    assert "private" not in row.reason + str(row.history)
    assert [entry["what"] for entry in row.history] == ["failed"]
    assert Activity.objects.count() == 9


def _failing_for(email: str, error: Exception) -> Any:
    def apply(items: Any) -> Any:
        if any(item.change.identity.email == email for item in items):
            raise error
        return contacts_apply_batch(items)

    return apply


def test_a_batch_that_fails_is_halved_until_the_bad_event_stands_alone(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        processing, "contacts_apply_batch", _failing_for("p3@example.com", ValueError("p3"))
    )
    events = [scripted_event(source, {"email": f"p{n}@example.com"}) for n in range(8)]
    work()
    statuses = [reloaded(event).status for event in events]
    assert statuses == [Status.PROCESSED] * 3 + [Status.FAILED] + [Status.PROCESSED] * 4
    assert Activity.objects.count() == 7
    assert SourceHour.objects.get().processed == 7
    assert SourceHour.objects.get().failed == 1


def test_an_error_that_may_pass_is_tried_three_times_then_fails(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = _failing_for("p@example.com", IntegrityError("Key (email)=(p@example.com)"))
    monkeypatch.setattr(processing, "contacts_apply_batch", broken)
    event = scripted_event(source, {"email": "p@example.com"})
    work()
    row = reloaded(event)
    assert (row.status, row.attempts, row.lease_owner) == (Status.RECEIVED, 1, "")
    assert row.due_at > timezone.now()
    assert claim_retry("me") == []
    for _ in range(2):
        ReceivedEvent.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        work(claim_retry("me"))
    row = reloaded(event)
    assert (row.status, row.cause, row.attempts) == (Status.FAILED, "DATABASE_ERROR", 3)
    assert [entry["what"] for entry in row.history] == ["postponed", "postponed", "failed"]
    assert "example.com" not in row.reason + str(row.history)


def test_an_error_that_passed_leaves_one_effect_and_a_history(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = scripted_event(source, {"email": "p@example.com"})
    with monkeypatch.context() as patched:
        broken = _failing_for("p@example.com", IntegrityError())
        patched.setattr(processing, "contacts_apply_batch", broken)
        work()
    ReceivedEvent.objects.update(due_at=timezone.now())
    work(claim_retry("me"))
    row = reloaded(event)
    assert row.status == Status.PROCESSED
    assert [entry["what"] for entry in row.history] == ["postponed", "finished"]
    assert soft_bounces("p@example.com") == 1


def test_a_database_in_trouble_is_nobodys_failure(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OperationalError("server closed the connection unexpectedly")
    monkeypatch.setattr(processing, "contacts_apply_batch", _failing_for("p@example.com", error))
    event = scripted_event(source, {"email": "p@example.com"})
    with pytest.raises(OperationalError):
        work()
    assert reloaded(event).status == Status.PROCESSING


def test_a_lost_lease_applies_nothing(source: Source) -> None:
    lost = scripted_event(source, {"email": "lost@example.com"})
    kept = scripted_event(source, {"email": "kept@example.com"})
    claimed = claim_fresh("me")
    ReceivedEvent.objects.filter(pk=lost.pk).update(lease_owner="other")
    work(claimed)
    assert list(Contact.objects.values_list("email", flat=True)) == ["kept@example.com"]
    assert reloaded(kept).status == Status.PROCESSED
    assert (reloaded(lost).status, reloaded(lost).lease_owner) == (Status.PROCESSING, "other")


def test_a_failure_after_a_lost_lease_is_not_recorded(source: Source) -> None:
    lost = scripted_event(source, {"email": "lost@example.com", "do": "raise"})
    claimed = claim_fresh("me")
    ReceivedEvent.objects.filter(pk=lost.pk).update(lease_owner="other")
    work(claimed)
    assert (reloaded(lost).status, reloaded(lost).history) == (Status.PROCESSING, [])


def test_a_replay_replaces_outcomes_and_is_not_counted_again(source: Source) -> None:
    event = scripted_event(source, OK, {"email": "x@example.com", "do": "unreadable"})
    work()
    assert reloaded(event).status == Status.FAILED
    Source.objects.filter(pk=source.pk).update(settings={"readable": True})
    bump_configuration_version()
    receive_again(event)
    work()
    row = reloaded(event)
    assert (row.status, row.cause, row.rows_applied) == (Status.PROCESSED, "", 2)
    assert [entry["what"] for entry in row.history] == ["replayed", "finished"]
    receive_again(event)
    work()
    assert EventOutcome.objects.filter(received_event=event).count() == 2
    hour = SourceHour.objects.get()
    assert (hour.processed, hour.failed) == (0, 1)


def test_a_changed_setting_is_seen_by_the_next_batch(source: Source) -> None:
    worker = Processing("me")
    first = scripted_event(source, {"email": "x@example.com", "do": "unreadable"})
    worker.process(claim_fresh("me"))
    source.settings = {"readable": True}
    source.save()
    second = scripted_event(source, {"email": "x@example.com", "do": "unreadable"})
    worker.process(claim_fresh("me"))
    assert reloaded(first).status == Status.FAILED
    assert reloaded(second).status == Status.PROCESSED


def test_secrets_that_do_not_decrypt_fail_their_own_source_only(source: Source) -> None:
    other = scripted_source(secrets={"token": "x" * 24})
    _damage_secrets(other)
    fine = scripted_event(source, OK)
    unreadable = scripted_event(other, OK)
    work()
    assert reloaded(fine).status == Status.PROCESSED
    row = reloaded(unreadable)
    assert (row.status, row.cause) == (Status.FAILED, "SECRETS_UNREADABLE")
    assert "ENCRYPTION_KEYS" in row.reason


def _damage_secrets(source: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_source SET secrets = 'enc:v1:gone:AAAA' WHERE id = %s", [source.pk]
        )


def test_an_event_without_its_body_fails_in_words(source: Source) -> None:
    event = scripted_event(source, OK)
    ReceivedEvent.objects.update(body=None)
    work()
    assert reloaded(event).cause == "BODY_REMOVED"


def test_rows_beyond_one_chunk_are_applied_in_order(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "CHUNK_ROWS", 3)
    rows = [{"email": "p@example.com", "first_name": f"N{n}"} for n in range(8)]
    event = scripted_event(source, *rows)
    work()
    assert reloaded(event).rows_applied == 8
    positions = EventOutcome.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(8))
    assert soft_bounces("p@example.com") == 8


@pytest.mark.parametrize("chunk_rows", [1, 100])
def test_a_person_erased_in_the_batch_is_named_by_no_outcome(
    source: Source, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(processing, "CHUNK_ROWS", chunk_rows)
    scripted_event(source, {"email": "gone@example.com"})
    scripted_event(source, {"email": "gone@example.com", "do": "delete"})
    scripted_event(source, {"email": "stays@example.com"})
    work()
    outcomes = EventOutcome.objects.order_by("id")
    assert [o.identity for o in outcomes] == ["", "", "stays@example.com"]
    assert outcomes[0].contact_id is None
    assert outcomes[1].contact_id == Contact.objects.get(deleted_at__isnull=False).pk


@pytest.mark.parametrize("chunk_rows", [1, 100])
def test_outcomes_follow_two_contacts_that_turn_out_to_be_one(
    source: Source, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(processing, "CHUNK_ROWS", chunk_rows)
    scripted_event(source, {"email": "one@example.com"})
    scripted_event(source, {"external_id": "E1"})
    scripted_event(source, {"email": "one@example.com", "external_id": "E1"})
    work()
    kept = Contact.objects.get()
    assert {outcome.contact_id for outcome in EventOutcome.objects.all()} == {kept.pk}


def test_events_of_several_sources_and_sites_share_a_batch(source: Source) -> None:
    other = scripted_source()
    scripted_event(source, OK)
    scripted_event(other, OK)
    work()
    contacts = Contact.objects.filter(email="ok@example.com")
    assert set(contacts.values_list("site", flat=True)) == {source.site_id, other.site_id}
    assert set(SourceHour.objects.values_list("source", "processed")) == {
        (source.pk, 1), (other.pk, 1),
    }  # fmt: skip
