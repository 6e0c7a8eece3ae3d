"""Relays: what a source received, to be sent on under a type of its own."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from integrations.preset import EventTypeInfo, Preset
from integrations.registry import offered_presets, preset_for
from webhooks.outbound.event_types.event_type import (
    LONGEST_KEY,
    EventType,
    Group,
    Schema,
    instant,
    object_schema,
    text,
    text_or_null,
)

PREFIX: Final = "inbound."
_UNNAMED: Final = "event"
_OTHER_TYPES: Final = "An event of a name that the vendor's documentation does not list."

_SCHEMA: Final[Schema] = object_schema(
    {
        "source": text("Public id of the source."),
        "eventType": text("The type as the sender writes it."),
        "eventId": text("The sender's own id; empty when it gives none."),
        "receivedAt": instant(),
        "occurredAt": text_or_null(
            "As the sender says; null when it does not.", format="date-time"
        ),
        "data": {
            "description": "The event as it was read from the body; of a batch, its own row. Null "
            "where nothing was read."
        },
    }
)


def relay_type(preset_key: str, vendor_type: str) -> str:
    """Return the type of an event that came in; long names of strangers are cut."""
    return f"{PREFIX}{preset_key}.{vendor_type or _UNNAMED}"[:LONGEST_KEY]


@cache
def relay_event_types() -> tuple[EventType, ...]:
    """Return a type for everything that a preset documents."""
    return tuple(
        _relay(preset, info) for preset in offered_presets() for info in preset.event_types
    )


def relay_named(key: str) -> EventType | None:
    """Return the relay of any name that events of an installed preset may bear."""
    if not key.startswith(PREFIX):
        return None
    preset_key, _, vendor_type = key.removeprefix(PREFIX).partition(".")
    preset = preset_for(preset_key)
    if not (preset.is_installed and preset.is_offered and vendor_type):
        return None
    return _relay(preset, EventTypeInfo(id=vendor_type, description=_OTHER_TYPES))


def relay_of(preset: Preset, vendor_type: str, description: str) -> EventType:
    return _relay(preset, EventTypeInfo(id=vendor_type, description=description))


def _relay(preset: Preset, info: EventTypeInfo) -> EventType:
    example: dict[str, Any] = {
        "source": "src_0a1B2c3D4e5F6g7H8i9J0k",
        "eventType": info.id,
        "eventId": "4ff4d68b-d299-4a17-81cc-e81abbf8932f",
        "receivedAt": "2024-03-15T10:30:16Z",
        "occurredAt": "2024-03-15T10:30:15Z",
        "data": {"email": "john.doe@example.com"},
    }
    return EventType(
        key=relay_type(preset.key, info.id),
        group=f"{Group.RELAY}: {preset.label}",
        label=f"{preset.label}: {info.id}",
        description=f"Came in from {preset.label}. {info.description}",
        schema=_SCHEMA,
        example=example,
    )
