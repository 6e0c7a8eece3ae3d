"""The operator's JSON Pointers, read from the settings of a source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from integrations.contact_change import IDENTITY_FIELDS, PLAIN_FIELDS, Identity
from integrations.json_values import text_of
from integrations.pointers import MISSING, resolve
from integrations.request import PresetConfig
from integrations.settings_fields import FieldKind, SettingField

DEFAULT_EVENT_TYPE: Final = "event"
_LONGEST_IDENTITY: Final = 320

IDENTITY_POINTERS: Final = {
    "email_pointer": "email",
    "phone_pointer": "phone",
    "external_id_pointer": "external_id",
}
IDENTITY_WORDS: Final = {
    "email_pointer": "an e-mail",
    "phone_pointer": "a phone number",
    "external_id_pointer": "an external id",
}


def clean_field_names(pointers: dict[str, str]) -> dict[str, str]:
    """Return the mapping unless it names an identity that has a setting of its own."""
    for name in pointers:
        if name in IDENTITY_POINTERS.values():
            raise ValueError(f"{name} has a setting of its own above; set it there.")
    return pointers


MAPPING_FIELDS: Final = (
    SettingField(
        key="events_pointer",
        label="Where the list of events is",
        kind=FieldKind.POINTER,
        help_text="Only when one request may carry several events in a list inside the body; the "
        "pointers below then start at each event. Empty: the body is one event or a list of them.",
    ),
    SettingField(
        key="event_id_pointer",
        label="Event id",
        kind=FieldKind.POINTER,
        help_text="For example /id. A repeat of the same id is answered and not processed again. "
        "Empty: only a body that is equal byte for byte counts as a repeat.",
    ),
    SettingField(
        key="event_type_pointer",
        label="Event type",
        kind=FieldKind.POINTER,
        help_text="For example /type.",
    ),
    SettingField(
        key="event_type",
        label="Event type when none is found",
        default=DEFAULT_EVENT_TYPE,
        help_text="The name under which activities are kept when the body has no type.",
    ),
    SettingField(
        key="occurred_at_pointer",
        label="Occurred at",
        kind=FieldKind.POINTER,
        help_text="ISO 8601 with an offset, or seconds or milliseconds since 1970. Empty: the time "
        "of reception.",
    ),
    SettingField(key="email_pointer", label="E-mail", kind=FieldKind.POINTER),
    SettingField(key="phone_pointer", label="Phone", kind=FieldKind.POINTER),
    SettingField(
        key="external_id_pointer",
        label="External id",
        kind=FieldKind.POINTER,
        help_text="The id of the person in your own system.",
    ),
    SettingField(
        key="fields",
        label="Contact fields and attributes",
        kind=FieldKind.POINTERS,
        help_text="One a line, name = /pointer. These names fill the contact's own fields: "
        f"{', '.join((*PLAIN_FIELDS, 'personal_identity_number'))}. Any other name becomes an "
        "attribute. Null in the body clears, absent leaves alone.",
        clean=clean_field_names,
    ),
    SettingField(
        key="properties",
        label="Details kept with the activity",
        kind=FieldKind.POINTERS,
        help_text="One a line, name = /pointer. The whole body is kept with the received event "
        "in any case.",
    ),
)


@dataclass(slots=True, kw_only=True)
class MappedFields:
    """What the mapping found about the person besides the identities."""

    fields: dict[str, str | None] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    personal_identity_number: str = ""
    notes: list[str] = field(default_factory=list)


def text_at(event: Any, config: PresetConfig, setting: str) -> str:
    """Return the text or whole number that a pointer setting finds, else ""."""
    pointer = config.settings.get(setting)
    return text_of(resolve(event, pointer)) if pointer else ""


def identity_at(event: Any, config: PresetConfig) -> Identity:
    """Return the identities that were found."""
    identity = Identity()
    for setting, name in IDENTITY_POINTERS.items():
        text = text_at(event, config, setting)
        if text and len(text) <= _LONGEST_IDENTITY:
            setattr(identity, name, text)
    return identity


def missing_identity(config: PresetConfig) -> str:
    """Return the sentence that names every identity pointer which found nothing."""
    expected = [
        f"{IDENTITY_WORDS[setting]} at `{config.settings[setting]}`"
        for setting in IDENTITY_POINTERS
        if config.settings.get(setting)
    ]
    if not expected:
        return "No identity: the mapping has no pointer to an e-mail, a phone or an external id."
    return f"No identity: the mapping expects {' or '.join(expected)}, and this payload has none."


def fields_at(event: Any, config: PresetConfig) -> MappedFields:
    """Return fields and attributes; a wrong type is left out with a note."""
    mapped = MappedFields()
    for name, pointer in (config.settings.get("fields") or {}).items():
        value = resolve(event, pointer)
        if value is MISSING:
            continue
        if name in PLAIN_FIELDS or name in IDENTITY_FIELDS:
            _map_field(name, value, pointer, mapped)
        else:
            mapped.attributes[name] = value
    return mapped


def _map_field(name: str, value: Any, pointer: str, mapped: MappedFields) -> None:
    text = text_of(value)
    if value is not None and not isinstance(value, str) and not text:
        mapped.notes.append(f"{name}: what `{pointer}` finds is no text, so it was left out.")
    elif name == "personal_identity_number" and text:
        mapped.personal_identity_number = text
    else:
        mapped.fields[name] = text or None
