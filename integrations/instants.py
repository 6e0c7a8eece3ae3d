"""Instants as the senders write them, read strictly: one without an offset is no instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

# A sender's clock may run a little ahead. A time further ahead would win over every later fact.
_LARGEST_LEAD: Final = timedelta(minutes=5)
# 1e11 seconds are the year 5138, 1e11 milliseconds are 1973: larger numbers are milliseconds.
_FIRST_MILLISECONDS: Final = 100_000_000_000


def parse_instant(value: Any) -> datetime | None:
    """Return ISO 8601 text with an offset as UTC, or None when it is anything else."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def parse_instant_or_epoch(value: Any) -> datetime | None:
    """Return ISO 8601 text, or seconds or milliseconds since 1970, as UTC."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return parse_instant(value)
    try:
        seconds = float(value)
        if abs(seconds) >= _FIRST_MILLISECONDS:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def occurred_at(
    instant: datetime | None, *, given: Any, received_at: datetime
) -> tuple[datetime | None, tuple[str, ...]]:
    """Return when a thing happened and what to note about it.

    `given` is what the sender wrote, `instant` what was read from it. None in the first place
    lets the time of reception stand in.
    """
    if instant is None:
        if given is None or given == "":
            return None, ()
        return None, ("The event's time cannot be read; the time of reception stands in.",)
    if instant > received_at + _LARGEST_LEAD:
        return None, ("The event's time lies in the future; the time of reception stands in.",)
    return instant, ()
