"""Contact fields in words: what their types are called, and system fields beside custom ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from contacts.admin.change_words import value_words
from contacts.contact_fields.definitions import SYSTEM_ATTRIBUTES, custom_definitions
from contacts.models import Contact, ContactField
from integrations.field_types import (
    SYSTEM_FIELDS,
    FieldDefinition,
    FieldError,
    FieldType,
    lenient,
)

TYPE_WORDS: Final = {
    FieldType.TEXT: "Text",
    FieldType.EMAIL: "E-mail",
    FieldType.PHONE: "Phone",
    FieldType.INTEGER: "Integer",
    FieldType.DECIMAL: "Decimal",
    FieldType.BOOLEAN: "Boolean (yes or no)",
    FieldType.DATE: "Date",
    FieldType.RADIO: "Radio (one option)",
    FieldType.CHECKBOX: "Checkbox (several options)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSystemField:
    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownValue:
    """A contact's value of a field; `is_fitting` is False for one that is older than the field."""

    name: str
    words: str
    is_fitting: bool = True


def field_names(site_id: int) -> dict[str, str]:
    """Return what the attributes of a site's contacts are called, those that are fields."""
    definitions = SYSTEM_ATTRIBUTES | custom_definitions(site_id)
    return {name: definition.name for name, definition in definitions.items()}


def values_shown(contact: Contact) -> tuple[list[ShownValue], list[ShownValue]]:
    """Return the contact's values of fields by their names, and its other attributes."""
    definitions = SYSTEM_ATTRIBUTES | custom_definitions(contact.site_id)
    known, others = [], []
    for name, stored in sorted(contact.attributes.items()):
        definition = definitions.get(name)
        if definition is None:
            others.append(ShownValue(name=name, words=value_words(stored)))
        else:
            known.append(_shown_value(definition, stored))
    return sorted(known, key=lambda value: value.name.casefold()), others


def _shown_value(definition: FieldDefinition, stored: Any) -> ShownValue:
    try:
        value = lenient(definition, stored)
    except FieldError:
        words = value_words(stored)
        return ShownValue(name=definition.name, words=words, is_fitting=False)
    labels = {option.id: option.label for option in definition.options}
    if isinstance(value, list):
        value = ", ".join(labels[each] for each in value)
    elif definition.type is FieldType.RADIO:
        value = labels[value]
    return ShownValue(name=definition.name, words=value_words(value))


def type_words(field: ContactField) -> str:
    return TYPE_WORDS[FieldType(field.type)]


def system_fields_shown(*, writable: bool) -> list[ShownSystemField]:
    """Return the system fields that senders write, or those that only Patchbay sets."""
    return [
        ShownSystemField(
            id=field.id,
            name=field.name,
            type=", ".join(field.options) if field.options else TYPE_WORDS[field.type],
        )
        for field in SYSTEM_FIELDS.values()
        if field.read and field.writable == writable
    ]


def option_lines(field: ContactField) -> str:
    return "\n".join(f"{option['id']} = {option['label']}" for option in field.options)


def options_in(text: str) -> list[dict[str, str]]:
    """Return the options that lines `id = label` describe; a label that is missing is the id."""
    options = []
    for line in text.splitlines():
        option_id, _, label = line.partition("=")
        if line.strip():
            options.append({"id": option_id.strip(), "label": label.strip()})
    return options
