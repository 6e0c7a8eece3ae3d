"""The asyncio side of the engine: claims, calls, results."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from common.database_trouble import is_environment_error
from common.http.async_client import AsyncClient
from webhooks.outbound.building import Sendable
from webhooks.outbound.delivering.attempt import Tried
from webhooks.outbound.delivering.database_thread import DatabaseThread
from webhooks.outbound.delivering.database_work import DatabaseWork
from webhooks.outbound.delivering.lanes import Lane
from webhooks.outbound.delivering.recorder import Recorder
from webhooks.outbound.delivering.sending import send_unit
from webhooks.outbound.delivering.sharing import Claimed
from webhooks.outbound.delivering.slots import Slots
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

# Large payloads are held in memory by this many at once.
MOST_LARGE: Final = 16
MOST_CLAIMED: Final = 512
_LEAST_PAUSE: Final = 0.005
_IDLE_SECONDS: Final = 1.0
# Until the database says for certain that a subscription is slowed or disabled.
_REST: Final = 2.0
_OVERLOADED: Final = frozenset(("timeout", "reset", "refused", "dns", "tls", "protocol"))

log = structlog.get_logger(__name__)


class Until(Enum):
    """When the deliveries end by themselves."""

    STOPPED = "stopped"
    ONE_BATCH = "one batch"
    NOTHING_DUE = "nothing due"


class DeliveryLoop:
    """All that one worker delivers. `wake` and `stop` may be called from any thread."""

    def __init__(self, database: DatabaseThread, work: DatabaseWork) -> None:
        self.attempts = 0
        self._database = database
        self._work = work
        self._slots = Slots(settings.WORKER_DELIVERIES)
        self._subscriptions: Mapping[int, SubscriptionSnapshot] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_more = False
        self._is_starting = False
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._large = asyncio.Semaphore(MOST_LARGE)
        self._turned_at = time.monotonic()
        self._busy_at = 0.0
        self._recorder = Recorder(database, work, self._woken.set)

    def wake(self) -> None:
        self._soon(self._woken.set)

    def stop(self) -> None:
        self._is_stopping = True
        self._soon(self._woken.set)

    def seconds_since_turn(self) -> float:
        return time.monotonic() - self._turned_at

    def was_busy_since(self, moment: float) -> bool:
        return self._busy_at >= moment

    async def run(self, until: Until) -> None:
        self._loop = asyncio.get_running_loop()
        is_short = until is not Until.STOPPED
        helpers = [asyncio.create_task(self._recorder.run(raises=is_short)),
                   asyncio.create_task(self._tick())]  # fmt: skip
        async with AsyncClient() as self._client:
            try:
                while not self._is_stopping and await self._round(until):
                    pass
            finally:
                await self._drain()
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
        if self._recorder.error is not None:
            raise self._recorder.error

    async def _round(self, until: Until) -> bool:
        """Claim once and wait for what comes next; return whether to go on."""
        self._woken.clear()
        started = time.monotonic()
        was_empty = self._is_empty()
        is_short = until is not Until.STOPPED
        try:
            claimed = await self._recorder.persist(
                lambda: self._claim(is_short), raises=is_short, gives_up=lambda: self._is_stopping
            )
        except (DatabaseError, InterfaceError):
            if is_short:
                raise
            return False
        taken = time.monotonic() - started
        self._take(claimed, started)
        if until is Until.ONE_BATCH or self._recorder.error is not None:
            return False
        if claimed.units:
            self._busy_at = time.monotonic()
        elif is_short and was_empty and not claimed.paced:
            return False
        # Few come one by one: looked for less often, they are claimed together.
        await asyncio.sleep(_LEAST_PAUSE if self._has_more else _LEAST_PAUSE + 2 * taken)
        if not (self._has_more and self._slots.is_low):
            await self._wait(self._slots.idle_seconds(time.monotonic(), _IDLE_SECONDS))
        return True

    def _is_empty(self) -> bool:
        """Say whether everything that was claimed has ended and is recorded."""
        return not (self._slots.at_hand or self._tasks or self._recorder.has_work)

    def _claim(self, is_short: bool) -> Claimed:
        """Claim for every lane with room. Runs in the database thread while the loop goes on."""
        self._subscriptions = self._work.subscriptions()
        slots = self._slots
        limit = min(MOST_CLAIMED, 2 * slots.most - slots.at_hand)
        wanted = slots.wanted(self._subscriptions.values(), time.monotonic(), is_short=is_short)
        self._has_more = False
        if limit <= 0 or not wanted or self._recorder.is_behind:
            return Claimed()
        claimed = self._work.claim(wanted, limit)
        asked = min(limit, sum(each.take for each in wanted))
        self._has_more = 2 * len(claimed.units) >= asked
        return claimed

    def _take(self, claimed: Claimed, started: float) -> None:
        now = time.monotonic()
        start_by = started + settings.WORKER_LEASE_SECONDS
        for unit in claimed.units:
            unit.start_by = start_by
            if not self._slots.put(unit, now):
                self._recorder.hand_back([unit])
        self._slots.heed(claimed, now, now - started)
        self._start()

    def _start(self) -> None:
        """Start units in turns, one of each lane, as far as slots are free."""
        self._is_starting = False
        while not self._is_stopping and (begun := self._slots.begin()):
            task = asyncio.create_task(self._deliver(*begun))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _start_soon(self) -> None:
        """Have free slots taken, once for all that end in the same turn of the loop."""
        if self._slots.has_ready and not self._is_starting:
            self._is_starting = True
            asyncio.get_running_loop().call_soon(self._start)

    async def _deliver(self, lane: Lane, unit: Unit) -> None:
        try:
            # May be paused, disabled or deleted since it was claimed: handed back, and held there.
            snapshot = self._subscriptions.get(unit.subscription_id)
            result = None
            if snapshot is not None and snapshot.is_active and time.monotonic() < unit.start_by:
                result = await self._try(unit, snapshot)
            if result is None:
                self._recorder.hand_back([unit])
            else:
                self._learn(lane, result)
                self.attempts += 1
                self._recorder.add(result)
        finally:
            self._slots.end(lane)
            self._start_soon()
            if (not lane.queue or (self._has_more and self._slots.is_low)) and lane.room():
                self._woken.set()

    async def _try(self, unit: Unit, snapshot: SubscriptionSnapshot) -> Tried | None:
        """Make one attempt; return None when it came to nothing before anything was sent."""
        try:
            if not unit.is_large:
                return await send_unit(self._client, unit, snapshot, self._keep)
            async with self._large:
                if self._is_stopping or time.monotonic() >= unit.start_by:
                    return None
                await self._database.run(lambda: self._work.load_large(unit))
                result = await send_unit(self._client, unit, snapshot, self._keep)
                unit.events = []
                return result
        except (DatabaseError, InterfaceError) as error:
            # Only bodies that are read or kept beforehand ask the database.
            if not is_environment_error(error):
                raise
            log.warning("database error before a delivery", error=type(error).__name__)
            return None

    def _learn(self, lane: Lane, result: Tried) -> None:
        seconds, status = result.duration_ms / 1000, result.answer.status if result.answer else 0
        if result.is_success:
            lane.went_well(seconds)
            return
        overloaded = result.decision.error in _OVERLOADED or status >= 500 or status == 429
        lane.went_wrong(seconds, overloaded=overloaded)
        if lane.is_troubled:
            # What was claimed in better times would wait here, one after the other, for hours.
            self._recorder.hand_back(self._slots.empty(lane))
        self._heed(lane, result)

    def _heed(self, lane: Lane, result: Tried) -> None:
        """Stop at once when a receiver says so: the database knows it only when it is recorded."""
        decision = result.decision
        seconds = _REST if decision.disables else 0.0
        if decision.slows_until is not None:
            seconds = (decision.slows_until - timezone.now()).total_seconds()
        if seconds > 0:
            # Soon the row says so to every worker, and an operator may have changed it.
            lane.rest(time.monotonic() + min(seconds, _REST))
            self._recorder.hand_back(self._slots.empty(lane))

    async def _keep(self, unit: Unit, built: Sendable) -> None:
        await self._database.run(lambda: self._work.keep_body(unit, built))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _drain(self) -> None:
        """Let what is under way end and record it; when stopped, hand back what has not begun."""
        while self._slots.has_ready and not self._is_stopping:
            self._woken.clear()
            await self._wait(0.05)
        # At once: other workers need not wait for our calls to end.
        self._recorder.hand_back(self._slots.empty_all())
        if self._tasks:
            grace = settings.WORKER_GRACE_SECONDS if self._is_stopping else None
            await asyncio.wait(self._tasks, timeout=grace)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        try:
            await self._recorder.finish()
            await self._database.run(self._work.release_all)
        except (DatabaseError, InterfaceError, TimeoutError) as error:
            # What was not recorded is tried again when its lease has run out.
            log.warning("deliveries ended without their database", error=type(error).__name__)

    async def _tick(self) -> None:
        while True:
            self._turned_at = time.monotonic()
            await asyncio.sleep(1)

    def _soon(self, call: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(call)
