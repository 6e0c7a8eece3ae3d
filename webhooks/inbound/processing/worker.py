"""The first loop of `manage.py worker`: claim, process, and when nothing waits, wait."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, reset_queries

from common.database_trouble import is_environment_error
from common.lease_owner import new_owner
from sites.heartbeats import BEAT_SECONDS, beat, heartbeat_end
from sites.models import ProcessKind
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import claim_fresh, claim_retry, release_all
from webhooks.inbound.upkeep.maintenance import reap_expired_leases
from webhooks.waking import RECEIVED, Bell, waiting_for

# Events that were tried before are claimed alone; fresh ones get their turn in between.
RETRIES_A_ROUND: Final = 25
FIRST_RECOVERY_SECONDS: Final = 0.2
LONGEST_RECOVERY_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class Until(Enum):
    """When a worker ends by itself."""

    STOPPED = "stopped"
    ONE_BATCH = "one batch"
    NOTHING_DUE = "nothing due"


class Timer:
    """Says when an interval has passed; the first time at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = 0.0

    def is_due(self) -> bool:
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + self._seconds
        return True


class Worker:
    """One process that works off received events. `stop` may be called by a signal handler.

    It beats for the whole process: only as long as `is_well` says so of whatever else runs there.
    `after_work` is called when events were worked off and committed.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        is_well: Callable[[], bool] = lambda: True,
        after_work: Callable[[], None] = lambda: None,
    ) -> None:
        self.owner = new_owner()
        self._batch_size = batch_size
        self._is_well = is_well
        self._after_work = after_work
        self._processing = Processing(self.owner, pulse=self._beat)
        self._bell = Bell()
        self._waiting = waiting_for(RECEIVED, connection.alias, self._bell)
        self._is_stopping = False
        self._has_to_release = False
        self._recovery_seconds = FIRST_RECOVERY_SECONDS
        self._beat_timer = Timer(BEAT_SECONDS)
        self._reap_timer = Timer(min(5.0, max(0.25, settings.WORKER_LEASE_SECONDS / 4)))

    def stop(self) -> None:
        """Let the batch at hand end, then let `run` return."""
        self._is_stopping = True
        self._bell.ring()

    def run(self, until: Until = Until.STOPPED) -> int:
        """Work, and return how many events were claimed.

        A run until stopped outlives any error of the database; the shorter ones raise it.
        """
        log.info("worker started", owner=self.owner)
        total = 0
        while not self._is_stopping:
            try:
                worked = self._round()
            except (DatabaseError, InterfaceError) as error:
                if until is not Until.STOPPED:
                    raise
                self._recover(error)
                continue
            self._recovery_seconds = FIRST_RECOVERY_SECONDS
            total += worked
            if until is Until.ONE_BATCH or (until is Until.NOTHING_DUE and not worked):
                break
            if worked:
                self._waiting.was_busy()
            else:
                self._waiting.wait()
        self._end(total)
        return total

    def _round(self) -> int:
        if settings.DEBUG:
            reset_queries()  # Django keeps every statement, and ours carry whole batches
        if self._has_to_release:
            release_all(self.owner)
            self._has_to_release = False
        self._beat()
        if self._reap_timer.is_due():
            reap_expired_leases()
        started = time.monotonic()
        fresh = claim_fresh(self.owner, limit=self._batch_size)
        self._processing.process(fresh)
        worked = len(fresh) + self._retry_some()
        if worked:
            milliseconds = round((time.monotonic() - started) * 1000)
            log.debug("events worked off", events=worked, milliseconds=milliseconds)
            self._after_work()
        return worked

    def _retry_some(self) -> int:
        for done in range(RETRIES_A_ROUND):
            claimed = [] if self._is_stopping else claim_retry(self.owner)
            if not claimed:
                return done
            self._processing.process(claimed)
        return RETRIES_A_ROUND

    def _beat(self) -> None:
        # Its row goes stale when any part is stuck, and then the supervisor starts it anew.
        if self._beat_timer.is_due() and self._is_well():
            beat(ProcessKind.WORKER)

    def _recover(self, error: Exception) -> None:
        log.warning(
            "database error", error=type(error).__name__, again_in_seconds=self._recovery_seconds
        )
        # The attempt is given back only when it was not the events' fault. Otherwise their lease
        # runs out and counts.
        self._has_to_release |= is_environment_error(error)
        connection.close()
        select.select([self._bell], [], [], self._recovery_seconds)
        self._recovery_seconds = min(self._recovery_seconds * 2, LONGEST_RECOVERY_SECONDS)

    def _end(self, total: int) -> None:
        try:
            release_all(self.owner)
            heartbeat_end(ProcessKind.WORKER)
        except (DatabaseError, InterfaceError) as error:
            # The lease ends by itself, and a row that nobody beats goes stale.
            log.warning("worker ended without its database", error=type(error).__name__)
        self._waiting.close()
        self._bell.close()
        log.info("worker ended", owner=self.owner, events=total)
