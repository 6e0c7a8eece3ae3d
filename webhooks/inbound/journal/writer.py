"""The thread that writes: takes what arrived while the last commit ran, never lingers.

One per process, started with the web process or by the first request, owner of the only database
connection that reception uses. Between batches it runs its chores: refreshing the directory of
sources, writing down rejected requests and the use of API keys.
"""

# ruff: noqa: TRY400 - the text of a database error, or of a preset's, may quote a row.

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from django.db import Error, InterfaceError, OperationalError, connection

from webhooks.inbound.journal.entry import Appended, JournalBusy, JournalEntry, JournalFailed
from webhooks.inbound.journal.storage import store

logger = logging.getLogger(__name__)

Chore = Callable[[], None]

MOST_WAITING: Final = 4_000
MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
MOST_PER_BATCH: Final = 500
MOST_BYTES_PER_BATCH: Final = 16 * 1024 * 1024
CHORE_SECONDS: Final = 0.4
# Longer than SQLite waits for a lock: the writer's own answer comes first.
LONGEST_WAIT_SECONDS: Final = 30.0
_BACK_OFF_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
# The connection is at fault, not a row; retrying row by row would only repeat it.
_CONNECTION_ERRORS: Final = (OperationalError, InterfaceError)


class _Ticket:
    """One waiting request. A bare lock is the cheapest thing that wakes one thread."""

    __slots__ = ("_done", "appended", "entry", "error")

    def __init__(self, entry: JournalEntry) -> None:
        self.entry = entry
        self.appended: Appended | None = None
        self.error: Exception | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def resolve(self, appended: Appended) -> None:
        self.appended = appended
        self._done.release()

    def fail(self, error: Exception) -> None:
        self.error = error
        self._done.release()

    def wait(self) -> Appended:
        if not self._done.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise JournalFailed("The database did not answer in time.")
        if self.appended is None:
            raise JournalFailed("The event was not stored.") from self.error
        return self.appended


class JournalWriter:
    """The queue and its thread; both belong to one process and are made anew after a fork."""

    def __init__(self) -> None:
        self._chores: list[Chore] = []
        self._clear()

    def _clear(self) -> None:
        # An event in the queue asks for a round of chores.
        self._queue: SimpleQueue[_Ticket | threading.Event] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_stopping = False
        self._waiting = 0
        self._waiting_bytes = 0
        self._failures = 0
        self._away_until = 0.0

    def add_chore(self, chore: Chore) -> None:
        """Have the thread call this every `CHORE_SECONDS`; what it raises is logged."""
        self._chores.append(chore)

    def start(self) -> None:
        """Have the thread run, and its chores with it, before anything comes in."""
        with self._lock:
            self._ensure_thread()

    def append(self, entries: Sequence[JournalEntry]) -> list[Appended]:
        """Have all entries written, and return when they are; none is taken when one is too many.

        They are not one unit: when it raises, some of them may have been stored.
        """
        size = sum(len(entry.body) for entry in entries)
        with self._lock:
            if self._away_until > time.monotonic():
                raise JournalFailed("The database is away.")
            if self._waiting + len(entries) > MOST_WAITING or (
                self._waiting and self._waiting_bytes + size > MOST_WAITING_BYTES
            ):
                raise JournalBusy("Too many events wait to be stored.")
            self._waiting += len(entries)
            self._waiting_bytes += size
            self._ensure_thread()
        tickets = [_Ticket(entry) for entry in entries]
        for ticket in tickets:
            self._queue.put(ticket)
        return [ticket.wait() for ticket in tickets]

    def run_chores(self, timeout_seconds: float = 10.0) -> bool:
        """Have the thread run its chores now; True when it did so in time."""
        done = threading.Event()
        with self._lock:
            self._ensure_thread()
        self._queue.put(done)
        return done.wait(timeout_seconds)

    def stop(self) -> None:
        """Write what waits, end the thread and close its connection; the next append restarts."""
        thread = self._thread
        if thread is not None:
            self._is_stopping = True
            self._queue.put(threading.Event())
            thread.join(timeout=LONGEST_WAIT_SECONDS)
        self._clear()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            # Not a daemon: Python waits for it at exit, and it ends when the main thread has.
            self._thread = threading.Thread(target=self._run, name="journal", daemon=False)
            self._thread.start()

    def _run(self) -> None:
        next_chores_at = time.monotonic() + CHORE_SECONDS
        try:
            while True:
                batch, asked = self._take(max(0.0, next_chores_at - time.monotonic()))
                if batch:
                    self._write(batch)
                if asked or time.monotonic() >= next_chores_at:
                    self._run_chores()
                    next_chores_at = time.monotonic() + CHORE_SECONDS
                for event in asked:
                    event.set()
                if self._is_over() and self._queue.empty():
                    # What was counted since the last round would be lost.
                    self._run_chores()
                    return
        finally:
            connection.close()

    def _is_over(self) -> bool:
        return self._is_stopping or not threading.main_thread().is_alive()

    def _take(self, patience_seconds: float) -> tuple[list[_Ticket], list[threading.Event]]:
        """Return what waits, up to one batch; wait only for the first."""
        batch: list[_Ticket] = []
        asked: list[threading.Event] = []
        size = 0
        try:
            item = self._queue.get(timeout=patience_seconds)
            while True:
                if isinstance(item, _Ticket):
                    batch.append(item)
                    size += len(item.entry.body)
                else:
                    asked.append(item)
                if len(batch) >= MOST_PER_BATCH or size >= MOST_BYTES_PER_BATCH:
                    break
                item = self._queue.get_nowait()
        except Empty:
            pass
        return batch, asked

    def _write(self, batch: Sequence[_Ticket]) -> None:
        try:
            self._commit(batch)
        except Exception as error:
            logger.error("journal batch failed: %s", type(error).__name__)
            for ticket in batch:
                ticket.fail(error)
        finally:
            with self._lock:
                self._waiting -= len(batch)
                self._waiting_bytes -= sum(len(ticket.entry.body) for ticket in batch)

    def _commit(self, batch: Sequence[_Ticket]) -> None:
        entries = [ticket.entry for ticket in batch]
        try:
            results = self._stored(entries)
        except _CONNECTION_ERRORS as error:
            self._back_off(error)
            raise
        except Error as error:
            logger.warning("journal stores row by row: %s", type(error).__name__)
            self._commit_one_by_one(batch)
            return
        self._failures = 0
        for ticket, appended in zip(batch, results, strict=True):
            ticket.resolve(appended)

    def _stored(self, entries: Sequence[JournalEntry]) -> list[Appended]:
        try:
            return store(entries)
        except _CONNECTION_ERRORS:
            # The server was restarted, or broke a deadlock in our disfavour. If the lost answer
            # was a commit, the second try finds our own ids and counts them as stored.
            connection.close()
            return store(entries)

    def _commit_one_by_one(self, batch: Sequence[_Ticket]) -> None:
        for ticket in batch:
            try:
                ticket.resolve(store([ticket.entry])[0])
            except Exception as error:
                logger.error("journal entry failed: %s", type(error).__name__)
                ticket.fail(error)

    def _back_off(self, error: Exception) -> None:
        connection.close()
        pause = _BACK_OFF_SECONDS[min(self._failures, len(_BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        self._away_until = time.monotonic() + pause
        logger.error("journal database is away: %s, next try in %s s", type(error).__name__, pause)

    def _run_chores(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception as error:
                logger.error("reception chore failed: %s", type(error).__name__)
                if isinstance(error, _CONNECTION_ERRORS):
                    connection.close()


journal_writer = JournalWriter()
os.register_at_fork(after_in_child=journal_writer._clear)
