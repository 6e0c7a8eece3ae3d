"""A contact as the API answers it: system fields by their ids, custom fields by theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from contacts.contact_fields.definitions import Definitions
from contacts.models import Contact
from integrations.contact_change import Channel
from integrations.field_types import (
    SYSTEM_FIELDS,
    FieldDefinition,
    FieldError,
    FieldType,
    lenient,
)

SUBSCRIPTIONS: Final = {True: "subscribed", False: "unsubscribed", None: "none"}


def contact_body(contact: Contact, definitions: Definitions) -> dict[str, Any]:
    """Return every field that Patchbay keeps, null where nothing is known."""
    read_from: dict[str, Callable[[str, FieldDefinition], Any]] = {
        "preferences": lambda channel, _: SUBSCRIPTIONS[accepted(contact).get(Channel(channel))],
        "attributes": lambda name, definition: attribute_value(contact, name, definition),
    }
    body: dict[str, Any] = {}
    for field in SYSTEM_FIELDS.values():
        if field.read:
            holder, _, name = field.read.partition(".")
            read = read_from.get(holder)
            body[field.id] = (
                read(name, field.definition) if read else json_value(getattr(contact, holder))
            )
    for definition in definitions.values():
        body[definition.id] = attribute_value(contact, definition.id, definition)
    return body


def attribute_value(contact: Contact, name: str, definition: FieldDefinition) -> Any:
    """Return a value in the type of its field; None for one that is older and does not fit it."""
    stored = contact.attributes.get(name)
    if stored is None:
        return None
    try:
        value = lenient(definition, stored)
    except FieldError:
        return None
    return _number(value) if definition.type is FieldType.DECIMAL else value


def accepted(contact: Contact) -> Mapping[Channel, bool]:
    return {Channel(row.channel): row.accepts for row in contact.preferences.all()}


def json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return utc.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if value is None or value == "":
        return None
    return str(value)


def _number(text: str) -> int | float:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)
