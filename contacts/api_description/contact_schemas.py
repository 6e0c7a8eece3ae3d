"""A contact as it is answered and as it is patched, from the system fields themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import JsonSchema
from integrations.field_types import SYSTEM_FIELDS, FieldType, SystemField

CONTACT_ID: Final = "01a1fd2b-3c66-7581-8a07-c60e19c84e3c"
# What is answered is never null, although the value of a field of its type may be.
_ALWAYS_THERE: Final = frozenset(("id", "_createdAt", "_updatedAt"))
# A state is one of its values, never nothing.
_STATES: Final = frozenset(
    ("_emailStatus", "_newsletterSubscriptionStatus", "_smsSubscriptionStatus")
)
_TYPES: Final[Mapping[FieldType, Mapping[str, Any]]] = {
    FieldType.INTEGER: {"type": "integer"},
    FieldType.DECIMAL: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.CHECKBOX: {"type": "array", "items": {"type": "string"}},
}
_FORMATS: Final = {"_birthdate": "date", "_createdAt": "date-time", "_updatedAt": "date-time"}
_CUSTOM: Final = {
    "description": "A field of the site, by its id, as its type prescribes. Null: not known.",
    "type": ["string", "number", "boolean", "array", "null"],
    "items": {"type": "string"},
}


def _schema(field: SystemField) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": field.name, **_TYPES.get(field.type, _text(field))}
    if field.id in _ALWAYS_THERE | _STATES:
        return schema
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema | {"type": [schema["type"], "null"]}


def _text(field: SystemField) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if field.options:
        schema["enum"] = list(field.options)
    if field.id in _FORMATS:
        schema["format"] = _FORMATS[field.id]
    return schema


_ANSWERED: Final = {field.id: _schema(field) for field in SYSTEM_FIELDS.values() if field.read}

CONTACT_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Contact": {
        "type": "object",
        "description": "All that is kept of a contact; null where nothing is known.",
        "required": list(_ANSWERED),
        "properties": _ANSWERED,
        "additionalProperties": _CUSTOM,
    },
    "ContactId": {
        "type": "object",
        "description": "What a key without `contacts:read` is answered.",
        "required": ["id"],
        "properties": {"id": {"type": "string", "format": "uuid"}},
        "additionalProperties": False,
    },
    "ContactPatch": {
        "type": "object",
        "description": "Only what is named is written. Null clears.",
        "properties": {
            field.id: _schema(field) for field in SYSTEM_FIELDS.values() if field.writable
        },
        "additionalProperties": _CUSTOM,
    },
}
CONTACT_EXAMPLE: Final = dict.fromkeys(_ANSWERED) | {
    "_name": "John",
    "_points": 130,
    "_emailStatus": "active",
    "_newsletterSubscriptionStatus": "subscribed",
    "_smsSubscriptionStatus": "none",
    "id": CONTACT_ID,
    "_email": "john.doe@example.org",
    "_createdAt": "2026-11-20T08:00:00.000Z",
    "_updatedAt": "2026-11-20T08:05:00.000Z",
    "favourite-shop": "Madrid",
}
