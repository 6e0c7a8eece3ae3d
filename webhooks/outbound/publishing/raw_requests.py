"""Requests that go out as they came in: kept where they are wanted, and sent once each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from webhooks.outbound.models import Delivery
from webhooks.outbound.publishing.new_event import NewEvent
from webhooks.outbound.publishing.subscribers import Subscriber


class RawOnce:
    """Lets the first event of a received request pass to each subscriber that wants it raw.

    A batch is one request with many events: as it came in, it goes out once.
    """

    def __init__(self, told: Sequence[tuple[NewEvent, Sequence[Subscriber]]]) -> None:
        wanted = [
            (each.subscription.id, event.received_event_id)
            for event, subscribers in told
            for each in subscribers
            if each.needs_raw
        ]
        # Earlier parts of a large batch were published before, and so was a replayed request.
        self._passed: set[tuple[int, UUID | None]] = _delivered(wanted) if wanted else set()

    def lets_pass(self, subscriber: Subscriber, event: NewEvent) -> bool:
        if not subscriber.needs_raw:
            return True
        place = (subscriber.subscription.id, event.received_event_id)
        if place in self._passed:
            return False
        if event.received_event_id is not None:
            self._passed.add(place)
        return True


def raw_columns(event: NewEvent | None) -> dict[str, Any]:
    """Return the columns of the raw request; empty ones where nobody wants it."""
    raw = event.raw if event else None
    return {
        "raw_content_type": raw.content_type[:200] if raw else "",
        "raw_headers": dict(raw.headers) if raw else {},
        "raw_body": raw.body if raw else None,
    }


def _delivered(wanted: Sequence[tuple[int, UUID | None]]) -> set[tuple[int, UUID | None]]:
    found = Delivery.objects.filter(
        subscription_id__in={subscription_id for subscription_id, _ in wanted},
        event__received_event_id__in={event_id for _, event_id in wanted if event_id},
    )
    return set(found.values_list("subscription_id", "event__received_event_id"))
