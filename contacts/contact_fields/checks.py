"""Whether a contact field can be kept as it is given: the rules that the database lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from contacts.models import ContactField
from contacts.normalisation.values import line_normalised
from integrations.field_types import (
    SYSTEM_FIELDS,
    FieldDefinition,
    FieldOption,
    FieldType,
    definition_errors,
)

_OPTION_KEYS: Final = frozenset(("id", "label"))
# What a definition calls its attribute, where the model says otherwise.
_MODEL_NAMES: Final = {"id": "field_id"}


def check_field(field: ContactField) -> None:
    """Normalise a field in place; raises ValidationError by name of a model field."""
    known = [each.value for each in FieldType]
    if field.type not in known:
        raise ValidationError({"type": f"Choose one of: {', '.join(known)}."})
    definition, found = _definition(field)
    # In this order: why there are no options at all is worth more than that there are none.
    found = _definition_errors(definition) | found
    if field.field_id in SYSTEM_FIELDS:
        found["field_id"] = "A system field has this id. Choose another."
    if found:
        raise ValidationError(found)
    field.name = definition.name
    field.default_country_code = definition.default_country_code
    field.options = [{"id": option.id, "label": option.label} for option in definition.options]


def _definition(field: ContactField) -> tuple[FieldDefinition, dict[str, str]]:
    field_type = FieldType(field.type)
    options: tuple[FieldOption, ...] = ()
    found: dict[str, str] = {}
    # What was typed before another type was chosen means nothing for this one.
    if field_type.has_options:
        try:
            options = _options(field.options)
        except ValueError as error:
            found["options"] = str(error)
    is_phone = field_type is FieldType.PHONE
    definition = FieldDefinition(
        id=field.field_id,
        name=line_normalised(field.name),
        type=field_type,
        options=options,
        default_country_code=field.default_country_code.strip() if is_phone else "",
    )
    return definition, found


def _definition_errors(definition: FieldDefinition) -> dict[str, str]:
    return {
        _MODEL_NAMES.get(name, name): sentence
        for name, sentence in definition_errors(definition).items()
    }


def _options(rows: Any) -> tuple[FieldOption, ...]:
    """Read `[{"id", "label"}]`, a missing label being the id; raises ValueError with a sentence."""
    if not isinstance(rows, list | tuple):
        raise ValueError("Options are a list; each has an id and a label.")  # noqa: TRY004
    return tuple(_option(number, row) for number, row in enumerate(rows, start=1))


def _option(number: int, row: Any) -> FieldOption:
    if not isinstance(row, Mapping) or not all(isinstance(each, str) for each in row.values()):
        raise ValueError(f"Option {number}: give its id and its label as text.")
    if row.keys() - _OPTION_KEYS:
        raise ValueError(f"Option {number}: an option has an id and a label, nothing else.")
    option_id = line_normalised(row.get("id", ""))
    return FieldOption(id=option_id, label=line_normalised(row.get("label", "")) or option_id)
