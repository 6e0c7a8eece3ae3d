"""What a worker has at hand when a receiver or the database turns bad: given back, never lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DataError, OperationalError

from tests.webhooks.delivering import (
    Answer,
    Got,
    Receiver,
    deliver,
    publish,
    receiver,
    statuses,
    stop_when,
    subscription,
)
from webhooks.outbound.delivering import database_work
from webhooks.outbound.delivering.delivery_loop import MOST_LARGE, Until
from webhooks.outbound.delivering.engine import DeliveryEngine
from webhooks.outbound.delivering.lanes import Lane
from webhooks.outbound.models import Attempt, Delivery, Event

pytestmark = [pytest.mark.django_db, pytest.mark.network]


@contextmanager
def _answers_so_many(count: int) -> Iterator[Receiver]:
    """A receiver that answers at once, until it does not answer any more."""
    never = threading.Event()

    def answers(got: Got) -> Answer:
        if got.number >= count:
            never.wait(30)
        return 200, {}, b""

    with receiver(answers) as there:
        yield there
        never.set()


def _deliver_until(done: Any) -> None:
    engine = DeliveryEngine()
    stopping = threading.Thread(target=stop_when, args=(engine, done))
    stopping.start()
    engine.run(Until.NOTHING_DUE)
    stopping.join()


@pytest.mark.parametrize("is_noticed", [True, False], ids=["in trouble", "slow"])
def test_what_waits_for_a_receiver_that_got_stuck_is_not_taken_for_lost(
    is_noticed: bool, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its calls takes a second, all at hand nine of them, and a lease ends after three."""
    settings.WORKER_LEASE_SECONDS, settings.WORKER_GRACE_SECONDS = 1, 0.1
    monkeypatch.setattr("webhooks.outbound.delivering.lanes.AT_HAND_SECONDS", 10.0)
    monkeypatch.setattr(database_work, "UPKEEP_SECONDS", 0.2)
    if not is_noticed:
        # As when it answers, late: nothing says that it is in trouble.
        monkeypatch.setattr("webhooks.outbound.delivering.delivery_loop._OVERLOADED", frozenset())
    with _answers_so_many(100) as there:
        to = subscription(there.url, timeout_seconds=1, concurrency=8)
        publish(to, 400)
        stuck = 100 + (12 if is_noticed else 40)
        _deliver_until(lambda: len(there.got) >= stuck)
    assert len(there.got) >= stuck
    assert not Attempt.objects.filter(error="lost").exists()
    assert there.most_by_message == 1
    waits = Delivery.objects.filter(status="pending")
    assert waits.count() > 200
    assert set(waits.values_list("attempts", "lease_owner")) == {(0, "")}


def _fails_once(
    monkeypatch: pytest.MonkeyPatch, target: Any, name: str, error: Exception
) -> list[Any]:
    """Have the first call of a function raise; return the list of its calls."""
    works, calls = getattr(target, name), []

    def fails(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise error
        return works(*args)

    monkeypatch.setattr(target, name, fails)
    return calls


def test_a_large_payload_that_could_not_be_read_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = _fails_once(monkeypatch, database_work, "load_large", OperationalError("gone"))
    with receiver() as there:
        to = subscription(there.url)
        publish(to, 3)
        Event.objects.update(payload='{"text":"' + "x" * 100_000 + '"}')
        assert deliver() == 3
    assert len(calls) == 4
    assert statuses(to) == ["succeeded"] * 3
    assert set(Attempt.objects.values_list("number", "error")) == {(1, "")}


def test_a_body_that_could_not_be_kept_is_not_sent_before_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = _fails_once(monkeypatch, database_work, "bodies_keep", OperationalError("gone"))
    with receiver() as there:
        to = subscription(there.url, batch_size=3)
        publish(to, 3)
        assert deliver() == 1
    assert (len(calls), len(there.got)) == (2, 1)
    assert statuses(to) == ["succeeded"] * 3
    assert set(Attempt.objects.values_list("number", "error")) == {(1, "")}


def test_a_body_that_the_database_does_not_take_is_one_failed_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _fails_once(monkeypatch, database_work, "bodies_keep", DataError("odd"))
    with receiver() as there:
        to = subscription(there.url, batch_size=3)
        publish(to, 3)
        deliver()
    assert there.got == []
    assert statuses(to) == ["failed"] * 3
    attempt = Attempt.objects.get()
    assert (attempt.error, attempt.deliveries) == ("unsendable", 3)
    assert "DataError" in attempt.sentence


def test_large_payloads_whose_turn_has_not_come_at_a_stop_are_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Lane, "allowed", 64)
    begun, go_on = threading.Semaphore(0), threading.Event()

    def waits(_: Got) -> Answer:
        begun.release()
        go_on.wait(20)
        return 200, {}, b""

    with receiver(waits) as there:
        to = subscription(there.url)
        publish(to, MOST_LARGE + 4)
        Event.objects.update(payload='{"text":"' + "x" * 100_000 + '"}')
        engine = DeliveryEngine()

        def stop() -> None:
            for _ in range(MOST_LARGE):
                begun.acquire(timeout=15)
            engine.stop()
            go_on.set()

        stopping = threading.Thread(target=stop)
        stopping.start()
        engine.run(Until.NOTHING_DUE)
        stopping.join()
    assert len(there.got) == MOST_LARGE
    assert sorted(statuses(to)) == ["pending"] * 4 + ["succeeded"] * MOST_LARGE
    assert set(
        Delivery.objects.filter(status="pending").values_list("attempts", "lease_owner")
    ) == {(0, "")}
