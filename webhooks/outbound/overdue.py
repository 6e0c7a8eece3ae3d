"""Deliveries that should have gone out, and leases that nobody gave back; cheap to ask often.

What waits for a receiver that asked for a break, for a retry, or for an earlier delivery of its
order is not overdue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from common.sql_constant import SqlConstant
from webhooks.outbound.models import Delivery, Subscription, SubscriptionState

# A lease that has ended is taken back within seconds by any worker that runs.
STUCK_AFTER: Final = timedelta(minutes=2)
COUNTED_AT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """What has been due for longer than a limit, or nothing.

    `oldest` is for how long the first in line has been due, on `subscriptions` of them.
    `stalled` is the same where no attempt was made meanwhile: then it is not the receiver.
    """

    oldest: timedelta | None = None
    subscriptions: int = 0
    stalled: timedelta | None = None


def overdue(limit: timedelta) -> Overdue:
    """Return what is overdue: one look into an index for each active subscription."""
    now = timezone.now()
    waiting = Delivery.objects.filter(
        subscription=OuterRef("pk"),
        status__in=[SqlConstant("pending"), SqlConstant("retrying")],
        due_at__lte=now - limit,
    )
    behind_a_failure = Q(strict_order=True, failing_since__isnull=False)
    rows = (
        Subscription.objects.filter(
            Q(slowed_until__isnull=True) | Q(slowed_until__lte=now - limit),
            state=SubscriptionState.ACTIVE,
            site__is_active=True,
        )
        .exclude(behind_a_failure)
        .annotate(due=Subquery(waiting.order_by("due_at", "id").values("due_at")[:1]))
        .filter(due__isnull=False)
        .order_by()
        .values_list("due", "last_attempt_at", "slowed_until")
    )
    found = [(due, _since(due, tried, slowed)) for due, tried, slowed in rows]
    if not found:
        return Overdue()
    idle = now - min(since for _, since in found)
    return Overdue(
        oldest=now - min(due for due, _ in found),
        subscriptions=len(found),
        stalled=idle if idle > limit else None,
    )


def stuck_leases() -> int:
    """Return how many deliveries a worker left behind that nobody took over; counted to a limit."""
    before = timezone.now() - STUCK_AFTER
    rows = Delivery.objects.filter(status=SqlConstant("sending"), lease_expires_at__lt=before)
    return rows.order_by()[:COUNTED_AT_MOST].count()


def _since(due: datetime, tried: datetime | None, slowed: datetime | None) -> datetime:
    """Return since when it could have been sent and was not."""
    return max(each for each in (due, tried, slowed) if each is not None)
