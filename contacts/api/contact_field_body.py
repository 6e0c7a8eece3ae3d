"""A contact field on the wire, in the words of Connectif's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError as InvalidModel
from rest_framework.exceptions import ValidationError

from contacts.api.contact_body import json_value
from contacts.api.contact_patch import NO_OBJECT
from contacts.contact_fields.checks import check_field
from contacts.models import ContactField
from integrations.field_types import FieldType
from sites.models import Site

# A key of the body to the model's name of it.
_TEXTS: Final = {
    "id": "field_id",
    "name": "name",
    "type": "type",
    "defaultCountryCode": "default_country_code",
}
_OPTIONS: Final = "options"
_KEYS: Final = {name: key for key, name in _TEXTS.items()}


def field_body(field: ContactField) -> dict[str, Any]:
    body = {
        "id": field.field_id,
        "name": field.name,
        "type": field.type,
        "createdAt": json_value(field.created_at),
        "updatedAt": json_value(field.updated_at),
    }
    if FieldType(field.type).has_options:
        body["options"] = field.options
    if field.type == FieldType.PHONE:
        body["defaultCountryCode"] = field.default_country_code
    return body


def read_field(site: Site, body: Any) -> ContactField:
    """Return the field, unsaved; raises ValidationError with every fault by key of the body."""
    if not isinstance(body, Mapping):
        raise ValidationError(NO_OBJECT)
    faults = dict.fromkeys(body, "Not a property of a contact field.")
    given: dict[str, Any] = {}
    for key, name in _TEXTS.items():
        faults.pop(key, None)
        value = body.get(key)
        given[name] = value if isinstance(value, str) else ""
        if value is not None and not isinstance(value, str):
            faults[key] = "Expected a string."
    faults.pop(_OPTIONS, None)
    field = ContactField(site=site, **given, options=body.get(_OPTIONS) or [])
    try:
        check_field(field)
    except InvalidModel as error:
        faults = in_words_of_the_api(error) | faults
    if faults:
        raise ValidationError(faults)
    return field


def in_words_of_the_api(error: InvalidModel) -> dict[str, Any]:
    if not hasattr(error, "error_dict"):
        return {"": error.messages}
    return {_KEYS.get(name, name): messages for name, messages in error.message_dict.items()}
