"""What the catalogue says of one type of event, and the pieces that schemas are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# `Event.type` and `Delivery.event_type` hold no more.
LONGEST_KEY: Final = 160
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class Group(StrEnum):
    """Under which heading a type is listed. Relays and custom events have one each of their own."""

    CONTACTS = "Contacts"
    LOYALTY = "Loyalty"
    ONSITE = "Onsite"
    SEGMENTS = "Segments"
    ACCOUNT = "Account"
    OPERATIONAL = "Operational"
    CUSTOM = "Custom events"
    SEND = "Send events"
    RELAY = "Relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry of the catalogue.

    `schema` (JSON Schema 2020-12) describes the payload, and `example` is one. Both are shared:
    whoever wants to change them copies first. `group` is a heading; relays are listed under that of
    their preset, such as “Relay: Ongage”.
    """

    key: str
    group: str
    label: str
    description: str
    schema: Schema
    example: Mapping[str, Any]


def object_schema(
    properties: Mapping[str, Any], *, required: tuple[str, ...] | None = None
) -> Schema:
    """Return the schema of an object that has every property, or only must have `required`."""
    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
    }


def text(description: str = "", **more: Any) -> Schema:
    return _described({"type": "string", **more}, description)


def text_or_null(description: str = "", **more: Any) -> Schema:
    return _described({"type": ["string", "null"], **more}, description)


def yes_or_no(description: str = "") -> Schema:
    return _described({"type": "boolean"}, description)


def instant(description: str = "") -> Schema:
    return text(description, format="date-time")


def number(description: str = "") -> Schema:
    return _described({"type": "number"}, description)


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description} if description else schema
