"""What holds for every value, and for every field that an operator may define."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from integrations.field_types import (
    FieldDefinition,
    FieldError,
    FieldOption,
    FieldType,
    definition_errors,
    lenient,
    sample_value,
    strict,
)
from tests.integrations.field_types.definitions import DEFINITIONS

REFUSED: Final = object()

any_text = st.text(st.characters(exclude_categories=()), max_size=30)
near_texts = st.sampled_from(
    ["gold", "silver", "true", "false", "+34666777888", "666 777 888", "00346", "a@example.org"]
) | st.from_regex(r"[+-]?[0-9]{1,25}(\.[0-9]{1,40})?", fullmatch=True)
dates = (
    st.datetimes(timezones=st.timezones() | st.none()).map(lambda at: at.isoformat())
    | st.dates().map(str)
    | st.from_regex(r"[0-9]{4}-?W?[0-9]{2}-?[0-9]{1,2}[T ][0-9]{2}:?[0-9]{2}Z?", fullmatch=True)
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats()
    | st.decimals()
    | st.sampled_from([Decimal("1E+999999"), Decimal("-1E-999999"), Decimal("sNaN")])
    | st.from_regex(r"-?[1-9][0-9]{0,30}(\.[0-9]{1,40})?", fullmatch=True).map(Decimal)
    | any_text
    | near_texts
    | dates
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=2),
    max_leaves=5,
)
option_ids = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=9)
definitions = st.builds(
    lambda type_, ids, code, is_day: FieldDefinition(
        id="a",
        name="A",
        type=type_,
        options=tuple(FieldOption(id=each, label=each) for each in ids)
        if type_.has_options
        else (),
        default_country_code=str(code) if type_ is FieldType.PHONE else "",
        is_day=is_day,
    ),
    st.sampled_from(FieldType),
    st.lists(option_ids, min_size=1, max_size=5, unique=True),
    st.sampled_from(sorted(COUNTRY_CODE_TO_REGION_CODE)),
    st.booleans(),
)


def outcome(read: Any, definition: FieldDefinition, value: Any) -> Any:
    """Return the value or `REFUSED`; any other exception fails the test."""
    try:
        found = read(definition, value)
    except FieldError:
        return REFUSED
    # What is stored is JSON without floats, the same after a round trip.
    assert not isinstance(found, float)
    assert json.loads(json.dumps(found)) == found
    return found


@settings(max_examples=600, deadline=None)
@given(values)
def test_lenient_takes_all_that_strict_takes_and_reads_it_alike(value: Any) -> None:
    for definition in DEFINITIONS.values():
        strictly = outcome(strict, definition, value)
        leniently = outcome(lenient, definition, value)
        if strictly is not REFUSED:
            assert leniently == strictly
            assert type(leniently) is type(strictly)


@settings(max_examples=400, deadline=None)
@given(values)
def test_a_stored_value_stays_as_it_is_when_read_again(value: Any) -> None:
    for definition in DEFINITIONS.values():
        stored = outcome(lenient, definition, value)
        if stored is not REFUSED:
            assert lenient(definition, stored) == stored


@settings(deadline=None)
@given(definitions, values)
def test_no_definition_makes_a_reader_raise_anything_else(
    definition: FieldDefinition, value: Any
) -> None:
    outcome(strict, definition, value)
    outcome(lenient, definition, value)


@settings(max_examples=300, deadline=None)
@given(definitions)
def test_a_sample_passes_the_strict_reading(definition: FieldDefinition) -> None:
    if not definition_errors(definition):
        sample = json.loads(json.dumps(sample_value(definition)))
        strict(definition, sample)
