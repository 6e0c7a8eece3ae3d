"""Takes an erased person out of events that are not known to be about them alone.

Those that are about them were emptied with the contact: see `erasure`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from common.json_text import json_text
from common.without_person import names_person, without_person
from contacts.subject_rights.personal_data import Place, Sought, Step
from webhooks.outbound.event_types.contact_events import DELETED
from webhooks.outbound.models import Delivery, Event
from webhooks.outbound.upkeep.erasure import EMPTIED, bodies_forget

_AT_ONCE: Final = 500


def erase_events(sought: Sought, cursor: str) -> Step:
    rows = Event.objects.filter(site_id=sought.site_id).exclude(type=DELETED)
    if cursor:
        rows = rows.filter(pk__gt=UUID(cursor))
    events = list(rows.order_by("pk")[:_AT_ONCE])
    found = [event for event in events if _names(event, sought.texts)]
    for event in found:
        _empty(event, sought.texts)
    units = Delivery.objects.filter(event__in=found).values_list("unit", flat=True)
    bodies_forget(set(units))
    return Step(len(found), str(events[-1].pk) if events else cursor, len(events) < _AT_ONCE)


def events_about(contact_id: UUID) -> int:
    about = Event.objects.filter(contact_id=contact_id).exclude(type=DELETED)
    return about.exclude(payload="", raw_body=None).count()


def _names(event: Event, texts: Collection[str]) -> bool:
    around = json_text([event.subject, event.raw_headers])
    parts = (event.payload.encode(), around.encode(), bytes(event.raw_body or b""))
    return any(names_person(part, texts) for part in parts)


def _empty(event: Event, texts: Collection[str]) -> None:
    """Keep the parts of a raw request that are about others; empty what is about the person."""
    is_about_others = not names_person(
        event.payload.encode() + json_text(event.subject).encode(), texts
    )
    kept = without_person(bytes(event.raw_body or b""), texts) if is_about_others else None
    values = EMPTIED if kept is None else {"raw_body": kept, "raw_headers": {}}
    Event.objects.filter(pk=event.pk).update(**values)


PLACES: Final = (
    Place(key="events", label="Outbound events", erase=erase_events, held=events_about),
)
