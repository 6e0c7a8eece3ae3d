"""From an event and its fields to the settings of its source, and back to the operator's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from webhooks.inbound.models import ReceptionEvent, ReceptionField

PRESET: Final = "reception_event"
# All other settings of the source are those of its verification.
COMPILED: Final = ("context", "alias", "event_id", "name", "fields")


def compiled(event: ReceptionEvent, fields: Iterable[ReceptionField]) -> dict[str, Any]:
    """Return the definition as reception and the worker read it, plain JSON."""
    return {
        "context": str(event.context),
        "alias": event.alias,
        "event_id": event.event_id,
        "name": event.name,
        "fields": [_compiled_field(field) for field in fields],
    }


def verification_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the verification among those of a reception event's source."""
    return {key: value for key, value in settings.items() if key not in COMPILED}


def target_of(field: ReceptionField) -> str:
    """Return where the value goes: `system:<id>`, `field:<id>`, or "" for the activity alone."""
    if field.contact_field is not None:
        return f"field:{field.contact_field.field_id}"
    return f"system:{field.system_field}" if field.system_field else ""


def _compiled_field(field: ReceptionField) -> dict[str, Any]:
    return {
        "id": field.field_id,
        "name": field.name,
        "type": str(field.type),
        "required": field.is_required,
        "primary_key": field.is_primary_key,
        "default_country_code": field.default_country_code,
        "options": field.options,
        "pointer": field.pointer,
        "target": target_of(field),
    }
