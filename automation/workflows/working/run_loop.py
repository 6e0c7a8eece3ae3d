"""The third loop of a worker: one thread with one connection, and a few for outside calls."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, reset_queries

from automation.workflows.waking import RUNS
from automation.workflows.working.claims import (
    CALLS_AT_ONCE,
    claim_calls,
    claim_runs,
    claim_steps,
    release_all,
)
from automation.workflows.working.due_runs import runs_work
from automation.workflows.working.due_steps import call_work, steps_work
from common.lease_owner import new_owner
from webhooks.waking import Bell, Waiting, waiting_for

# Longer than an outside call may take, with what is stored before and after it.
STUCK_SECONDS: Final = 120.0
_FIRST_RECOVERY_SECONDS: Final = 0.2
_LONGEST_RECOVERY_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class Until(Enum):
    """When the loop ends by itself."""

    STOPPED = "stopped"
    ONE_BATCH = "one batch"
    NOTHING_DUE = "nothing due"


class RunEngine:
    """Works off what is due of workflows, in a thread of its own or within one call."""

    def __init__(self, *, on_failure: Callable[[], None] = lambda: None) -> None:
        self.owner = new_owner()
        self.error: BaseException | None = None
        self._on_failure = on_failure
        self._bell = Bell()
        self._thread: threading.Thread | None = None
        self._turned_at = time.monotonic()
        self._is_stopping = False

    def start(self) -> None:
        """Work until stopped; a failure of the loop is told by `on_failure`."""
        waiting = waiting_for(RUNS, connection.alias, self._bell)
        self._thread = threading.Thread(target=self._work, args=(waiting,), name="workflow-runs")
        self._thread.start()

    def stop(self) -> None:
        """Claim nothing more, let the batch at hand end. A signal handler may call it."""
        self._is_stopping = True
        self._bell.ring()

    def join(self) -> None:
        """Wait for the end after `stop`, and for calls that are under way."""
        if self._thread is not None:
            self._thread.join(settings.WORKER_GRACE_SECONDS + STUCK_SECONDS)

    def is_well(self) -> bool:
        """Say whether the loop turns."""
        return self.error is None and time.monotonic() - self._turned_at < STUCK_SECONDS

    def run(self, until: Until) -> int:
        """Work once, or until nothing is due; return how much was done. Raises database errors."""
        total = 0
        try:
            while not self._is_stopping:
                worked = self._round()
                total += worked
                if until is Until.ONE_BATCH or not worked:
                    break
            release_all(self.owner)
        finally:
            self._bell.close()
        return total

    def _work(self, waiting: Waiting) -> None:
        try:
            self._turn_until_stopped(waiting)
        except BaseException as error:
            self.error = error
            log.exception("workflow runs ended by an error", error=type(error).__name__)
            self._on_failure()
        finally:
            waiting.close()
            self._bell.close()
            connection.close()

    def _turn_until_stopped(self, waiting: Waiting) -> None:
        pause = _FIRST_RECOVERY_SECONDS
        while not self._is_stopping:
            self._turned_at = time.monotonic()
            try:
                worked = self._round()
            except (DatabaseError, InterfaceError) as error:
                log.warning("database error", error=type(error).__name__, again_in_seconds=pause)
                connection.close()
                select.select([self._bell], [], [], pause)
                pause = min(pause * 2, _LONGEST_RECOVERY_SECONDS)
                continue
            pause = _FIRST_RECOVERY_SECONDS
            if worked:
                waiting.was_busy()
            else:
                waiting.wait()
        try:
            release_all(self.owner)
        except (DatabaseError, InterfaceError) as error:
            # The leases end by themselves.
            log.warning("runs ended without their database", error=type(error).__name__)

    def _round(self) -> int:
        if settings.DEBUG:
            reset_queries()  # Django keeps every statement, and ours carry whole batches
        runs = claim_runs(self.owner)
        runs_work(self.owner, runs)
        steps = claim_steps(self.owner)
        steps_work(self.owner, steps)
        calls = [] if self._is_stopping else claim_calls(self.owner)
        self._call(calls)
        return len(runs) + len(steps) + len(calls)

    def _call(self, step_ids: Sequence[UUID]) -> None:
        """Call other systems side by side: one that does not answer delays few."""
        if len(step_ids) <= 1:
            for step_id in step_ids:
                call_work(self.owner, step_id)
            return
        with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="workflow-call") as threads:
            for done in [threads.submit(_call_and_close, self.owner, each) for each in step_ids]:
                done.result()


def _call_and_close(owner: str, step_id: UUID) -> None:
    try:
        call_work(owner, step_id)
    finally:
        connection.close()
