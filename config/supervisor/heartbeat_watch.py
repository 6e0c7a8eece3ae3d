"""Which children have fallen silent, judged by their heartbeat rows.

Only changes of rows count, on this machine's monotonic clock: no jump of a clock and no other
machine's clock can make a child look dead. Silence is measured up to the last successful look, so
that a database which is down, slow or gone condemns nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import close_old_connections, connection
from django.db.models import Q

from sites.models import Heartbeat, ProcessKind

LOOK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Beat:
    """One row: who, and the time in it, which is only compared with itself."""

    kind: str
    process_id: int
    at: datetime


def beats_of(supervisor: str) -> list[Beat]:
    """Return the rows of this supervisor's children, and of every qcluster.

    All qclusters work off one queue, and each run of the heartbeat schedule is taken by one of
    them: where several machines share a database, a quiet one is not a dead one.
    """
    rows = Heartbeat.objects.filter(Q(supervisor=supervisor) | Q(kind=ProcessKind.QCLUSTER))
    return [Beat(*row) for row in rows.values_list("kind", "process_id", "beat_at")]


class Silence:
    """When each row last changed, as far as we could look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[tuple[str, int], tuple[datetime, float]] = {}
        self._looked_at: float | None = None
        self._counts_from = float("-inf")

    def saw(self, beats: Iterable[Beat], now: float) -> None:
        with self._lock:
            current: dict[tuple[str, int], tuple[datetime, float]] = {}
            for beat in beats:
                key = (beat.kind, beat.process_id)
                before = self._changed.get(key)
                current[key] = before if before and before[0] == beat.at else (beat.at, now)
            self._changed = current
            if self._looked_at is None:
                self._counts_from = now
            self._looked_at = now

    def could_not_look(self) -> None:
        """Start counting anew at the next look: nobody could beat meanwhile."""
        with self._lock:
            self._looked_at = None

    def is_silent(
        self,
        kind: ProcessKind,
        *,
        since: float,
        is_member: Callable[[int], bool],
        stale_after_seconds: float,
        start_allowance_seconds: float,
    ) -> bool:
        """Say whether a child started at `since` has been silent for too long."""
        with self._lock:
            if self._looked_at is None:
                return False
            marks = [
                at
                for (row_kind, process_id), (_, at) in self._changed.items()
                if row_kind == kind and (kind is ProcessKind.QCLUSTER or is_member(process_id))
            ]
            start = max(since, self._counts_from)
            # One silent web process of several is enough; of the qclusters, one voice is.
            last = (max if kind is ProcessKind.QCLUSTER else min)(marks, default=start)
            allowed = stale_after_seconds if marks else start_allowance_seconds
            return self._looked_at - max(last, start) > allowed


class HeartbeatWatch(threading.Thread):
    """Looks at the rows every few seconds, away from the supervisor's own loop."""

    def __init__(
        self, read: Callable[[], list[Beat]], *, every_seconds: float = LOOK_SECONDS
    ) -> None:
        super().__init__(name="heartbeat-watch", daemon=True)
        self.silence = Silence()
        # Why the last look failed, in one word; empty when it did not.
        self.trouble = ""
        self._read = read
        self._every_seconds = every_seconds
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._every_seconds):
            self.look()
        connection.close()

    def look(self) -> None:
        try:
            close_old_connections()
            beats = self._read()
        except Exception as error:  # a watch that ended would leave hung children alone for ever
            self.silence.could_not_look()
            connection.close()
            self.trouble = type(error).__name__
        else:
            self.silence.saw(beats, time.monotonic())
            self.trouble = ""

    def end(self) -> None:
        self._ended.set()
