"""Deliveries as they are inserted, by whichever way they come about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from common.identifiers import new_row_hex
from webhooks.outbound.models import DeliveryStatus, Subscription, Trigger
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot


class StoredEvent(NamedTuple):
    """What a delivery needs to know of its event."""

    id: UUID | str
    type: str
    order_key: str


class Cause(NamedTuple):
    """Why a delivery comes about; `actor_label` names who asked for it."""

    trigger: Trigger
    actor_label: str = ""


BY_EVENT: Final = Cause(Trigger.EVENT)


def delivery_row(
    subscription: SubscriptionSnapshot,
    event: StoredEvent,
    cause: Cause,
    *,
    now: datetime,
    repeats_id: UUID | None = None,
) -> dict[str, Any]:
    """Return the columns of a new delivery: pending, or held while its subscription is not active.

    Held ones say why, as those do that were waiting when the subscription stopped. What an event
    brings about waits for the window of a batch; what a person asks for does not.
    """
    delivery_id = new_row_hex()
    window = subscription.batch_seconds if cause.trigger is Trigger.EVENT else 0
    return {
        "id": delivery_id,
        "site_id": subscription.site_id,
        "subscription_id": subscription.id,
        "event_id": event.id,
        "event_type": event.type,
        "unit": delivery_id,
        # Only in strict order does anything wait for another: the index stays small.
        "order_key": event.order_key if subscription.strict_order else "",
        "trigger": cause.trigger,
        "repeats_id": repeats_id,
        "triggered_by": cause.actor_label[:150],
        "created_at": now,
        "status": DeliveryStatus.PENDING if subscription.is_active else DeliveryStatus.HELD,
        "due_at": now + timedelta(seconds=window),
        "attempts": 0,
        "lease_owner": "",
        "last_error": "",
        "reason": subscription.stopped_because,
    }


def existing(subscription_ids: Collection[int]) -> set[int]:
    """Return which of the subscriptions are still there, and keep it so until the commit.

    One may have been deleted since it was read; a delivery to it would fail the whole transaction.
    """
    rows = Subscription.objects.filter(pk__in=subscription_ids).order_by("pk").values_list("pk")
    if connection.vendor != "postgresql":
        return {pk for (pk,) in rows}  # whoever writes has the database to itself
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        # Unlike what Django offers, this lets others go on updating the rows.
        cursor.execute(f"{sql} FOR KEY SHARE", parameters)
        return {pk for (pk,) in cursor.fetchall()}
