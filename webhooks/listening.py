"""How a loop of a worker waits on PostgreSQL: for a notification, which only wakes."""

from __future__ import annotations

import select
from typing import Any

import psycopg

from webhooks import waking
from webhooks.waking import Bell


class Listening:
    """Waits for a notification on a connection of its own, and looks once a second besides."""

    def __init__(self, channel: str, bell: Bell, parameters: dict[str, Any]) -> None:
        self._channel = channel
        self._bell = bell
        self._parameters = parameters
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self) -> None:
        try:
            if self._connection is None:
                # Returns at once: what was stored before this moment notified nobody here.
                self._connection = self._listen()
                return
            self._wait_on(self._connection)
        except psycopg.OperationalError:
            self.close()
            select.select([self._bell], [], [], waking.POLL_SECONDS)

    def was_busy(self) -> None:
        return

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(**self._parameters, autocommit=True)
        connection.execute(f"LISTEN {self._channel}")
        return connection

    def _wait_on(self, connection: psycopg.Connection[Any]) -> None:
        watched = [self._bell.fileno(), connection.fileno()]
        ready, _, _ = select.select(watched, [], [], waking.POLL_SECONDS)
        if connection.fileno() in ready:
            # One look serves all notifications that came meanwhile.
            for _notification in connection.notifies(timeout=0):
                pass
