"""The nine field types of reception events and contact fields, read strictly or leniently."""

from integrations.field_types.contact_parts import change_from_fields
from integrations.field_types.definition import (
    FieldDefinition,
    FieldOption,
    FieldType,
    options_from,
)
from integrations.field_types.errors import FieldError
from integrations.field_types.lenient_reading import lenient
from integrations.field_types.sample_values import sample_value
from integrations.field_types.strict_reading import strict
from integrations.field_types.system_fields import SYSTEM_FIELDS, WRITABLE_FIELDS, SystemField
from integrations.field_types.validation import MOST_FIELDS, definition_errors, new_field_ids

__all__ = [
    "MOST_FIELDS",
    "SYSTEM_FIELDS",
    "WRITABLE_FIELDS",
    "FieldDefinition",
    "FieldError",
    "FieldOption",
    "FieldType",
    "SystemField",
    "change_from_fields",
    "definition_errors",
    "lenient",
    "new_field_ids",
    "options_from",
    "sample_value",
    "strict",
]
