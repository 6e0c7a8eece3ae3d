from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
    """What a value of the field must be.

    `default_country_code` has digits only, for phones. With `is_day` a date is read without its
    time, as written: a birthday is the same day in every time zone.
    """

    id: str
    name: str
    type: FieldType
    options: tuple[FieldOption, ...] = ()
    default_country_code: str = ""
    is_day: bool = False

    @property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(option.id for option in self.options)


def options_from(rows: Iterable[Mapping[str, Any]]) -> tuple[FieldOption, ...]:
    """Return options from `[{"id", "label"}]`, as they are stored."""
    return tuple(FieldOption(id=row["id"], label=row["label"]) for row in rows)
