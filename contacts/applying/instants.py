"""Instants as integers: microseconds since 1970, exact and cheap to compare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = 86_400_000_000
# Clocks of senders run ahead. A fact further in the future would block every later one.
TOLERANCE: Final = 300_000_000


def micros(instant: datetime) -> int:
    """Return the microseconds of an aware datetime."""
    distance = instant - _EPOCH
    return distance.days * _DAY + distance.seconds * 1_000_000 + distance.microseconds


def instant(micros_since: int) -> datetime:
    """Return the aware datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros_since)


@lru_cache(maxsize=1024)
def iso(at: int) -> str:
    """Return the instant as ISO 8601 in UTC; all that one change writes tells the same."""
    return instant(at).isoformat()


def fact_time(claimed: datetime | None, received: int) -> int:
    """Return when a fact was true: as claimed, unless it claims none or one in the future.

    Within `TOLERANCE` a claim stands: it keeps the facts of one sender in their order, also when
    they arrive in another.
    """
    if claimed is None or claimed.tzinfo is None:
        return received
    at = micros(claimed)
    return at if at <= received + TOLERANCE else received


def answer_time(at: int, received: int, *, yes: bool) -> int:
    """Return from when an answer counts whose fact has the time `at`.

    A yes counts from its reception at the latest: from later on, it would outdo a no that comes
    in the meantime and claims no time. A no keeps the time it claims, lest an older yes of the same
    fast clock that arrives after it undo it.
    """
    return min(at, received) if yes else at
