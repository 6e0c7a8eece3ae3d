"""How an idle loop of a worker learns that there is something to do.

PostgreSQL notifies at the commit of whoever stored rows, on one channel for each loop. SQLite has
no such thing: there the worker looks, often after it was busy and less often the longer it is idle.
"""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import Final, Protocol

from django.db import connections

RECEIVED: Final = "patchbay_received"  # there are received events to process
EVENTS: Final = "patchbay_events"  # there are deliveries to send
# Also finds what no notification tells of: rows that become due, and leases given back.
POLL_SECONDS: Final = 1.0
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.25


def wake_workers(channel: str, using: str = "default") -> None:
    """Wake whoever waits on the channel when the current transaction commits, at once outside."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {channel}")


class Bell:
    """Ends any wait at once; a signal handler may ring it, at any time."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._is_closed = False
        # A handler may interrupt the thread that holds it.
        self._lock = threading.RLock()

    def ring(self) -> None:
        # One loop may have ended while another rings, or a second signal comes; by then another
        # file may have the number.
        with self._lock:
            if self._is_closed:
                return
            with suppress(BlockingIOError):  # it has been ringing for a while
                os.write(self._writer, b"!")

    def fileno(self) -> int:
        return self._reader

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            os.close(self._reader)
            os.close(self._writer)


class Waiting(Protocol):
    """A way to wait for rows."""

    def wait(self) -> None:
        """Return when there may be something to do, or at the next look, or when rung."""

    def was_busy(self) -> None:
        """Take note that there was something to do."""

    def close(self) -> None: ...


class Polling:
    """Waits ever longer while idle."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def wait(self) -> None:
        select.select([self._bell], [], [], self._pause_seconds)
        self._pause_seconds = min(self._pause_seconds * 1.5, LONGEST_PAUSE_SECONDS)

    def was_busy(self) -> None:
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def close(self) -> None:
        return


def waiting_for(channel: str, using: str, bell: Bell) -> Waiting:
    """Return the way to wait that the database has."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return Polling(bell)
    parameters = connection.get_connection_params()
    # Django's own keys for its wrapper; the rest is libpq's.
    for name in ("cursor_factory", "context", "server_side_binding", "pool"):
        parameters.pop(name, None)
    # Only here: on SQLite nobody needs the driver, which takes 9 MB of a worker.
    from webhooks.listening import Listening

    return Listening(channel, bell, parameters)
