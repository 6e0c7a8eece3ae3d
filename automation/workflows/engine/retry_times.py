"""When a step that failed is tried again: as a delivery is."""

from __future__ import annotations

from datetime import datetime, timedelta

from webhooks.outbound.models import DEFAULT_SCHEDULE


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """Return when the next attempt is due after so many, None when that was the last one."""
    if attempts >= len(DEFAULT_SCHEDULE):
        return None
    return now + timedelta(seconds=DEFAULT_SCHEDULE[attempts])
