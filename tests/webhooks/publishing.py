"""Subscriptions and events as tests of the outbox need them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sites.models import Site
from webhooks.models import Delivery, Event, Subscription
from webhooks.outbound.publishing import NewEvent

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def subscribe(site: Site, *event_types: str, **fields: Any) -> Subscription:
    """Return a stored subscription; nothing is checked by the service."""
    values: dict[str, Any] = {
        "site": site,
        "name": f"Subscription {Subscription.objects.count()}",
        "url": "https://receiver.example.com/hook",
        "format_key": "standard_webhooks",
        "event_types": list(event_types),
    }
    return Subscription.objects.create(**(values | fields))


def new_event(site: Site, event_type: str = "test.happened", **fields: Any) -> NewEvent:
    values: dict[str, Any] = {"payload": {"number": 1}, "occurred_at": AT}
    return NewEvent(site_id=site.pk, type=event_type, **(values | fields))


def told(subscription: Subscription) -> list[str]:
    """Return the types that a subscription is due, in the order in which they came about."""
    rows = Delivery.objects.filter(subscription=subscription).order_by("pk")
    return list(rows.values_list("event_type", flat=True))


def stored(site: Site) -> list[tuple[str, Any]]:
    """Return type and payload of every event of a site, in order; emptied ones give {}."""
    rows = Event.objects.filter(site=site).order_by("pk").values_list("type", "payload")
    return [(event_type, json.loads(payload or "{}")) for event_type, payload in rows]
