from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from contacts.models import Activity, Contact
from contacts.services import contacts_apply_batch
from sites.heartbeats import has_live_worker
from sites.models import Heartbeat
from tests.webhooks.scripted import scripted_event, scripted_presets, scripted_source
from webhooks.inbound.models import ReceivedEvent, Source, Status
from webhooks.inbound.processing import batches as processing
from webhooks.inbound.processing import worker
from webhooks.inbound.processing.leases import claim_fresh
from webhooks.inbound.processing.worker import Until, Worker
from webhooks.listening import Listening
from webhooks.waking import RECEIVED, Bell, Polling, waiting_for, wake_workers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scripted() -> Iterator[None]:
    with scripted_presets():
        yield


@pytest.fixture
def source(db: None) -> Source:
    return scripted_source()


def people(source: Source, count: int) -> list[ReceivedEvent]:
    return [scripted_event(source, {"email": f"p{number}@example.com"}) for number in range(count)]


def statuses() -> list[str]:
    return list(ReceivedEvent.objects.order_by("pk").values_list("status", flat=True))


def test_once_works_off_one_batch(source: Source) -> None:
    people(source, 5)
    call_command("worker", "--once", "--batch-size", "3")
    assert statuses() == [Status.PROCESSED] * 3 + [Status.RECEIVED] * 2


def test_burst_ends_when_nothing_is_due(source: Source) -> None:
    people(source, 5)
    scripted_event(
        source, {"email": "later@example.com"}, due_at=timezone.now() + timedelta(hours=1)
    )
    assert Worker(batch_size=2).run(Until.NOTHING_DUE) == 5
    assert statuses() == [Status.PROCESSED] * 5 + [Status.RECEIVED]


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(CommandError, match="at least 1"):
        call_command("worker", "--once", "--batch-size", "0")


def test_fresh_events_and_retries_get_their_turns(source: Source) -> None:
    people(source, 3)
    tried = [
        scripted_event(source, {"email": f"t{number}@example.com"}, attempts=1)
        for number in range(3)
    ]
    Worker(batch_size=500).run(Until.ONE_BATCH)
    assert set(statuses()) == {Status.PROCESSED}
    assert ReceivedEvent.objects.get(pk=tried[0].pk).attempts == 2


def test_leases_of_dead_workers_are_taken_over(source: Source) -> None:
    people(source, 4)
    claim_fresh("dead")
    ReceivedEvent.objects.update(lease_expires_at=timezone.now())
    Worker(batch_size=500).run(Until.NOTHING_DUE)
    assert statuses() == [Status.PROCESSED] * 4
    assert Activity.objects.count() == 4


def test_a_running_worker_shows_a_heartbeat_and_an_ended_one_none(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def claim_nothing(*_: Any, **__: Any) -> list[Any]:
        seen.append(has_live_worker())
        return []

    monkeypatch.setattr(worker, "claim_fresh", claim_nothing)
    Worker(batch_size=500).run(Until.NOTHING_DUE)
    assert seen == [True]
    assert not Heartbeat.objects.exists()


def _stops_after(running: Worker, calls: list[int], then: Callable[..., Any]) -> Callable[..., Any]:
    def apply(items: Any) -> Any:
        calls.append(len(items))
        running.stop()
        return then(items)

    return apply


def test_a_stop_lets_the_batch_end_and_claims_nothing_more(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(source, 4)
    scripted_event(source, {"email": "tried@example.com"}, attempts=1)
    running, calls = Worker(batch_size=2), list[int]()
    apply = _stops_after(running, calls, contacts_apply_batch)
    monkeypatch.setattr(processing, "contacts_apply_batch", apply)
    assert running.run() == 2
    assert calls == [2]
    assert statuses() == [Status.PROCESSED] * 2 + [Status.RECEIVED] * 3
    assert not ReceivedEvent.objects.exclude(lease_owner="").exists()


def test_a_database_that_comes_back_costs_no_attempt(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(source, 3)
    running, calls = Worker(batch_size=500), list[int]()

    def fail_first(items: Any) -> Any:
        calls.append(len(items))
        if len(calls) == 1:
            raise OperationalError("the server closed the connection unexpectedly")
        running.stop()
        return contacts_apply_batch(items)

    monkeypatch.setattr(processing, "contacts_apply_batch", fail_first)
    # The test's own transaction lives on this connection.
    monkeypatch.setattr(connection, "close", lambda: None)
    running.run()
    assert statuses() == [Status.PROCESSED] * 3
    assert set(ReceivedEvent.objects.values_list("attempts", flat=True)) == {1}
    assert Contact.objects.count() == 3


def test_short_runs_raise_what_the_database_says(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr(worker, "claim_fresh", fail)
    with pytest.raises(OperationalError):
        Worker(batch_size=500).run(Until.NOTHING_DUE)


def test_a_signal_after_the_end_rings_nobody() -> None:
    """A second Ctrl-C comes while the deliveries still drain: the number may be another file's."""
    bell = Bell()
    bell.close()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    try:
        bell.ring()
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
    finally:
        os.close(reader)
        os.close(writer)


def test_a_bell_is_not_closed_while_it_is_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries that end by an error ring in their thread what the main thread closes."""
    is_ringing, may_write = threading.Event(), threading.Event()

    def write(number: int, data: bytes) -> int:
        is_ringing.set()
        assert may_write.wait(30)
        return os.write(number, data)

    bell = Bell()
    monkeypatch.setattr("webhooks.waking.os", SimpleNamespace(write=write, close=os.close))
    with ThreadPoolExecutor(2) as pool:
        rung = pool.submit(bell.ring)
        assert is_ringing.wait(30)
        closed = pool.submit(bell.close)
        with pytest.raises(TimeoutError):
            closed.result(0.05)
        may_write.set()
        rung.result(30)
        closed.result(30)
    bell.ring()


def test_polling_waits_longer_while_idle_and_starts_over_when_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    def select(_read: Any, _write: Any, _error: Any, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("webhooks.waking.select.select", select)
    bell = Bell()
    polling = Polling(bell)
    for _ in range(12):
        polling.wait()
    assert pauses[0] == 0.02
    assert pauses == sorted(pauses)
    assert pauses[-1] == 0.25
    polling.was_busy()
    polling.wait()
    assert pauses[-1] == 0.02
    bell.close()


def test_a_rung_bell_ends_any_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLL_SECONDS", "FIRST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"):
        monkeypatch.setattr(f"webhooks.waking.{name}", 60.0)
    bell = Bell()
    waiting = waiting_for(RECEIVED, "default", bell)
    bell.ring()
    bell.ring()
    waiting.wait()  # a listener connects
    started = time.monotonic()
    for _ in range(20):
        waiting.wait()
    assert time.monotonic() - started < 60.0
    waiting.close()
    bell.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is polled")
def test_a_listener_is_woken_at_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.waking.POLL_SECONDS", 600.0)
    bell = Bell()
    waiting = waiting_for(RECEIVED, "default", bell)
    assert isinstance(waiting, Listening)
    waiting.wait()
    woken = threading.Event()

    def wait() -> None:
        waiting.wait()
        woken.set()

    listener = threading.Thread(target=wait, daemon=True)
    listener.start()
    with transaction.atomic():
        wake_workers(RECEIVED)
        assert not woken.wait(0.2)
    assert woken.wait(60)
    listener.join()
    waiting.close()
    bell.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to lose")
def test_a_listener_that_lost_its_connection_connects_again() -> None:
    bell = Bell()
    waiting = waiting_for(RECEIVED, "default", bell)
    # The server takes its time to let go of those that ended.
    others = _listeners()
    waiting.wait()
    (lost,) = _listeners() - others
    others.add(lost)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [lost])
    bell.ring()  # so that no wait takes its second
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at and not _listeners() - others:
        waiting.wait()
    found = _listeners() - others
    waiting.close()
    bell.close()
    assert len(found) == 1


def _listeners() -> set[int]:
    """Return the server processes that listen in this database; others share the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
        )
        return {pid for (pid,) in cursor.fetchall()}
