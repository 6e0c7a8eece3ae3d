from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from integrations.field_types import sample_value
from sites.models import Site
from webhooks.outbound.event_types.custom_events import field_schema
from webhooks.outbound.event_types.event_type import EventType, Group, object_schema
from webhooks.outbound.models import SendEvent

PREFIX: Final = "send."


def send_type(event: SendEvent) -> str:
    """Return the key of its type in the catalogue; the name may change, the id does not."""
    return f"{PREFIX}{event.event_id}"


def send_event_types(site: Site) -> Iterator[EventType]:
    for event in SendEvent.objects.filter(site=site).order_by("name"):
        yield send_event_type(event)


def send_event_type(event: SendEvent) -> EventType:
    return EventType(
        key=send_type(event),
        group=Group.SEND,
        label=event.name,
        description=f"The send event “{event.name}” was sent.",
        schema=object_schema(
            {definition.id: field_schema(definition) for definition, _ in event.definitions},
            required=tuple(
                definition.id for definition, is_required in event.definitions if is_required
            ),
        ),
        example={definition.id: sample_value(definition) for definition, _ in event.definitions},
    )
