"""Reads the body of a PATCH: strict types, and every fault told at once by its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from rest_framework.exceptions import ValidationError

from contacts.contact_fields.column_checks import checked_line
from contacts.contact_fields.definitions import Definitions
from integrations.field_types import (
    SYSTEM_FIELDS,
    FieldDefinition,
    FieldError,
    SystemField,
    strict,
)

NO_OBJECT: Final = "The body must be a JSON object."
_READ_ONLY: Final = "Read-only: Patchbay sets this field itself."
_UNKNOWN: Final = "Field is not defined on this site."
_NAMES_THE_CONTACT: Final = (
    "The address names the contact by this id. To change it, address the contact by its e-mail."
)
# A state is one of its values, never nothing.
_NEVER_NULL: Final = frozenset(
    ("_emailStatus", "_newsletterSubscriptionStatus", "_smsSubscriptionStatus")
)


def read_patch(body: Any, definitions: Definitions, external_id: str = "") -> dict[str, Any]:
    """Return stored values by field id, None where one is to be cleared; raises ValidationError.

    `external_id` is the one in the address, if it names the contact so.
    """
    if not isinstance(body, Mapping):
        raise ValidationError(NO_OBJECT)
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, value in body.items():
        try:
            values[name] = _read(name, value, definitions)
        except FieldError as error:
            faults[name] = error.reason
    if external_id and values.get("_externalId", external_id) != external_id:
        faults["_externalId"] = _NAMES_THE_CONTACT
    if faults:
        raise ValidationError(faults)
    return values


def _read(name: str, value: Any, definitions: Definitions) -> Any:
    system_field = SYSTEM_FIELDS.get(name)
    if system_field is not None:
        return _read_system(system_field, value)
    definition = definitions.get(name)
    if definition is None:
        raise FieldError(_UNKNOWN)
    return _read_typed(definition, value)


def _read_typed(definition: FieldDefinition, value: Any) -> Any:
    return None if value is None else strict(definition, value)


def _read_system(field: SystemField, value: Any) -> Any:
    if not field.writable:
        raise FieldError(_READ_ONLY)
    if value is None and field.id in _NEVER_NULL:
        raise FieldError(f"Never null. Send one of: {', '.join(field.options)}.")
    read = _read_typed(field.definition, value)
    check = _CHECKS.get(field.read)
    return check(read) if check and read is not None else read


def _external_id(text: str) -> str:
    if not (line := checked_line("external_id", text)):
        raise FieldError("Empty. Send null to take the external id from the contact.")
    return line


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "first_name": partial(checked_line, "first_name"),
    "last_name": partial(checked_line, "last_name"),
    "external_id": _external_id,
    "birth_date": partial(checked_line, "birth_date"),
}
