"""How many requests a caller has left in its minute, in this process's memory.

Unlike the buckets of `throttle`, it can say what is left and when all is there again, as the
headers `X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch seconds) do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

WINDOW_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a caller stands after a request. `retry_after` is 0 when the request fits."""

    limit: int
    remaining: int
    resets_at: int
    retry_after: int

    @property
    def headers(self) -> dict[str, str]:
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.resets_at),
        }
        return told | ({"Retry-After": str(self.retry_after)} if self.retry_after else {})


class RateWindow:
    """Windows by key; each begins with the first request after the one before has passed.

    Keys are callers that are known: nobody can fill the memory with made-up ones.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[object, tuple[float, int]] = {}

    def take(self, key: object, limit: int) -> Rate:
        """Count one request against the limit of a window."""
        now = self._clock()
        with self._lock:
            since, count = self._windows.get(key, (now, 0))
            # A clock that was set back must not keep anybody waiting longer than a window.
            if not since <= now < since + WINDOW_SECONDS:
                since, count = now, 0
            is_over = count >= limit
            count += not is_over
            self._windows[key] = (since, count)
        resets_at = since + WINDOW_SECONDS
        return Rate(
            limit=limit,
            remaining=limit - count,
            resets_at=ceil(resets_at),
            retry_after=max(1, ceil(resets_at - now)) if is_over else 0,
        )

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()
