"""What the page of one outbound event shows: what happened, and what went out of it."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from common.admin.payload_text import PayloadText, payload_text
from contacts.admin.change_words import contact_label
from contacts.models import Contact
from webhooks.outbound.admin.delivery_words import answer_words, delivery_chip, outcome_words
from webhooks.outbound.event_types import event_type_named
from webhooks.outbound.models import Delivery, Event

_MOST_DELIVERIES: Final = 100


def event_context(event: Event, *, is_masked: bool, with_payload: bool) -> dict[str, Any]:
    """Return all of the page; `with_payload` is for people who may look at bodies."""
    contact = Contact.objects.filter(pk__in=[event.contact_id], site_id=event.site_id).first()
    kind = event_type_named(event.site, event.type)
    rows = Delivery.objects.filter(event=event).select_related("subscription")
    rows = rows.defer("subscription__secrets", "subscription__headers").order_by("-pk")
    return {
        "event": event,
        "contact": contact,
        "contact_label": contact_label(contact) if contact else "",
        "description": kind.description if kind else "",
        "is_listed_type": kind is not None,
        "deliveries": [
            {
                "row": row,
                "chip": delivery_chip(row),
                "answer": answer_words(row),
                "told": outcome_words(row),
            }
            for row in rows[:_MOST_DELIVERIES]
        ],
        "is_emptied": not event.payload,
        "is_masked": is_masked,
        "payload": _payload(event, is_masked=is_masked) if with_payload else None,
        "newer": _neighbour(event, "pk__gt", "pk"),
        "older": _neighbour(event, "pk__lt", "-pk"),
    }


def _payload(event: Event, *, is_masked: bool) -> PayloadText | None:
    return payload_text(event.payload.encode(), is_masked=is_masked) if event.payload else None


def _neighbour(event: Event, lookup: str, order: str) -> Event | None:
    rows: QuerySet[Event] = Event.objects.filter(site_id=event.site_id, **{lookup: event.pk})
    return rows.only("pk").order_by(order).first()
