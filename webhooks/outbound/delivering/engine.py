"""The second loop of a worker: claims due deliveries, sends many at once, records in bulk.

The loop has a thread of its own and never touches the database; a second thread does that, with
one connection. `DeliveryEngine` is what the command starts, wakes and stops.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
import uvloop
from django.conf import settings
from django.db import connection

from common.lease_owner import new_owner
from webhooks.outbound.delivering.database_thread import DatabaseThread
from webhooks.outbound.delivering.database_work import DatabaseWork
from webhooks.outbound.delivering.delivery_loop import DeliveryLoop, Until
from webhooks.waking import EVENTS, Bell, waiting_for

# Without a sign of life for this long, the loop or its database is stuck.
STUCK_SECONDS: Final = 20.0
STUCK_DATABASE_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


class DeliveryEngine:
    """Delivers, in threads of its own or within the time of one call."""

    def __init__(self, *, on_failure: Callable[[], None] = lambda: None) -> None:
        self.owner = new_owner()
        self.error: BaseException | None = None
        self._on_failure = on_failure
        self._database = DatabaseThread()
        self._loop = DeliveryLoop(self._database, DatabaseWork(self.owner))
        self._threads: list[threading.Thread] = []
        self._bell = Bell()
        self._is_stopping = False

    def start(self) -> None:
        """Deliver until stopped; a failure of the loop is told by `on_failure`."""
        self._threads = [
            threading.Thread(target=self._database.serve_and_close, name="delivery-database"),
            threading.Thread(target=self._deliver, name="delivery-loop"),
            threading.Thread(target=self._listen, args=(connection.alias,), name="delivery-waking",
                             daemon=True),
        ]  # fmt: skip
        for thread in self._threads:
            thread.start()

    def run(self, until: Until) -> int:
        """Deliver once, or until nothing is due, on the caller's connection; return the attempts.

        Raises what the database raised.
        """
        thread = threading.Thread(target=self._deliver, args=(until,), name="delivery-loop")
        thread.start()
        self._database.serve()
        thread.join()
        if self.error is not None:
            raise self.error
        return self._loop.attempts

    def wake(self) -> None:
        """Look for due deliveries now; called from any thread."""
        self._loop.wake()

    def stop(self) -> None:
        """Claim nothing more, let what is under way end. A signal handler may call it."""
        self._is_stopping = True
        self._loop.stop()
        self._bell.ring()

    def join(self) -> None:
        """Wait for the end after `stop`; the time for that is `WORKER_GRACE_SECONDS`."""
        for thread in self._threads:
            if not thread.daemon:
                thread.join(settings.WORKER_GRACE_SECONDS + STUCK_SECONDS)

    def is_well(self) -> bool:
        """Say whether the loop turns and its database answers."""
        return (
            self.error is None
            and self._loop.seconds_since_turn() < STUCK_SECONDS
            and self._database.busy_seconds() < STUCK_DATABASE_SECONDS
        )

    def _deliver(self, until: Until = Until.STOPPED) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._loop.run(until))
        except BaseException as error:
            self.error = error
            log.exception("deliveries ended by an error", error=type(error).__name__)
            self._on_failure()
        finally:
            self._database.end()

    def _listen(self, using: str) -> None:
        waiting = waiting_for(EVENTS, using, self._bell)
        while not self._is_stopping:
            started = time.monotonic()
            waiting.wait()
            if self._loop.was_busy_since(started):
                waiting.was_busy()
            self._loop.wake()
        waiting.close()
