"""Workers that die: every event has its effect once, and within the lease."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Count, Sum

from contacts.models import Activity, Contact, EmailListStatus
from tests.processes.waiting import eventually
from tests.processes.workers import (
    LEASE_SECONDS,
    kill_in_the_middle,
    running_worker,
    start_worker,
    wait_for_heartbeats,
    wait_until_worked_off,
)
from tests.webhooks.scripted import scripted_event, scripted_source
from webhooks.models import EventOutcome, ReceivedEvent, Source, Status

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

# What a process may need to start on a busy machine, besides the lease.
START_SECONDS = 120
PEOPLE = 20


@pytest.fixture
def source(transactional_db: None) -> Source:
    return scripted_source()


def store(source: Source, events: int, **row: object) -> None:
    for number in range(events):
        scripted_event(source, {"email": f"p{number % PEOPLE}@example.com", **row})


def assert_every_event_had_its_effect_once(rows: int) -> None:
    """Each row adds one activity and one soft bounce, whoever it is about."""
    per_event = Activity.objects.values_list("received_event_id").annotate(count=Count("id"))
    assert {count for _, count in per_event} == {1}
    assert Activity.objects.count() == rows
    assert EmailListStatus.objects.aggregate(total=Sum("soft_bounces"))["total"] == rows
    assert EventOutcome.objects.count() == rows
    assert Contact.objects.count() == PEOPLE


def test_killed_workers_leave_every_event_applied_once(source: Source, tmp_path: Path) -> None:
    rows = 0
    for number in range(5):
        # The worker does not come to an end before it is killed, however late we look.
        gate = tmp_path / str(number)
        store(source, 40)
        store(source, 2, do="wait", until=str(gate))
        rows += 42
        kill_in_the_middle(start_worker("--batch-size", "15"))
        gate.touch()
    with running_worker():
        wait_until_worked_off(START_SECONDS + LEASE_SECONDS)
    assert set(ReceivedEvent.objects.values_list("status", flat=True)) == {Status.PROCESSED}
    assert_every_event_had_its_effect_once(rows)


def wait_until_dead_or_done(worker: subprocess.Popen[bytes]) -> None:
    waiting = ReceivedEvent.objects.filter(status__in=(Status.RECEIVED, Status.PROCESSING))
    eventually(
        lambda: worker.poll() is not None or not waiting.exists(),
        seconds=START_SECONDS + 3 * LEASE_SECONDS,
    )


def test_an_event_that_kills_its_worker_is_set_aside_alone(source: Source) -> None:
    store(source, 25)
    scripted_event(source, {"email": "poison@example.com", "do": "die"})
    store(source, 25)
    deaths = 0
    waiting = ReceivedEvent.objects.filter(status__in=(Status.RECEIVED, Status.PROCESSING))
    while waiting.exists():
        worker = start_worker()
        wait_until_dead_or_done(worker)
        if worker.poll() is None:
            worker.terminate()
            assert worker.wait(START_SECONDS) == 0
        else:
            assert worker.returncode == -signal.SIGKILL
            deaths += 1
    assert deaths == 3
    poison = ReceivedEvent.objects.get(status=Status.FAILED)
    assert (poison.cause, poison.attempts) == ("POISON", 3)
    assert b"poison@" in bytes(poison.body or b"")
    assert_every_event_had_its_effect_once(50)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="one worker at a time on SQLite")
def test_two_workers_share_the_events_and_one_may_die(source: Source, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    # Long enough that neither takes over what the other still works on.
    lease_seconds = 3 * LEASE_SECONDS
    doomed = start_worker("--batch-size", "5", lease_seconds=lease_seconds)
    with running_worker("--batch-size", "5", lease_seconds=lease_seconds) as survivor:
        wait_for_heartbeats(doomed, survivor)
        store(source, 120, do="wait", until=str(gate))
        held = ReceivedEvent.objects.filter(status=Status.PROCESSING)
        owned = held.filter(lease_owner__contains=f"-{survivor.pid}-")
        eventually(owned.exists, what="the second worker has its share")
        kill_in_the_middle(doomed)
        gate.touch()
        wait_until_worked_off(START_SECONDS + lease_seconds)
    assert set(ReceivedEvent.objects.values_list("status", flat=True)) == {Status.PROCESSED}
    assert_every_event_had_its_effect_once(120)


def test_sigterm_finishes_the_batch_and_hands_nothing_over(source: Source, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    store(source, 30, do="wait", until=str(gate))
    worker = start_worker("--batch-size", "10")
    eventually(ReceivedEvent.objects.filter(status=Status.PROCESSING).exists)
    worker.terminate()
    gate.touch()
    assert worker.wait(START_SECONDS) == 0
    statuses = list(ReceivedEvent.objects.values_list("status", flat=True))
    assert set(statuses) <= {Status.PROCESSED, Status.RECEIVED}
    assert statuses.count(Status.PROCESSED) >= 10
    assert set(ReceivedEvent.objects.values_list("attempts", "status")) <= {
        (1, Status.PROCESSED), (0, Status.RECEIVED),
    }  # fmt: skip


def test_the_log_of_a_failure_names_no_person(source: Source, tmp_path: Path) -> None:
    scripted_event(source, {"email": "private@example.com", "do": "raise"})
    log = tmp_path / "worker.log"
    with running_worker(log=log):
        wait_until_worked_off(START_SECONDS)
    text = log.read_text(encoding="utf-8")
    assert "KeyError" in text
    assert "private" not in text
