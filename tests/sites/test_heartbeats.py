from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from sites.heartbeats import (
    HeartbeatThread,
    beat,
    beat_qcluster,
    has_live_worker,
    heartbeat_end,
    heartbeats_prune,
    last_beat_age,
    live_processes,
)
from sites.models import Heartbeat, ProcessKind

pytestmark = pytest.mark.django_db


def make_older(kind: ProcessKind, **ago: float) -> None:
    Heartbeat.objects.filter(kind=kind).update(beat_at=timezone.now() - timedelta(**ago))


def test_process_keeps_one_row_however_often_it_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_SUPERVISOR", "abc")
    beat("worker")
    first = Heartbeat.objects.get()
    beat("worker")
    again = Heartbeat.objects.get()
    assert (again.process_id, again.supervisor) == (os.getpid(), "abc")
    assert again.started_at == first.started_at
    assert again.beat_at > first.beat_at


def test_removed_row_comes_back_with_the_next_beat() -> None:
    beat(ProcessKind.WORKER)
    Heartbeat.objects.all().delete()
    beat(ProcessKind.WORKER)
    assert has_live_worker()


def test_worker_is_live_until_it_was_silent_for_half_a_minute() -> None:
    assert not has_live_worker()
    beat(ProcessKind.WEB)
    assert not has_live_worker()
    beat(ProcessKind.WORKER)
    assert has_live_worker()
    make_older(ProcessKind.WORKER, seconds=29)
    assert has_live_worker()
    make_older(ProcessKind.WORKER, seconds=31)
    assert not has_live_worker()


def test_qcluster_is_spoken_for_by_its_workers() -> None:
    beat_qcluster()
    assert live_processes(ProcessKind.QCLUSTER).get().process_id == os.getppid()
    make_older(ProcessKind.QCLUSTER, seconds=181)
    assert not live_processes(ProcessKind.QCLUSTER).exists()


def test_age_is_that_of_the_freshest() -> None:
    assert last_beat_age(ProcessKind.WORKER) is None
    beat(ProcessKind.WORKER, process_id=1)
    make_older(ProcessKind.WORKER, hours=1)
    beat(ProcessKind.WORKER, process_id=2)
    age = last_beat_age(ProcessKind.WORKER)
    assert age is not None
    assert age < timedelta(minutes=1)


def test_processes_are_forgotten_after_a_day() -> None:
    beat(ProcessKind.WORKER, process_id=1)
    make_older(ProcessKind.WORKER, hours=25)
    beat(ProcessKind.WORKER, process_id=2)
    assert heartbeats_prune() == 1
    assert Heartbeat.objects.get().process_id == 2


def test_process_that_ends_on_purpose_takes_its_row_along() -> None:
    beat(ProcessKind.WORKER)
    heartbeat_end(ProcessKind.WORKER)
    assert not Heartbeat.objects.exists()


def test_thread_goes_on_after_the_database_was_away() -> None:
    enough = threading.Event()
    calls: list[int] = []

    def record(_: ProcessKind) -> None:
        calls.append(1)
        if len(calls) >= 3:
            enough.set()
        raise OperationalError("away")

    thread = HeartbeatThread(ProcessKind.WEB, every_seconds=0.001, record=record)
    thread.start()
    assert enough.wait(120)
    assert thread.is_alive()
    thread.end()
    thread.join(120)
    assert not thread.is_alive()
