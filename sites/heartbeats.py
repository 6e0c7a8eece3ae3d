"""Signs of life: every running process keeps one row, and everyone reads them.

Web and worker beat by themselves every few seconds. The qcluster beats through a schedule, so that
its row says more than "a process exists": a task went all the way through its queue.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import QuerySet
from django.utils import timezone

from sites.models import Heartbeat, ProcessKind

BEAT_SECONDS: Final = 5.0
STALE_AFTER: Final = {
    ProcessKind.WEB: timedelta(seconds=30),
    ProcessKind.WORKER: timedelta(seconds=30),
    # Its schedule runs once a minute and is looked at every half minute.
    ProcessKind.QCLUSTER: timedelta(seconds=180),
}
FORGOTTEN_AFTER: Final = timedelta(days=1)
SUPERVISOR_VARIABLE: Final = "PATCHBAY_SUPERVISOR"

log = structlog.get_logger(__name__)
# Which row this process owns; keyed by pid, because a fork inherits the mapping.
_started: set[tuple[int, str]] = set()


def beat(kind: ProcessKind | str, *, process_id: int | None = None) -> None:
    """Record that this process is alive, or the one given when another process speaks for it."""
    process_id = process_id or os.getpid()
    kind = ProcessKind(kind)
    host = platform.node()
    name = f"{kind}-{host}-{process_id}"[:120]
    now = timezone.now()
    if (process_id, name) in _started and _rows(name).update(beat_at=now):
        return
    # A number can have belonged to a process of an earlier boot: its row starts over.
    fresh = {
        "kind": kind,
        "host": host,
        "process_id": process_id,
        "supervisor": os.environ.get(SUPERVISOR_VARIABLE, ""),
        "started_at": now,
        "beat_at": now,
    }
    Heartbeat.objects.update_or_create(name=name, defaults=fresh)
    _started.add((process_id, name))


def _rows(name: str) -> QuerySet[Heartbeat]:
    return Heartbeat.objects.filter(name=name)


def beat_qcluster() -> None:
    """Record that the qcluster works off tasks. Runs in one of its workers, as a schedule."""
    # Workers are recycled; their parent, the sentinel, lives as long as the cluster does.
    beat(ProcessKind.QCLUSTER, process_id=os.getppid())


def live_processes(kind: ProcessKind | str) -> QuerySet[Heartbeat]:
    """Return the rows of this kind whose last beat is recent, freshest first."""
    kind = ProcessKind(kind)
    return Heartbeat.objects.filter(
        kind=kind, beat_at__gte=timezone.now() - STALE_AFTER[kind]
    ).order_by("-beat_at")


def has_live_worker() -> bool:
    """Say whether any worker, on any machine, works off received events."""
    return live_processes(ProcessKind.WORKER).exists()


def last_beat_age(kind: ProcessKind | str) -> timedelta | None:
    """Return how long ago any process of this kind last beat, or None when none ever did."""
    newest = Heartbeat.objects.filter(kind=kind).order_by("-beat_at").first()
    return None if newest is None else max(timezone.now() - newest.beat_at, timedelta())


def heartbeats_prune() -> int:
    """Forget processes that have not beaten for a day; return how many."""
    deleted, _ = Heartbeat.objects.filter(beat_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
    return deleted


def heartbeat_end(kind: ProcessKind | str) -> None:
    """Remove this process's row: it ends on purpose and is not missed."""
    _rows(f"{ProcessKind(kind)}-{platform.node()}-{os.getpid()}"[:120]).delete()


class HeartbeatThread(threading.Thread):
    """Beats for a process that has no loop of its own, on a connection of its own."""

    def __init__(
        self,
        kind: ProcessKind,
        *,
        every_seconds: float = BEAT_SECONDS,
        record: Callable[[ProcessKind], None] = beat,
    ) -> None:
        super().__init__(name=f"heartbeat-{kind}", daemon=True)
        self.kind = kind
        self._every_seconds = every_seconds
        self._record = record
        self._ended = threading.Event()

    def run(self) -> None:
        failing = False
        while not self._ended.is_set():
            try:
                close_old_connections()
                self._record(self.kind)
                failing = False
            except (DatabaseError, InterfaceError) as error:
                connection.close()
                if not failing:  # once per outage, not once per beat
                    log.warning("heartbeat failed", kind=self.kind, error=type(error).__name__)
                failing = True
            self._ended.wait(self._every_seconds)
        connection.close()

    def end(self) -> None:
        self._ended.set()
