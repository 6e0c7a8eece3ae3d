"""Results on their way from the loop to the database: in bulk, and kept while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError

from webhooks.outbound.delivering.attempt import Tried
from webhooks.outbound.delivering.database_thread import DatabaseThread
from webhooks.outbound.delivering.database_work import DatabaseWork
from webhooks.outbound.delivering.unit import Unit

RECORDED_TOGETHER: Final = 200
RECORDED_AFTER_SECONDS: Final = 0.05
# Beyond this, the database does not keep up, and nothing more is claimed.
MOST_UNRECORDED: Final = 2_000
FIRST_RECOVERY_SECONDS: Final = 0.2
LONGEST_RECOVERY_SECONDS: Final = 5.0
# With the database away, a worker that is stopped does not wait for it any longer.
FINISHED_SECONDS: Final = 10.0

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class Recorder:
    """Takes results and units that were not sent; `wake` is called when all are recorded."""

    def __init__(
        self, database: DatabaseThread, work: DatabaseWork, wake: Callable[[], object]
    ) -> None:
        self.error: Exception | None = None
        self._database = database
        self._work = work
        self._wake = wake
        self._results: list[Tried] = []
        self._unsent: list[Unit] = []
        self._unrecorded = 0
        self._has_results = asyncio.Event()
        self._is_full = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        return self._unrecorded > MOST_UNRECORDED

    @property
    def has_work(self) -> bool:
        return bool(self._unrecorded or self._unsent)

    def add(self, result: Tried) -> None:
        self._unrecorded += 1
        self._results.append(result)
        self._has_results.set()
        if len(self._results) >= RECORDED_TOGETHER:
            self._is_full.set()

    def hand_back(self, units: Sequence[Unit]) -> None:
        """Have the leases of units ended that will not be sent now."""
        if units:
            self._unsent += units
            self._has_results.set()

    async def finish(self) -> None:
        """Record all there is; raises what the database raises, or TimeoutError."""
        async with asyncio.timeout(FINISHED_SECONDS):
            while self.has_work:
                await self._record(raises=True)
                await asyncio.sleep(0.002)  # `run` may be at it with what came before

    async def run(self, *, raises: bool) -> None:
        """Record results every 200 or 50 ms, whichever comes first."""
        while True:
            await self._has_results.wait()
            try:
                async with asyncio.timeout(RECORDED_AFTER_SECONDS):
                    await self._is_full.wait()
            except TimeoutError:
                pass
            self._has_results.clear()
            self._is_full.clear()
            try:
                await self._record(raises=raises)
            except Exception as error:  # the loop ends, and raises it
                self.error = error
                self._wake()
                return

    async def _record(self, *, raises: bool) -> None:
        results, self._results = self._results, []
        unsent, self._unsent = self._unsent, []
        if results:
            await self.persist(lambda: self._work.record(results), raises=raises)
            self._unrecorded -= len(results)
            if not self._unrecorded or any(_is_due(result) for result in results):
                self._wake()
        if unsent:
            await self.persist(lambda: self._work.release(unsent), raises=raises)

    async def persist(
        self,
        work: Callable[[], Result],
        *,
        raises: bool,
        gives_up: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Have work done in the database, again and again while that is away."""
        pause = FIRST_RECOVERY_SECONDS
        while True:
            try:
                return await self._database.run(work)
            except (DatabaseError, InterfaceError) as error:
                if raises or gives_up():
                    raise
                log.warning("database error", error=type(error).__name__, again_in_seconds=pause)
                await self._database.run(self._work.recover)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RECOVERY_SECONDS)


def _is_due(result: Tried) -> bool:
    due_at = result.decision.due_at
    return due_at is not None and (due_at - result.started_at).total_seconds() < 1
