from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from integrations.field_types import (
    FieldDefinition,
    FieldOption,
    FieldType,
    definition_errors,
    new_field_ids,
    sample_value,
    strict,
)
from tests.integrations.field_types.definitions import DEFINITIONS, OPTIONS, field


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda each: each.type.value)
def test_well_formed_definition_has_no_errors(definition: FieldDefinition) -> None:
    assert definition_errors(definition) == {}


@pytest.mark.parametrize(
    ("definition", "attribute"),
    [
        (field(FieldType.TEXT, "_name"), "id"),
        (field(FieldType.TEXT, "letzter besuch"), "id"),
        (field(FieldType.TEXT, "é"), "id"),
        (field(FieldType.TEXT, "x" * 65), "id"),
        (replace(DEFINITIONS[FieldType.TEXT], name=" "), "name"),
        (replace(DEFINITIONS[FieldType.TEXT], name="x" * 121), "name"),
        (field(FieldType.PHONE, country_code=""), "default_country_code"),
        (field(FieldType.PHONE, country_code="+34"), "default_country_code"),
        (field(FieldType.PHONE, country_code="034"), "default_country_code"),
        (field(FieldType.PHONE, country_code="800"), "default_country_code"),
        (field(FieldType.PHONE, country_code="999"), "default_country_code"),
        (replace(DEFINITIONS[FieldType.TEXT], default_country_code="34"), "default_country_code"),
        (replace(DEFINITIONS[FieldType.TEXT], options=OPTIONS), "options"),
        (field(FieldType.RADIO, options=()), "options"),
        (field(FieldType.RADIO, options=(*OPTIONS, OPTIONS[0])), "options"),
        (field(FieldType.CHECKBOX, options=(FieldOption(id="", label="x"),)), "options"),
        (field(FieldType.CHECKBOX, options=(FieldOption(id=" x", label="x"),)), "options"),
        (field(FieldType.CHECKBOX, options=(FieldOption(id="x", label=" "),)), "options"),
        (
            field(
                FieldType.RADIO,
                options=tuple(FieldOption(id=str(number), label="x") for number in range(201)),
            ),
            "options",
        ),
    ],
)
def test_error_stands_at_its_attribute(definition: FieldDefinition, attribute: str) -> None:
    errors = definition_errors(definition)
    assert list(errors) == [attribute]
    assert errors[attribute].endswith(".")


def test_every_country_code_that_is_taken_has_a_sample_phone() -> None:
    taken = [
        definition
        for code in COUNTRY_CODE_TO_REGION_CODE
        if not definition_errors(definition := field(FieldType.PHONE, country_code=str(code)))
    ]
    assert len(taken) > 200
    for definition in taken:
        assert strict(definition, sample_value(definition)) == sample_value(definition)


def test_new_ids_leave_out_those_that_are_taken() -> None:
    assert list(islice(new_field_ids({"field-2", "email"}), 3)) == ["field-1", "field-3", "field-4"]
