"""The ways a lease ends without a result: handed back, held, or run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from common.bulk import insert_rows
from common.identifiers import new_row_id
from common.redaction import redact_url
from common.sql_constant import SqlConstant
from webhooks.outbound.delivering.unit import RowKey
from webhooks.outbound.holding.resuming import resuming_ids
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    KeptBody,
    Subscription,
)
from webhooks.outbound.models.delivery import Trigger

REAPED_AT_ONCE: Final = 500
LOST: Final = (
    "The worker died or hung before it had noted how this attempt ended. The request may have "
    "arrived all the same."
)
_LAST_LOST: Final = f"{LOST} That was the last attempt of the schedule."
_STOPPED: Final = {
    "paused": "The subscription is paused.",
    "disabled": "The subscription is disabled.",
}

log = structlog.get_logger(__name__)


def release(owner: str, delivery_ids: Sequence[RowKey], attempts: int) -> int:
    """Hand back what was claimed for the attempt of this number and not sent.

    The attempt is given back with it. A lease that ran out was taken back before, and the owner
    may have claimed the same delivery again since: that claim stands.
    """
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk__in=delivery_ids,
            status=DeliveryStatus.SENDING,
            lease_owner=owner,
            attempts=attempts,
        )
        # A batch that was never sent is made up anew, maybe of more.
        if attempts <= 1:
            KeptBody.objects.filter(unit__in=list(mine.values_list("unit", flat=True))).delete()
            mine.update(unit=F("pk"))
        concerned = set(mine.values_list("subscription_id", flat=True))
        released = mine.update(
            status=DeliveryStatus.RETRYING if attempts > 1 else DeliveryStatus.PENDING,
            attempts=attempts - 1,
            lease_owner="",
            lease_expires_at=None,
        )
        _hold_stopped(Subscription.objects.filter(pk__in=concerned))
    return released


def release_all(owner: str) -> int:
    """Hand back everything that this owner still holds."""
    held = Delivery.objects.filter(status=SqlConstant("sending"), lease_owner=owner)
    by_attempts: dict[int, list[RowKey]] = {}
    for pk, attempts in held.values_list("pk", "attempts"):
        by_attempts.setdefault(attempts, []).append(pk)
    return sum(release(owner, ids, attempts) for attempts, ids in by_attempts.items())


def hold_waiting() -> int:
    """Hold what waits on subscriptions that are not active; return how many.

    An event may have been published by a process that did not know of the pause yet. Those that a
    job is releasing right now are left to it.
    """
    return _hold_stopped(Subscription.objects.all())


def _hold_stopped(subscriptions: QuerySet[Subscription]) -> int:
    stopped = subscriptions.exclude(state="active").exclude(pk__in=resuming_ids())
    return sum(
        subscription_hold_waiting(pk, reason or _STOPPED[state])
        for pk, state, reason in stopped.order_by("pk").values_list("pk", "state", "state_reason")
    )


def subscription_hold_waiting(subscription_id: int, reason: str) -> int:
    """Hold everything that waits on one subscription, in one statement."""
    waiting = Delivery.objects.filter(
        subscription_id=subscription_id,
        status__in=[SqlConstant("pending"), SqlConstant("retrying")],
    )
    return waiting.update(status=DeliveryStatus.HELD, reason=reason)


def reap_expired_leases() -> int:
    """End the leases of workers that died or hung; return how many deliveries that were.

    The attempt counts, and is in the log as one whose end nobody knows.
    """
    total = 0
    while reaped := _reap(timezone.now()):
        total += reaped
    return total


def _reap(now: datetime) -> int:
    expired = Delivery.objects.filter(status=SqlConstant("sending"), lease_expires_at__lte=now)
    if not expired.exists():
        return 0
    with transaction.atomic():
        locked = list(expired.select_for_update(skip_locked=True)[:REAPED_AT_ONCE])
        known = _subscriptions({delivery.subscription_id for delivery in locked})
        for delivery in locked:
            _end_lease(delivery, known[delivery.subscription_id], now)
        Delivery.objects.bulk_update(
            locked,
            ["status", "due_at", "lease_owner", "lease_expires_at", "last_error", "reason",
             "last_status_code", "finished_at"],
            batch_size=100,
        )  # fmt: skip
        insert_rows(connection, Attempt, _lost_attempts(locked, known, now))
    if locked:
        log.warning("leases of deliveries expired", deliveries=len(locked))
    return len(locked)


def _subscriptions(ids: set[int]) -> dict[int, Subscription]:
    # Without secrets: one that does not decrypt must not keep a lease from ending.
    rows = Subscription.objects.filter(pk__in=ids).defer("secrets", "headers")
    return rows.in_bulk()


def _end_lease(delivery: Delivery, subscription: Subscription, now: datetime) -> None:
    is_last = delivery.attempts >= len(subscription.retry_schedule)
    delivery.lease_owner, delivery.lease_expires_at = "", None
    delivery.last_error, delivery.last_status_code, delivery.due_at = "lost", None, now
    if is_last or delivery.trigger == Trigger.TEST:
        delivery.status, delivery.finished_at = DeliveryStatus.FAILED, now
        delivery.reason = LOST if delivery.trigger == Trigger.TEST else _LAST_LOST
    elif subscription.state != "active":
        delivery.status = DeliveryStatus.HELD
        delivery.reason = subscription.state_reason or _STOPPED[subscription.state]
    else:
        delivery.status = DeliveryStatus.RETRYING


def _lost_attempts(
    deliveries: Sequence[Delivery], subscriptions: dict[int, Subscription], now: datetime
) -> list[dict[str, Any]]:
    units: dict[UUID, list[Delivery]] = {}
    for delivery in deliveries:
        units.setdefault(delivery.unit, []).append(delivery)
    return [
        _lost_attempt(group, subscriptions[group[0].subscription_id], now)
        for group in units.values()
    ]


def _lost_attempt(
    group: Sequence[Delivery], subscription: Subscription, now: datetime
) -> dict[str, Any]:
    first = group[0]
    return {
        "id": new_row_id(),
        "subscription_id": subscription.pk,
        "unit": first.unit,
        "number": first.attempts,
        "trigger": first.trigger if first.attempts == 1 else Trigger.RETRY,
        "deliveries": len(group),
        "started_at": now,
        "duration_ms": 0,
        "status_code": None,
        "error": "lost",
        "sentence": LOST,
        "next_at": now if first.status == DeliveryStatus.RETRYING else None,
        "revision": subscription.revision,
        "url": redact_url(subscription.url),
        "request_headers": {},
        "body_bytes": 0,
        "body_sha256": "",
        "response_headers": {},
        "is_cut": False,
        "response_body": "",
    }
