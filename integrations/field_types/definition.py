from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """Connectif's field types (API documentation, page *CustomEventTypeCreation*)."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    RADIO = "radio"
    CHECKBOX = "checkbox"

    @property
    def has_options(self) -> bool:
        return self in (FieldType.RADIO, FieldType.CHECKBOX)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOption:
    """One option of a radio or checkbox; bodies carry the id, never the label."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    """What a value of the field must be. `default_country_code` has digits only, for phones."""

    id: str
    name: str
    type: FieldType
    options: tuple[FieldOption, ...] = ()
    default_country_code: str = ""
