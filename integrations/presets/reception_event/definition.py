"""An operator's definition of an event, as the settings of its source carry it.

    {"context": "api" | "webhook" | "app", "alias", "event_id", "name",
     "fields": [{"id", "name", "type", "required", "primary_key", "default_country_code",
                 "options": [{"id", "label"}], "pointer", "target"}]}

`target` is `system:<id>`, `field:<id>` or empty. All other settings are the verification's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from integrations.field_types import SYSTEM_FIELDS, FieldDefinition, FieldType, options_from
from integrations.inbound_event import UnreadablePayload

DEFINITION_KEYS: Final = ("context", "alias", "event_id", "name", "fields")
API: Final = "api"
WEBHOOK: Final = "webhook"
APP: Final = "app"

_SYSTEM: Final = "system:"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventField:
    """One field; `target_id` is the id of the contact field it writes to, or empty."""

    id: str
    definition: FieldDefinition
    is_required: bool
    is_primary_key: bool
    pointer: str
    target_id: str


@dataclass(frozen=True, kw_only=True)
class EventDefinition:
    context: str
    alias: str
    event_id: str
    name: str
    fields: tuple[EventField, ...]

    @cached_property
    def field_ids(self) -> frozenset[str]:
        return frozenset(field.id for field in self.fields)

    @cached_property
    def primary_key(self) -> EventField | None:
        return next((field for field in self.fields if field.is_primary_key), None)


def event_definition(settings: Mapping[str, Any]) -> EventDefinition:
    """Return the definition in the settings of a source.

    Raises UnreadablePayload when there is none: the row was edited behind the services' back.
    """
    try:
        # By content: the worker asks for every event, and the same settings come in new objects.
        return _definition_in(json.dumps([settings[key] for key in DEFINITION_KEYS]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnreadablePayload(
            "NO_DEFINITION",
            "The definition of this event is damaged. Open the event, save it, then replay.",
        ) from None


@lru_cache(maxsize=512)
def _definition_in(text: str) -> EventDefinition:
    context, alias, event_id, name, fields = json.loads(text)
    return EventDefinition(
        context=context,
        alias=alias,
        event_id=event_id,
        name=name,
        fields=tuple(_field(row) for row in fields),
    )


def _field(row: Mapping[str, Any]) -> EventField:
    target: str = row["target"]
    system_field = SYSTEM_FIELDS.get(target.removeprefix(_SYSTEM))
    return EventField(
        id=row["id"],
        definition=FieldDefinition(
            id=row["id"],
            name=row["name"],
            type=FieldType(row["type"]),
            options=options_from(row["options"]),
            default_country_code=row["default_country_code"],
            is_day=system_field is not None and system_field.definition.is_day,
        ),
        is_required=row["required"],
        is_primary_key=row["primary_key"],
        pointer=row["pointer"],
        target_id=target.partition(":")[2],
    )
