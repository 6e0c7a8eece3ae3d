"""The bounds of what an operator may choose, and where a new subscription begins."""

from __future__ import annotations

from typing import Final

DAY_SECONDS: Final = 86_400
MOST_TRIES: Final = 20
LONGEST_WAIT_SECONDS: Final = 7 * DAY_SECONDS
MOST_HEADERS: Final = 20
DEFAULT_OVERLAP_SECONDS: Final = DAY_SECONDS
LONGEST_OVERLAP_SECONDS: Final = 7 * DAY_SECONDS

# Field → least and most.
NUMBERS: Final = {
    "timeout_seconds": (1, 60),
    "rate_per_second": (0, 10_000),
    "concurrency": (1, 512),
    "batch_size": (1, 10_000),
    "batch_seconds": (0, 3_600),
}
