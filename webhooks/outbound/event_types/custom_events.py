"""Types that operators define: their payload is the fields of the event, by id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from integrations.field_types import FieldDefinition, FieldType, sample_value
from webhooks.outbound.event_types.event_type import EventType, Group, Schema, object_schema

PREFIX: Final = "custom_event."

_PLAIN: Final[dict[FieldType, Schema]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.EMAIL: {"type": "string", "format": "email"},
    FieldType.PHONE: {"type": "string"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.DECIMAL: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string"},
}


def custom_event_type(alias: str) -> str:
    return f"{PREFIX}{alias}"


def custom_event(
    *, alias: str, name: str, fields: Iterable[tuple[FieldDefinition, bool]]
) -> EventType:
    """Return the type of an operator's event; each field comes with whether it is required."""
    listed = list(fields)
    return EventType(
        key=custom_event_type(alias),
        group=Group.CUSTOM,
        label=name,
        description=f"The reception event “{name}” came in.",
        schema=object_schema(
            {definition.id: field_schema(definition) for definition, _ in listed},
            required=tuple(definition.id for definition, is_required in listed if is_required),
        ),
        example={definition.id: sample_value(definition) for definition, _ in listed},
    )


def field_schema(definition: FieldDefinition) -> Schema:
    schema: dict[str, Any] = {"title": definition.name}
    if definition.type is FieldType.RADIO:
        return schema | {"enum": list(definition.option_ids)}
    if definition.type is FieldType.CHECKBOX:
        choices = {"type": "array", "items": {"enum": list(definition.option_ids)}}
        return schema | choices
    return schema | _PLAIN[definition.type]
