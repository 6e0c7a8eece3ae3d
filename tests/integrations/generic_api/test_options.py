from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.generic_api.options import (
    MOST_OPTIONS,
    CustomOption,
    OptionType,
    StoredAs,
    clean_value,
    options_json,
    options_of,
    parse_options,
)
from integrations.generic_api.variable_names import clean_variable_name
from integrations.models import GenericApi

PET = {"key": "pet", "label": "Pet", "type": "choice", "values": ["Dog", "Cat"]}
CONSENT = {"key": "terms", "label": "Terms", "type": "boolean", "stored_as": "consent"}


def option(kind: OptionType, values: tuple[str, ...] = ()) -> CustomOption:
    return CustomOption(key="x", label="X", type=kind, values=values)


def test_rows_become_options_and_rows_again() -> None:
    options = parse_options([PET, CONSENT, {"key": "shoe_size"}])
    assert options == (
        CustomOption(key="pet", label="Pet", type=OptionType.CHOICE, values=("Dog", "Cat")),
        CustomOption(
            key="terms", label="Terms", type=OptionType.BOOLEAN, stored_as=StoredAs.CONSENT
        ),
        CustomOption(key="shoe_size", label="shoe_size"),
    )
    assert parse_options(options_json(options)) == options


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({}, "Option 2: Give the name"),
        ("pet", "Option 2: this is no option"),
        ({"key": "redeal"}, "Option 2 (“redeal”): “redeal” is taken"),
        ({"key": "email"}, "one of the four Key settings"),
        ({"key": "pet"}, "another option has this key"),
        ({"key": 5}, "its key must be text"),
        ({"key": "a b"}, "Option 2 (“a b”): Use letters"),
        ({"key": "x", "colour": "red"}, "“colour” is no property"),
        ({"key": "x", "type": "date"}, "its type must be one of: text, number"),
        ({"key": "x", "type": []}, "its type must be one of"),
        ({"key": "x", "type": "choice"}, "list the values"),
        ({"key": "x", "type": "choices", "values": []}, "list the values"),
        ({"key": "x", "values": ["a"]}, "only a choice has values"),
        ({"key": "x", "type": "choice", "values": "ab"}, "must be a list"),
        ({"key": "x", "type": "choice", "values": ["a", " "]}, "is empty"),
        ({"key": "x", "type": "choice", "values": ["a\0"]}, "cannot be seen"),
        ({"key": "x", "type": "choice", "values": ["a" * 201]}, "longer than 200"),
        ({"key": "x", "type": "choice", "values": [str(n) for n in range(101)]}, "at most 100"),
        ({"key": "x", "type": "text", "stored_as": "consent"}, "only yes or no"),
        ({"key": "x", "type": "boolean", "stored_as": "nowhere"}, "its place must be one of"),
    ],
)
def test_message_names_the_row(row: Any, part: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_options([PET, row], taken=["email"])
    assert part in str(caught.value)


def test_two_options_cannot_be_the_same_preference() -> None:
    row = {"type": "boolean", "stored_as": "sms_preference"}
    with pytest.raises(ValueError, match="this preference already"):
        parse_options([row | {"key": "a"}, row | {"key": "b"}])


@pytest.mark.parametrize("rows", [None, {}, "x", [{"key": f"o{n}"} for n in range(51)]])
def test_rows_that_are_no_list_of_options_are_refused(rows: Any) -> None:
    with pytest.raises(ValueError, match=f"list|at most {MOST_OPTIONS}"):
        parse_options(rows)


def test_rows_stored_past_the_service_are_no_options() -> None:
    assert options_of(GenericApi(custom_options=[{"key": ""}])) == ()
    assert options_of(GenericApi(custom_options=[PET]))[0].key == "pet"


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (OptionType.TEXT, "  Dog\n", "Dog"),
        (OptionType.NUMBER, 5, 5),
        (OptionType.NUMBER, Decimal("5.00"), 5),
        (OptionType.NUMBER, Decimal("5.50"), "5.5"),
        (OptionType.NUMBER, 0.1, "0.1"),
        (OptionType.NUMBER, "12.30", "12.3"),
        (OptionType.NUMBER, "1e3", 1000),
        (OptionType.NUMBER, 2**63, str(2**63)),
        (OptionType.BOOLEAN, False, False),
        (OptionType.CHOICE, " Dog ", "Dog"),
        (OptionType.CHOICES, ["Cat", "Dog", "Cat"], ["Dog", "Cat"]),
        (OptionType.CHOICES, [], []),
    ],
)
def test_value_that_fits_is_normalised(kind: OptionType, given: Any, expected: Any) -> None:
    values = ("Dog", "Cat") if kind in (OptionType.CHOICE, OptionType.CHOICES) else ()
    cleaned = clean_value(option(kind, values), given)
    assert cleaned == expected
    assert type(cleaned) is type(expected)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (OptionType.TEXT, 5),
        (OptionType.TEXT, "a\0b"),
        (OptionType.TEXT, "\ud800"),
        (OptionType.TEXT, "x" * 2_001),
        (OptionType.NUMBER, True),
        (OptionType.NUMBER, "five"),
        (OptionType.NUMBER, "1_000"),
        (OptionType.NUMBER, float("nan")),
        (OptionType.NUMBER, Decimal("Infinity")),
        (OptionType.NUMBER, Decimal("1E+300")),
        (OptionType.NUMBER, 10**4_000),
        (OptionType.NUMBER, []),
        (OptionType.BOOLEAN, 1),
        (OptionType.BOOLEAN, "true"),
        (OptionType.CHOICE, "Bird"),
        (OptionType.CHOICE, 5),
        (OptionType.CHOICES, "Dog"),
        (OptionType.CHOICES, ["Dog", "Bird"]),
        (OptionType.CHOICES, [None]),
    ],
)
def test_value_that_does_not_fit_is_refused(kind: OptionType, given: Any) -> None:
    values = ("Dog", "Cat") if kind in (OptionType.CHOICE, OptionType.CHOICES) else ()
    with pytest.raises(ValueError):
        clean_value(option(kind, values), given)


@settings(deadline=None)
@given(
    st.integers(-(10**59), 10**59)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e59, max_value=1e59).filter(
        lambda number: number == 0 or abs(number) > 1e-59
    )
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-9999, max_value=9999)
)
def test_clean_number_stays_as_it_is_and_has_its_value(number: Any) -> None:
    cleaned = clean_value(option(OptionType.NUMBER), number)
    assert clean_value(option(OptionType.NUMBER), cleaned) == cleaned
    assert Decimal(str(cleaned)) == Decimal(str(number))


@pytest.mark.parametrize("name", ["email", "e_mail", " personalIdentity ", "_x", "a.b-c", "a" * 64])
def test_name_of_a_variable(name: str) -> None:
    assert clean_variable_name(name) == name.strip()


@pytest.mark.parametrize(
    "name", ["", " ", "1a", "a b", "a&b", "a=b", "å", "a" * 65, "jane@example.com", "redeal", "-a"]
)
def test_what_is_no_name_of_a_variable(name: str) -> None:
    with pytest.raises(ValueError):
        clean_variable_name(name)
