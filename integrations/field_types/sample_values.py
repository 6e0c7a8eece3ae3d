"""A value for every field, as a correct sender would write it."""

from __future__ import annotations

from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from integrations.field_types.definition import FieldDefinition, FieldType
from integrations.field_types.strict_reading import region_of

_PLAIN: Final = {
    FieldType.TEXT: "Example text",
    FieldType.EMAIL: "john.doe@example.org",
    FieldType.INTEGER: 10,
    FieldType.DECIMAL: 49.9,
    FieldType.BOOLEAN: True,
    FieldType.DATE: "2024-03-15T10:30:00Z",
}
_SAMPLE_PHONE: Final = "+34666777888"
_OPTIONS_CHOSEN: Final = 2


def sample_value(definition: FieldDefinition) -> Any:
    """Return a JSON value that the strict reading of the field accepts."""
    match definition.type:
        case FieldType.PHONE:
            return _phone(region_of(definition.default_country_code))
        case FieldType.RADIO:
            return definition.option_ids[0]
        case FieldType.CHECKBOX:
            return list(definition.option_ids[:_OPTIONS_CHOSEN])
        case FieldType.DATE if definition.is_day:
            return "1990-02-17"
        case plain:
            return _PLAIN[plain]


def _phone(region: str) -> str:
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if number is None or not phonenumbers.is_valid_number(number):
        return _SAMPLE_PHONE
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
