"""What operators type when they define a field: checked in one place for all who define fields."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from typing import Final

from integrations.field_types.definition import FieldDefinition, FieldOption, FieldType
from integrations.field_types.strict_reading import region_of

LONGEST_ID: Final = 64
LONGEST_NAME: Final = 120
MOST_OPTIONS: Final = 200
# Of an event that an operator defines.
MOST_FIELDS: Final = 100

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_COUNTRY_CODE: Final = re.compile(r"[1-9][0-9]{0,2}")


def new_field_ids(taken: Collection[str]) -> Iterator[str]:
    """Yield `field-1`, `field-2`, … without those that are taken."""
    for number in itertools.count(1):
        if (field_id := f"field-{number}") not in taken:
            yield field_id


def definition_errors(definition: FieldDefinition) -> dict[str, str]:
    """Return what is wrong with a definition, a sentence by attribute; empty when nothing is.

    Keys: `id`, `name`, `default_country_code`, `options`.
    """
    found = {
        "id": _id_error(definition.id),
        "name": _name_error(definition.name),
        "default_country_code": _country_code_error(definition),
        "options": _options_error(definition),
    }
    return {attribute: sentence for attribute, sentence in found.items() if sentence}


def _id_error(field_id: str) -> str:
    if field_id.startswith("_"):
        return "Ids that begin with an underscore belong to system fields. Choose another."
    if not _ID.fullmatch(field_id) or len(field_id) > LONGEST_ID:
        return (
            f"Use at most {LONGEST_ID} letters without accents, digits, hyphens, dots and "
            "underscores, for example last-visit."
        )
    return ""


def _name_error(name: str) -> str:
    if not name.strip():
        return "Give the field a name."
    if len(name) > LONGEST_NAME:
        return f"A name may have at most {LONGEST_NAME} characters."
    return ""


def _country_code_error(definition: FieldDefinition) -> str:
    code = definition.default_country_code
    if definition.type is not FieldType.PHONE:
        return "Only a phone has a default country code. Leave it empty." if code else ""
    if not code:
        return "A phone needs the country code of numbers without a prefix, for example 34."
    if not _COUNTRY_CODE.fullmatch(code) or not region_of(code):
        return "This is no country's calling code. Write its digits alone, for example 34."
    return ""


def _options_error(definition: FieldDefinition) -> str:
    options = definition.options
    if not definition.type.has_options:
        return "Only radio and checkbox have options. Remove them." if options else ""
    if not options:
        return "Add at least one option."
    if len(options) > MOST_OPTIONS:
        return f"At most {MOST_OPTIONS} options are taken."
    if len(set(definition.option_ids)) < len(options):
        return "Two options have the same id. Every id may occur once."
    return next(filter(None, map(_option_error, options)), "")


def _option_error(option: FieldOption) -> str:
    is_plain = option.id == option.id.strip() and option.id.isprintable()
    if not option.id or not is_plain or len(option.id) > LONGEST_ID:
        return (
            f"Give every option an id of at most {LONGEST_ID} characters, without blanks at its "
            "ends."
        )
    if not option.label.strip() or len(option.label) > LONGEST_NAME:
        return f"Give every option a label of at most {LONGEST_NAME} characters."
    return ""
