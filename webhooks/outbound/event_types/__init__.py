"""The catalogue: every type of event that can go out, with its schema and an example."""

from webhooks.outbound.event_types.catalogue import (
    add_site_event_types,
    event_type_named,
    event_types_of,
    static_event_types,
)
from webhooks.outbound.event_types.event_type import EventType, Group

__all__ = [
    "EventType",
    "Group",
    "add_site_event_types",
    "event_type_named",
    "event_types_of",
    "static_event_types",
]
