"""The one thread, with its one connection, that does the database work of a loop."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from django.db import connection

Result = TypeVar("Result")


class _Task(NamedTuple):
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]


class DatabaseThread:
    """Does one piece of work after the other in whichever thread calls `serve`."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._busy_since: float | None = None

    async def run(self, work: Callable[[], Result]) -> Result:
        """Have the work done and return its result; called inside a loop."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()
        self._tasks.put(_Task(work, loop, done))
        return await done

    def serve(self) -> None:
        """Do what comes, until `end`."""
        while (task := self._tasks.get()) is not None:
            self._busy_since = time.monotonic()
            try:
                end: Any = task.work()
                failed = False
            except Exception as error:  # raised again where it was asked for
                end, failed = error, True
            self._busy_since = None
            with suppress(RuntimeError):  # the loop has ended meanwhile
                task.loop.call_soon_threadsafe(_settle, task.done, end, failed)

    def serve_and_close(self) -> None:
        """Do what comes, on a connection that ends with it: the target of a thread."""
        try:
            self.serve()
        finally:
            connection.close()

    def end(self) -> None:
        self._tasks.put(None)

    def busy_seconds(self) -> float:
        """Return for how long the work at hand has been going on."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since


def _settle(done: asyncio.Future[Any], end: Any, failed: bool) -> None:
    if done.done():
        return
    if failed:
        done.set_exception(end)
    else:
        done.set_result(end)
