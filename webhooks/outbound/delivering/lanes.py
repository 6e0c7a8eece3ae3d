"""The lane of one subscription in a worker: what is at hand, and how much may go at once. Pure.

Concurrency adapts: it doubles with each round of successes until the first trouble, grows slowly
afterwards, and time-outs and errors of the server halve it. A receiver that is down so holds one
slot, and no one waits for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from webhooks.outbound.delivering.unit import Unit

FIRST_LIMIT: Final = 4.0
# As much work is kept at hand as keeps a receiver busy until more is claimed.
AT_HAND_SECONDS: Final = 0.1
_LEAST_ROUNDS: Final = 2.0
_MOST_ROUNDS: Final = 9.0
_FIRST_DRY: Final = 0.05
_MOST_DRY: Final = 1.0
_SMOOTHING: Final = 0.1


@dataclass(slots=True)
class Lane:
    """`most` is the concurrency that the subscription allows; times are monotonic seconds."""

    subscription_id: int
    most: int
    queue: deque[Unit] = field(default_factory=deque)
    in_flight: int = 0
    limit: float = FIRST_LIMIT
    threshold: float = float("inf")
    mean_seconds: float = AT_HAND_SECONDS
    is_troubled: bool = False
    is_listed: bool = False
    not_before: float = 0.0
    rests_until: float = 0.0
    dry_seconds: float = 0.0

    @property
    def allowed(self) -> int:
        return max(1, min(int(self.limit), self.most))

    @property
    def at_hand(self) -> int:
        return len(self.queue) + self.in_flight

    @property
    def may_start(self) -> bool:
        return bool(self.queue) and self.in_flight < self.allowed

    def room(self) -> int:
        """Return how many more units to claim: none while three quarters of it are at hand."""
        rounds = _LEAST_ROUNDS + AT_HAND_SECONDS / max(self.mean_seconds, 0.001)
        most = 1 if self.is_troubled else int(self.allowed * min(rounds, _MOST_ROUNDS))
        free = most - self.at_hand
        return free if 4 * free >= most else 0

    def went_well(self, seconds: float) -> None:
        self._note(seconds)
        self.is_troubled = False
        slow = self.limit >= self.threshold
        self.limit = min(self.limit + (1 / self.limit if slow else 1), float(self.most))

    def went_wrong(self, seconds: float, *, overloaded: bool) -> None:
        """Take note of a failure; `overloaded` when the receiver or the way to it is."""
        self._note(seconds)
        if overloaded:
            self.limit = max(1.0, self.limit / 2)
            self.threshold = max(2.0, self.limit)
            self.is_troubled = self.limit < 2

    def rest(self, until: float) -> None:
        """Claim nothing until then."""
        self.rests_until = self.not_before = max(self.rests_until, until)

    def came_up_short(self, now: float) -> None:
        """Wait before asking again: what is due waits for what is under way."""
        self.dry_seconds = min(max(self.dry_seconds * 2, _FIRST_DRY), _MOST_DRY)
        self.not_before = max(self.not_before, now + self.dry_seconds)

    def _note(self, seconds: float) -> None:
        self.mean_seconds += _SMOOTHING * (seconds - self.mean_seconds)
        if self.dry_seconds:
            self.dry_seconds, self.not_before = 0.0, self.rests_until
