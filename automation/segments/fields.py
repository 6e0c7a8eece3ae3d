"""The fields of a contact that a rule can look at, and how each of them is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contacts.contact_fields.definitions import SYSTEM_ATTRIBUTES, custom_definitions
from integrations.field_types import FieldDefinition, FieldOption, FieldType
from sites.models import Site

ATTRIBUTE: Final = "attribute:"


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    OPTIONS = "options"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleField:
    """One field: a column of the contact, or the attribute of a contact field.

    `id` is its name in rules, `attribute` the id of the contact field, empty for a column.
    """

    id: str
    label: str
    type: FieldType
    attribute: str = ""
    options: tuple[FieldOption, ...] = ()
    default_country_code: str = ""

    @property
    def kind(self) -> FieldKind:
        return _KINDS[self.type]

    @property
    def is_list(self) -> bool:
        return self.type is FieldType.CHECKBOX


_KINDS: Final[Mapping[FieldType, FieldKind]] = {
    FieldType.TEXT: FieldKind.TEXT,
    FieldType.EMAIL: FieldKind.TEXT,
    FieldType.PHONE: FieldKind.TEXT,
    FieldType.INTEGER: FieldKind.NUMBER,
    FieldType.DECIMAL: FieldKind.NUMBER,
    FieldType.BOOLEAN: FieldKind.BOOLEAN,
    FieldType.DATE: FieldKind.DATE,
    FieldType.RADIO: FieldKind.OPTIONS,
    FieldType.CHECKBOX: FieldKind.OPTIONS,
}
_COLUMNS: Final = (
    RuleField(id="email", label="E-mail", type=FieldType.EMAIL),
    RuleField(id="phone", label="Phone", type=FieldType.PHONE),
    RuleField(id="external_id", label="External id", type=FieldType.TEXT),
    RuleField(id="first_name", label="First name", type=FieldType.TEXT),
    RuleField(id="last_name", label="Last name", type=FieldType.TEXT),
    RuleField(id="city", label="City", type=FieldType.TEXT),
    RuleField(id="postal_code", label="Postal code", type=FieldType.TEXT),
    RuleField(id="country_code", label="Country code", type=FieldType.TEXT),
    RuleField(id="birth_date", label="Birth date", type=FieldType.DATE),
    RuleField(id="gender", label="Gender", type=FieldType.TEXT),
    RuleField(id="language", label="Language", type=FieldType.TEXT),
    RuleField(id="created_at", label="Created", type=FieldType.DATE),
    RuleField(id="updated_at", label="Updated", type=FieldType.DATE),
)


def fields_of(site: Site) -> dict[str, RuleField]:
    """Return the fields by their names in rules: the site's own ones last, in their order."""
    attributes = {**SYSTEM_ATTRIBUTES, **custom_definitions(site.pk)}
    found = (*_COLUMNS, *(_of_attribute(each) for each in attributes.values()))
    return {each.id: each for each in found}


def _of_attribute(definition: FieldDefinition) -> RuleField:
    return RuleField(
        id=f"{ATTRIBUTE}{definition.id}",
        label=definition.name,
        type=definition.type,
        attribute=definition.id,
        options=definition.options,
        default_country_code=definition.default_country_code,
    )
