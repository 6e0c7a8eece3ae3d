"""What the qcluster does about received events by the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.sql_constant import SqlConstant
from webhooks.inbound.history import Happening, history_with
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.processing.activity_counts import Finish, finishes_count
from webhooks.inbound.processing.failures import POISON
from webhooks.inbound.processing.leases import MAX_ATTEMPTS
from webhooks.waking import RECEIVED, wake_workers

REAPED_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


def reap_expired_leases() -> int:
    """End the leases of workers that died or hung; return how many. Workers do this themselves too.

    An event goes back into the line, where it is claimed alone. After its third attempt it is set
    aside: something in it kills whoever works on it.
    """
    total = 0
    while reaped := _reap(timezone.now()):
        total += reaped
    return total


def _reap(now: datetime) -> int:
    expired = ReceivedEvent.objects.filter(
        status=SqlConstant("processing"), lease_expires_at__lte=now
    )
    if not expired.exists():
        return 0
    with transaction.atomic():
        locked = expired.select_for_update(skip_locked=True).defer("body", "headers", "query")
        events = list(locked[:REAPED_AT_ONCE])
        finishes = [finish for event in events if (finish := _end_lease(event, now))]
        ReceivedEvent.objects.bulk_update(
            events,
            ["status", "due_at", "lease_owner", "lease_expires_at", "history", "cause", "reason",
             "processed_at"],
            batch_size=100,
        )  # fmt: skip
        wake_workers(RECEIVED)
        finishes_count(finishes)
    poison = [str(event.pk) for event in events if event.status == Status.FAILED]
    log.warning("leases expired", events=len(events), set_aside=poison)
    return len(events)


def _end_lease(event: ReceivedEvent, now: datetime) -> Finish | None:
    detail = (
        f"Worker {event.lease_owner} died or hung; it held the event for more than "
        f"{settings.WORKER_LEASE_SECONDS} s (attempt {event.attempts} of {MAX_ATTEMPTS})."
    )
    event.history = history_with(event.history, Happening.LEASE_EXPIRED, detail, at=now)
    event.lease_owner, event.lease_expires_at, event.due_at = "", None, now
    if event.attempts < MAX_ATTEMPTS:
        event.status = Status.RECEIVED
        return None
    event.status, event.cause, event.reason = Status.FAILED, POISON.cause, POISON.reason
    event.history = history_with(event.history, Happening.FAILED, POISON.reason, at=now)
    is_first_end = event.processed_at is None
    event.processed_at = now
    return Finish(event.source_id, event.received_at, Status.FAILED) if is_first_end else None
