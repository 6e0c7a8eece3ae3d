"""The lanes of a worker and the slots that they share. Pure: whoever calls tells the time.

All of it belongs to the loop, except `wanted`: the database thread asks that while the loop waits
for its claim.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from webhooks.outbound.delivering.lanes import Lane
from webhooks.outbound.delivering.sharing import Claimed, Wanted
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

# More is claimed when no more is at hand, begun or not, than this multiple of the slots.
LOW_SHARE: Final = 1.5
# Of all slots, those in trouble together get this share.
TROUBLED_SHARE: Final = 0.5


class Slots:
    """`at_hand` counts units that were claimed and have not ended, `in_flight` those begun."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.at_hand = 0
        self.in_flight = 0
        self._lanes: dict[int, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._turn = 0

    @property
    def is_low(self) -> bool:
        return self.at_hand <= LOW_SHARE * self.most

    @property
    def has_ready(self) -> bool:
        """Say whether a unit could begin if a slot was free."""
        return bool(self._ready)

    def wanted(
        self, subscriptions: Iterable[SubscriptionSnapshot], now: float, *, is_short: bool
    ) -> list[Wanted]:
        """Return who has room, beginning with another one each time."""
        active = [each for each in subscriptions if each.is_active]
        self._turn = (self._turn + 1) % max(len(active), 1)
        troubled = int(self.most * TROUBLED_SHARE)
        troubled -= sum(each.at_hand for each in self._lanes.values() if each.is_troubled)
        wanted = []
        for snapshot in active[self._turn :] + active[: self._turn]:
            lane = self._lane(snapshot)
            room = lane.room()
            if room <= 0 or lane.rests_until > now or (lane.not_before > now and not is_short):
                continue
            if lane.is_troubled:
                troubled -= room
                if troubled < 0:
                    continue
            wanted.append(Wanted(snapshot, room))
        return wanted

    def put(self, unit: Unit, now: float) -> bool:
        """Queue a claimed unit; return False when its receiver has asked for a rest meanwhile."""
        lane = self._lanes[unit.subscription_id]
        if lane.rests_until > now:
            return False
        lane.queue.append(unit)
        self.at_hand += 1
        self._list(lane)
        return True

    def heed(self, claimed: Claimed, now: float, taken: float) -> None:
        """Note who need not be asked again for a while; the claim took so many seconds."""
        for subscription_id, seconds in claimed.wait_seconds.items():
            self._lanes[subscription_id].not_before = now + seconds
        for subscription_id in claimed.short:
            self._lanes[subscription_id].came_up_short(now + taken)

    def begin(self) -> tuple[Lane, Unit] | None:
        """Give a free slot to the next unit, in turns of the lanes; None when there is none."""
        while self._ready and self.in_flight < self.most:
            lane = self._ready.popleft()
            lane.is_listed = False
            if lane.may_start:
                lane.in_flight += 1
                self.in_flight += 1
                unit = lane.queue.popleft()
                self._list(lane)
                return lane, unit
        return None

    def end(self, lane: Lane) -> None:
        lane.in_flight -= 1
        self.in_flight -= 1
        self.at_hand -= 1
        self._list(lane)

    def empty(self, lane: Lane) -> list[Unit]:
        """Take out what has not begun, and return it."""
        unsent = list(lane.queue)
        lane.queue.clear()
        self.at_hand -= len(unsent)
        return unsent

    def empty_all(self) -> list[Unit]:
        return [unit for lane in self._lanes.values() for unit in self.empty(lane)]

    def idle_seconds(self, now: float, most: float) -> float:
        """Return for how long nobody has to be asked, `most` at the longest."""
        soon = [each.not_before - now for each in self._lanes.values() if each.not_before > now]
        return max(min([*soon, most]), 0.001)

    def _lane(self, snapshot: SubscriptionSnapshot) -> Lane:
        lane = self._lanes.get(snapshot.id)
        if lane is None:
            lane = self._lanes[snapshot.id] = Lane(snapshot.id, snapshot.concurrency)
        lane.most = snapshot.concurrency
        return lane

    def _list(self, lane: Lane) -> None:
        if not lane.is_listed and lane.may_start:
            lane.is_listed = True
            self._ready.append(lane)
