"""What came in goes out again: relays, custom events, and Engage's loyalty events.

Only what somebody subscribed to is stored: a relay is a copy of a received event, which is there
to be replayed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from contacts.applied_change import ChangeKind
from integrations.inbound_event import Disposition, InboundEvent
from webhooks.inbound.processing.outcomes import EventRow
from webhooks.outbound.event_types.custom_events import custom_event_type
from webhooks.outbound.event_types.loyalty_events import LOYALTY_TYPES
from webhooks.outbound.event_types.relays import relay_type
from webhooks.outbound.models import Event
from webhooks.outbound.publishing import (
    Audience,
    NewEvent,
    RawRequest,
    audiences,
    events_publish,
)

_ENGAGE: Final = "voyado_engage"
_RECEPTION_EVENT: Final = "reception_event"
# Ignored rows that are still the sender's word: nothing here knew what to do with them.
_RELAYED_CAUSES: Final = frozenset(("UNKNOWN_EVENT_TYPE",))
_LOW_BITS: Final = (1 << 62) - 1
_VARIANT: Final = 0b10 << 62


def publish_rows(*, rows: Sequence[EventRow], **_: Any) -> None:
    """Publish rows that came in, each once however often its event is processed."""
    heard = audiences()
    if not heard:
        return
    events = [
        event
        for row in rows
        if (audience := heard.get(row.event.context.site.pk)) and _is_relayed(row)
        for event in _events(row, audience)
    ]
    if any(row.event.claimed.processed_at for row in rows):
        events = _without_published(events)
    events_publish(events, heard)


def relayed_event_id(received_event_id: UUID, position: int, event_type: str) -> UUID:
    """Return the id of what a row of a received event becomes; the same at every replay.

    The upper half is the received event's own, which sorts by time.
    """
    digest = hashlib.blake2b(
        f"{position}:{event_type}".encode(), digest_size=8, key=received_event_id.bytes
    ).digest()
    low = int.from_bytes(digest, "big") & _LOW_BITS | _VARIANT
    return UUID(int=(received_event_id.int >> 64 << 64) | low)


def _is_relayed(row: EventRow) -> bool:
    inbound, applied = row.inbound, row.applied
    if inbound.disposition is not Disposition.ACCEPTED:
        return inbound.cause in _RELAYED_CAUSES
    was_refused = applied is not None and applied.kind is ChangeKind.REJECTED
    return not was_refused and not row.is_forgotten


def _events(row: EventRow, audience: Audience) -> Iterator[NewEvent]:
    for event_type, is_as_it_came in _types(row):
        subscribers = audience.of_type(event_type)
        if subscribers:
            payload = row.inbound.data if is_as_it_came else _relay_payload(row)
            if isinstance(payload, dict):
                event = _event(row, event_type, payload)
                if any(each.needs_raw for each in subscribers):
                    event.raw = _raw(row)
                yield event


def _types(row: EventRow) -> Iterator[tuple[str, bool]]:
    """Yield each type that the row goes out under, and whether its data is the whole payload."""
    preset, vendor_type = row.event.context.preset.key, row.inbound.type
    if preset == _RECEPTION_EVENT:
        yield custom_event_type(vendor_type), True
        return
    if preset == _ENGAGE and vendor_type in LOYALTY_TYPES:
        yield vendor_type, True
    yield relay_type(preset, vendor_type), False


def _relay_payload(row: EventRow) -> dict[str, Any]:
    claimed, inbound = row.event.claimed, row.inbound
    return {
        "source": row.event.context.key,
        "eventType": inbound.type,
        "eventId": inbound.event_id,
        "receivedAt": claimed.received_at,
        "occurredAt": inbound.occurred_at,
        "data": inbound.data,
    }


def _event(row: EventRow, event_type: str, payload: dict[str, Any]) -> NewEvent:
    claimed = row.event.claimed
    return NewEvent(
        id=relayed_event_id(claimed.id, row.position, event_type),
        site_id=row.event.context.site.pk,
        type=event_type,
        payload=payload,
        occurred_at=row.inbound.occurred_at or claimed.received_at,
        contact_id=row.contact_id,
        subject=_subject(row.inbound),
        order_key=row.contact_id.hex if row.contact_id else "",
        source_key=row.event.context.key,
        received_event_id=claimed.id,
    )


def _subject(inbound: InboundEvent) -> dict[str, str]:
    """Return by what names the sender knows the person; an erased person has none."""
    change = inbound.change
    if change is None or change.deletion is not None:
        return {}
    identity = change.identity
    named = {
        "email": identity.email,
        "phone": identity.phone,
        "external_id": identity.external_id,
    }
    return {name: value for name, value in named.items() if value}


def _raw(row: EventRow) -> RawRequest | None:
    claimed = row.event.claimed
    if claimed.body is None:
        return None
    headers = {name: value for name, value in claimed.headers.items() if name != "content-type"}
    return RawRequest(
        content_type=claimed.headers.get("content-type", ""), headers=headers, body=claimed.body
    )


def _without_published(events: list[NewEvent]) -> list[NewEvent]:
    """Leave out what an earlier run of a replayed event published."""
    known = set(
        Event.objects.filter(pk__in=[event.id for event in events]).values_list("pk", flat=True)
    )
    return [event for event in events if event.id not in known]
