"""Stores events with their deliveries, all in a handful of statements.

A site that has no subscription stores nothing: an event costs about as much as the contact it is
about, and nobody could ever be told of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from common.bulk import insert_rows
from common.identifiers import new_row_hex
from common.json_text import json_text
from webhooks.outbound.event_types.event_type import LONGEST_KEY
from webhooks.outbound.models import Delivery, Event
from webhooks.outbound.publishing.delivery_rows import BY_EVENT, StoredEvent, delivery_row, existing
from webhooks.outbound.publishing.message_ids import new_message_ids
from webhooks.outbound.publishing.new_event import NewEvent
from webhooks.outbound.publishing.raw_requests import RawOnce, raw_columns
from webhooks.outbound.publishing.subscribers import Audience, Subscriber, audiences
from webhooks.waking import EVENTS, wake_workers


def events_publish(
    events: Sequence[NewEvent], heard: Mapping[int, Audience] | None = None
) -> list[UUID]:
    """Store events, in the caller's transaction, and what each subscription is due of them.

    Returns the ids of those that were stored, in order: events of sites without a subscription are
    not. Wakes the worker on commit. `heard` are the `audiences` of this transaction, where the
    caller has asked for them.
    """
    if not events:
        return []
    heard = audiences() if heard is None else heard
    told = [
        (event, _told(event, heard[event.site_id])) for event in events if event.site_id in heard
    ]
    if not told:
        return []
    raw_once = RawOnce(told)
    now = timezone.now()
    rows: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    message_ids = new_message_ids(now, [event.order_key for event, _ in told])
    for (event, wanting), message_id in zip(told, message_ids, strict=True):
        subscribers = [each for each in wanting if raw_once.lets_pass(each, event)]
        row = _event_row(event, message_id, now)
        row |= raw_columns(event if any(each.needs_raw for each in subscribers) else None)
        rows.append(row)
        stored = StoredEvent(row["id"], row["type"], row["order_key"])
        deliveries += [
            delivery_row(each.subscription, stored, BY_EVENT, now=now) for each in subscribers
        ]
    insert_rows(connection, Event, rows)
    _insert_deliveries(deliveries)
    return [UUID(hex=row["id"]) for row in rows]


def _told(event: NewEvent, audience: Audience) -> list[Subscriber]:
    return [each for each in audience.of_type(event.type[:LONGEST_KEY]) if each.wants(event)]


def _event_row(event: NewEvent, message_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": event.id.hex if event.id else new_row_hex(),
        "site_id": event.site_id,
        "message_id": message_id,
        "type": event.type[:LONGEST_KEY],
        "occurred_at": event.occurred_at,
        "created_at": now,
        "contact_id": event.contact_id,
        "order_key": event.order_key,
        "source_key": event.source_key,
        "received_event_id": event.received_event_id,
        "is_test": False,
        "subject": dict(event.subject),
        "payload": json_text(event.payload),
    }


def _insert_deliveries(deliveries: Sequence[dict[str, Any]]) -> None:
    if not deliveries:
        return
    alive = existing({row["subscription_id"] for row in deliveries})
    insert_rows(
        connection, Delivery, [row for row in deliveries if row["subscription_id"] in alive]
    )
    wake_workers(EVENTS)
