"""Token buckets for callers, in this process's memory.

Each web process counts its own: with n processes the real limit is n times the configured one.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final

# An idle bucket is full again within seconds, so forgetting the oldest forgives nothing.
MOST_BUCKETS: Final = 10_000
# Other systems send in bursts: two seconds' worth may come at once.
BURST_SECONDS: Final = 2


class Throttle:
    """Buckets by key; each holds `BURST_SECONDS` worth of its rate and refills steadily."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, key: object, per_second: int) -> int:
        """Take one token and return 0, or return after how many whole seconds there is one.

        A rate of 0 is no limit.
        """
        if per_second <= 0:
            return 0
        now = self._clock()
        most = float(per_second * BURST_SECONDS)
        with self._lock:
            tokens, since = self._buckets.pop(key, (most, now))
            tokens = min(most, tokens + (now - since) * per_second)
            allowed = tokens >= 1.0
            self._buckets[key] = (tokens - 1.0 if allowed else tokens, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        return 0 if allowed else max(1, ceil((1.0 - tokens) / per_second))

    def seconds_until_free(self, key: object, per_second: int) -> int:
        """Return after how many whole seconds there is a token, without taking one; 0 for now."""
        with self._lock:
            tokens, since = self._buckets.get(key, (1.0, 0.0))
        tokens += (self._clock() - since) * per_second
        return 0 if per_second <= 0 or tokens >= 1.0 else max(1, ceil((1.0 - tokens) / per_second))

    def forget(self) -> None:
        with self._lock:
            self._buckets.clear()
