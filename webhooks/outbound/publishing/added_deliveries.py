"""Further deliveries of events that are stored: what a person asks for, and what was missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import connection
from django.utils import timezone

from common.bulk import insert_rows
from webhooks.outbound.models import Delivery, Event, Trigger
from webhooks.outbound.publishing.delivery_rows import (
    Cause,
    StoredEvent,
    delivery_row,
    existing,
)
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot
from webhooks.waking import EVENTS, wake_workers


def deliveries_add(
    *,
    subscription: SubscriptionSnapshot,
    events: Iterable[Event],
    trigger: Trigger,
    actor_label: str,
    repeats: Mapping[UUID, UUID] | None = None,
) -> list[UUID]:
    """Insert a delivery for each event, in the caller's transaction; return the ids of new ones.

    Of an event only id, type and order key are read. `repeats` maps the id of an event to the
    delivery that is done again. With the trigger `event`, an event that the subscription had by
    itself is passed over. Held while the subscription is not active. Wakes the worker on commit.
    """
    now = timezone.now()
    rows = [
        delivery_row(
            subscription,
            StoredEvent(event.id, event.type, event.order_key),
            Cause(trigger, actor_label),
            now=now,
            repeats_id=(repeats or {}).get(event.id),
        )
        for event in events
    ]
    if not rows or not existing({subscription.id}):
        return []
    written = insert_rows(
        connection, Delivery, rows, conflict="ON CONFLICT DO NOTHING", returning="id"
    )
    wake_workers(EVENTS)
    new = {str(row_id).replace("-", "") for (row_id,) in written}
    return [UUID(hex=row["id"]) for row in rows if row["id"] in new]
