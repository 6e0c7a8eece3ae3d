"""Engines in threads of their own, as the worker runs them; what is committed is what they see."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from sites.models import Heartbeat
from tests.webhooks.delivering import Got, publish, receiver, statuses, subscription
from webhooks.inbound.processing import worker as inbound_worker
from webhooks.outbound.delivering.database_work import DatabaseWork
from webhooks.outbound.delivering.delivery_loop import DeliveryLoop
from webhooks.outbound.delivering.engine import DeliveryEngine
from webhooks.outbound.models import Attempt, Delivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.network]

_ENDS_SECONDS = 120.0


def eventually(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _ENDS_SECONDS
    while not holds():
        assert time.monotonic() < ends_at, "It did not come about."
        time.sleep(0.02)


@contextmanager
def running(count: int = 1) -> Iterator[list[DeliveryEngine]]:
    engines = [DeliveryEngine() for _ in range(count)]
    for engine in engines:
        engine.start()
    try:
        yield engines
    finally:
        for engine in engines:
            engine.stop()
        for engine in engines:
            engine.join()
    assert [engine.error for engine in engines] == [None] * count


def test_two_engines_share_the_work_and_send_nothing_twice() -> None:
    with receiver() as there:
        to = [subscription(there.url, concurrency=8) for _ in range(3)]
        with running(2) as engines:
            for each in to:
                publish(each, 60)
            eventually(lambda: not Delivery.objects.exclude(status="succeeded").exists())
            owners = {engine.owner for engine in engines}
    assert len(owners) == 2
    assert len(there.got) == 180
    assert there.most_by_message == 1
    assert Attempt.objects.count() == 180


def test_in_strict_order_two_engines_keep_the_order() -> None:
    with receiver() as there:
        to = subscription(there.url, strict_order=True)
        for _ in range(10):
            publish(to, order_key="kim")
        with running(2):
            eventually(lambda: statuses(to) == ["succeeded"] * 10)
    wanted = [each.event.message_id for each in Delivery.objects.order_by("pk")]
    assert there.message_ids == wanted


def test_an_idle_engine_is_woken_by_the_commit() -> None:
    with receiver() as there, running():
        to = subscription(there.url)
        with transaction.atomic():
            publish(to)
            time.sleep(0.1)
            assert there.got == []
        eventually(lambda: len(there.got) == 1)


def test_a_database_that_comes_back_costs_no_delivery() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server to lose")
    with receiver() as there:
        to = subscription(there.url)
        with running():
            publish(to)
            eventually(lambda: statuses(to) == ["succeeded"])
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            publish(to, 5)
            eventually(lambda: statuses(to) == ["succeeded"] * 6)
    assert there.most_by_message == 1


def test_a_database_that_is_away_does_not_keep_a_worker_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = threading.Event()

    def fails(*_: Any, **__: Any) -> Any:
        asked.set()
        raise OperationalError

    monkeypatch.setattr(DatabaseWork, "subscriptions", fails)
    with running() as (engine,):
        assert asked.wait(_ENDS_SECONDS)
    assert not any(thread.is_alive() for thread in engine._threads if not thread.daemon)


def test_an_engine_that_hangs_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DeliveryEngine()
    assert engine.is_well()
    monkeypatch.setattr(DeliveryLoop, "seconds_since_turn", lambda _: 1000.0)
    assert not engine.is_well()


def test_the_command_delivers_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    beats: list[Any] = []
    monkeypatch.setattr(inbound_worker, "beat", beats.append)
    with receiver() as there:
        to = subscription(there.url)
        publish(to, 3)

        def stop() -> None:
            eventually(lambda: len(there.got) == 3)
            handlers[signal.SIGTERM](signal.SIGTERM, None)

        stopping = threading.Thread(target=stop)
        stopping.start()
        call_command("worker")
        stopping.join()
    assert statuses(to) == ["succeeded"] * 3
    assert beats


def test_deliveries_that_end_by_an_error_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def fail(*_: Any) -> Any:
        raise LookupError

    monkeypatch.setattr(DeliveryLoop, "_claim", fail)
    with pytest.raises(CommandError, match="the log has it"):
        call_command("worker")
    assert not Heartbeat.objects.exists()


def test_burst_delivers_what_the_events_cause_and_ends() -> None:
    def answers(got: Got) -> Any:
        return (500 if got.number == 0 else 200), {}, b""

    with receiver(answers) as there:
        to = subscription(there.url)
        publish(to, 3)
        call_command("worker", "--burst")
    assert sorted(statuses(to)) == ["retrying", "succeeded", "succeeded"]
