"""What a received event, or what happened to a person, caused to go out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from webhooks.outbound.admin.delivery_words import answer_words, delivery_chip
from webhooks.outbound.models import Delivery, Event

_UNREAD: Final = ("payload", "subject", "raw_headers", "raw_body")
_MOST_DELIVERIES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDelivery:
    """One delivery in a line."""

    pk: UUID
    subscription: str
    chip: SafeString
    answer: str


def events_caused(received_event_id: UUID, site_id: int, most: int) -> list[Event]:
    """Return the events that came of a received one, oldest first."""
    rows = Event.objects.filter(received_event_id=received_event_id, site_id=site_id)
    return list(rows.defer(*_UNREAD).order_by("pk")[:most])


def events_about(contact_id: UUID, site_id: int) -> QuerySet[Event]:
    return Event.objects.filter(contact_id=contact_id, site_id=site_id).defer(*_UNREAD)


def deliveries_of(event_ids: Collection[UUID]) -> dict[UUID, list[SentDelivery]]:
    """Return the deliveries by event, each event's oldest first, at most twenty of one."""
    found: dict[UUID, list[SentDelivery]] = defaultdict(list)
    for delivery in _rows(event_ids):
        listed = found[delivery.event_id]
        if len(listed) < _MOST_DELIVERIES:
            listed.append(
                SentDelivery(
                    pk=delivery.pk,
                    subscription=delivery.subscription.name,
                    chip=delivery_chip(delivery),
                    answer=answer_words(delivery),
                )
            )
    return found


def _rows(event_ids: Collection[UUID]) -> Iterator[Delivery]:
    rows = Delivery.objects.filter(event_id__in=event_ids).select_related("subscription")
    rows = rows.defer("subscription__secrets", "subscription__headers")
    yield from rows.order_by("event_id", "pk")
