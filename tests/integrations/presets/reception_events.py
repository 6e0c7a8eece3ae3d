"""Reception events as their sources carry them, and the documented bodies for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from integrations.presets.reception_event.definition import EventDefinition, event_definition
from integrations.request import PresetConfig

_PAYLOADS = Path(__file__).parents[1] / "payloads" / "connectif"


def payload(name: str) -> bytes:
    return (_PAYLOADS / f"{name}.json").read_bytes()


def event_field(field_id: str, type_: str = "text", **values: Any) -> dict[str, Any]:
    """Return one compiled field; a primary key when it is called email and nothing else is said."""
    is_primary_key = values.pop("primary_key", field_id == "email")
    return {
        "id": field_id,
        "name": field_id.title(),
        "type": "email" if field_id == "email" else type_,
        "required": is_primary_key,
        "primary_key": is_primary_key,
        "default_country_code": "34" if type_ == "phone" else "",
        "options": [],
        "pointer": "",
        "target": "",
    } | values


def event_settings(
    *fields: dict[str, Any], context: str = "api", alias: str = "api-event-example"
) -> dict[str, Any]:
    return {
        "context": context,
        "alias": alias,
        "event_id": "635feb9a4168beeaf0ae6a46",
        "name": "API event example",
        "fields": list(fields),
    }


def documented_fields() -> list[dict[str, Any]]:
    """Return the fields of the documented event type, one of each of the nine types."""
    return [
        event_field(
            field["id"],
            field["type"],
            name=field["name"],
            required=field["required"],
            primary_key=field["isPrimaryKey"],
            default_country_code=field.get("defaultCountryCode", ""),
            options=field.get("options", []),
        )
        for field in json.loads(payload("event_type_definition"))["fields"]
    ]


def mapped_fields() -> list[dict[str, Any]]:
    """Return the fields of the documented mapping over a nested body."""
    mapping = json.loads(payload("mapping"))
    options = {"tier": ["silver", "gold"], "tags": ["vip", "b2b"]}
    return [
        event_field(
            field_id,
            type_,
            pointer=mapping["pointers"][field_id],
            options=[{"id": each, "label": each} for each in options.get(field_id, ())],
        )
        for field_id, type_ in mapping["types"].items()
    ]


def definition(*fields: dict[str, Any], context: str = "api") -> EventDefinition:
    return event_definition(event_settings(*fields, context=context))


def config(*fields: dict[str, Any], context: str = "api", **verification: Any) -> PresetConfig:
    return PresetConfig(settings=event_settings(*fields, context=context) | verification)
