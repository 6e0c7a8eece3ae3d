"""How much waits for a worker, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from common.sql_constant import SqlConstant
from webhooks.inbound.models import ReceivedEvent

COUNTED_AT_MOST: Final = 10_000


def oldest_waiting_age() -> timedelta | None:
    """Return for how long the first event in line has been due, or None when nothing waits.

    Counted from when it became due: an event that is replayed waits since it was asked for.
    """
    now = timezone.now()
    waiting = ReceivedEvent.objects.filter(status=SqlConstant("received"), due_at__lte=now)
    due_at = waiting.order_by("id").values_list("due_at", flat=True).first()
    return None if due_at is None else now - due_at


def waiting_count_capped(limit: int = COUNTED_AT_MOST) -> int:
    """Return how many events wait, counting no further than `limit`."""
    return ReceivedEvent.objects.filter(status=SqlConstant("received"))[:limit].count()
