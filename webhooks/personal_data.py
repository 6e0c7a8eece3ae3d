"""What webhooks hold of a person: what came in about them, and what went out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contacts.models import Contact
from contacts.subject_rights.own_data import row_of
from contacts.subject_rights.personal_data import PersonalData, Row, add_personal_data, add_places
from webhooks.inbound.models import EventOutcome
from webhooks.inbound.upkeep import person_erasure as inbound
from webhooks.outbound.models import Delivery, Event
from webhooks.outbound.upkeep import person_erasure as outbound

_OUTCOME: Final = ("position", "event_type", "outcome", "reason", "identity")
_DELIVERY: Final = ("created_at", "event_type", "status", "finished_at")


def _received(contact: Contact) -> Iterator[Row]:
    rows = EventOutcome.objects.filter(contact=contact).order_by("received_event_id", "position")
    for row in rows.select_related("received_event__source").iterator(chunk_size=200):
        event = row.received_event
        yield {
            "received_at": event.received_at,
            "source": event.source.name,
            **row_of(row, _OUTCOME),
            # Many people share a body of many rows: the others' data is not for this one.
            "body": _body(event.body) if event.outcomes.count() == 1 else "",
        }


def _body(body: bytes | memoryview | None) -> str:
    return bytes(body or b"").decode("utf-8", "replace")


def _events(contact: Contact) -> Iterator[Row]:
    events = Event.objects.filter(contact=contact).order_by("pk")
    for event in events.iterator(chunk_size=200):
        yield row_of(event, ("created_at", "type", "message_id", "payload"))


def _deliveries(contact: Contact) -> Iterator[Row]:
    rows = Delivery.objects.filter(event__contact=contact).select_related("subscription")
    for row in rows.order_by("pk").iterator(chunk_size=200):
        yield {"told": row.subscription.name, **row_of(row, _DELIVERY)}


def register_personal_data() -> None:
    add_personal_data(
        PersonalData("Received", _received),
        PersonalData("Events", _events),
        PersonalData("Who was told", _deliveries),
    )
    add_places(*inbound.PLACES, *outbound.PLACES)
