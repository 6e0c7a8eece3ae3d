"""What is wrong with an event as an operator defined it: a sentence beside each field of a form.

Errors of a field stand under `fields.<index>.<attribute>`; attributes are `id`, `name`, `type`,
`is_primary_key`, `default_country_code`, `options`, `pointer` and `target`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError

from integrations.field_types import MOST_FIELDS, FieldType, definition_errors, new_field_ids
from integrations.pointers import clean_pointer
from webhooks.inbound.models import Context, ReceptionEvent, ReceptionField
from webhooks.inbound.reception_events.compiled_settings import target_of
from webhooks.inbound.reception_events.targets import target_error

Errors = dict[str, Any]

_TYPES: Final = tuple(each.value for each in FieldType)
_ONE_PRIMARY_KEY: Final = (
    "One field must be the primary key: the one of type e-mail by which contacts are found."
)
_MANY_PRIMARY_KEYS: Final = "Only one field can be the primary key. Choose one, or none."


def event_errors(event: ReceptionEvent) -> Errors:
    """Tidy the event's own values in place and return what is wrong with them."""
    event.name = " ".join(event.name.split())
    event.alias = event.alias.strip()
    found: Errors = {}
    try:
        event.clean_fields(exclude={"source", "site", "integration"})
    except ValidationError as error:
        found |= error.message_dict
    if event.integration is None or event.integration.site_id != event.site_id:
        found["integration"] = "Choose an integration of this site."
    return found


def fields_errors(event: ReceptionEvent, fields: Sequence[ReceptionField]) -> Errors:
    """Tidy the fields in place, number them, give ids to those without; return what is wrong."""
    if len(fields) > MOST_FIELDS:
        return {"fields": f"An event may have at most {MOST_FIELDS} fields."}
    _give_ids(event, fields)
    found: Errors = {}
    for index, field in enumerate(fields):
        field.position = index
        for attribute, sentence in _field_errors(event, field).items():
            found[f"fields.{index}.{attribute}"] = sentence
    found |= _doubled(fields)
    primary_keys = [field.is_primary_key for field in fields].count(True)
    if event.context != Context.APP and primary_keys != 1:
        found["fields"] = _ONE_PRIMARY_KEY
    elif primary_keys > 1:
        found["fields"] = _MANY_PRIMARY_KEYS
    return found


def _give_ids(event: ReceptionEvent, fields: Sequence[ReceptionField]) -> None:
    for field in fields:
        field.field_id = field.field_id.strip()
        field.name = " ".join(field.name.split())
        field.default_country_code = field.default_country_code.strip()
        field.pointer = field.pointer.strip()
    stored = event.fields.values_list("field_id", flat=True) if event.pk else ()
    taken = {field.field_id for field in fields} | {*event.retired_field_ids, *stored}
    ids = new_field_ids(taken)
    for field in fields:
        field.field_id = field.field_id or next(ids)


def _field_errors(event: ReceptionEvent, field: ReceptionField) -> dict[str, str]:
    if field.type not in _TYPES:
        return {"type": f"Choose one of: {', '.join(_TYPES)}."}
    if not _are_options(field.options):
        return {"options": "Every option has an id and a label."}
    found = definition_errors(field.definition)
    if field.is_primary_key:
        # Without it there is nobody to write to. In a page or app the device stands in.
        field.is_required |= event.context != Context.APP
        if field.type != FieldType.EMAIL:
            found["is_primary_key"] = "Only a field of type e-mail can be the primary key."
    if sentence := _pointer_error(event, field):
        found["pointer"] = sentence
    if sentence := target_error(event, field):
        found["target"] = sentence
    return found


def _are_options(options: Any) -> bool:
    return isinstance(options, list) and all(
        isinstance(option, dict)
        and option.keys() == {"id", "label"}
        and all(isinstance(text, str) for text in option.values())
        for option in options
    )


def _pointer_error(event: ReceptionEvent, field: ReceptionField) -> str:
    if not field.pointer:
        return ""
    if event.context != Context.WEBHOOK:
        return "Only the fields of a webhook have a pointer. Remove it."
    try:
        clean_pointer(field.pointer)
    except ValueError as error:
        return str(error)
    return ""


def _doubled(fields: Sequence[ReceptionField]) -> Errors:
    ids = Counter(field.field_id for field in fields)
    targets = Counter(target_of(field) for field in fields)
    found: Errors = {}
    for index, field in enumerate(fields):
        if ids[field.field_id] > 1:
            found[f"fields.{index}.id"] = "Another field of this event has this id."
        if (target := target_of(field)) and targets[target] > 1:
            found[f"fields.{index}.target"] = "Another field of this event writes there as well."
    return found
