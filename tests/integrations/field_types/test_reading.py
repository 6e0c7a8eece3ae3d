from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.field_types import FieldError, FieldOption, FieldType, lenient, strict
from tests.integrations.field_types.definitions import DEFINITIONS, field

T = FieldType
NO_TEXT = "Expected a string."
NO_PHONE = "Not a valid phone number."
NO_EMAIL = "Not a valid e-mail address."
NO_OPTION = "Not an option of this field. The ids of its options are: silver, gold."
NO_LIST = "Expected an array of strings."
NO_DATE = "Not a date in ISO 8601, for example 2024-03-15 or 2024-03-15T10:30:00Z."
NO_OFFSET = "The time has no offset. Write for example 2024-03-15T10:30:00Z."
TOO_LONG = "A number may have at most 18 digits before the point and 30 after it."

STRICT = [
    (T.TEXT, "Hi there!", "Hi there!"),
    (T.TEXT, "  ", "  "),
    (T.TEXT, "", ""),
    (T.EMAIL, "John.Doe@Example.org", "john.doe@example.org"),
    (T.PHONE, "666777888", "+34666777888"),
    (T.PHONE, "+34666777888", "+34666777888"),
    (T.PHONE, "+46701740605", "+46701740605"),
    (T.PHONE, "0046701740605", "+46701740605"),
    (T.INTEGER, 10, 10),
    (T.INTEGER, -(10**18) + 1, -(10**18) + 1),
    (T.DECIMAL, Decimal("49.90"), "49.9"),
    (T.DECIMAL, 49.9, "49.9"),
    (T.DECIMAL, 1000, "1000"),
    (T.DECIMAL, Decimal("1E3"), "1000"),
    (T.DECIMAL, Decimal("-0.0"), "0"),
    (T.DECIMAL, Decimal("999999999999999999.000000000000000001"), None),
    (T.DECIMAL, Decimal("1e-30"), "0." + "0" * 29 + "1"),
    (T.BOOLEAN, True, True),
    (T.BOOLEAN, False, False),
    (T.DATE, "2024-03-15", "2024-03-15"),
    (T.DATE, "20240315", "2024-03-15"),
    (T.DATE, "2024-03-15T10:30:00Z", "2024-03-15T10:30:00Z"),
    (T.DATE, "2024-03-15T10:30:00.000Z", "2024-03-15T10:30:00Z"),
    (T.DATE, "2024-03-15T12:30+0200", "2024-03-15T10:30:00Z"),
    (T.DATE, "2024-12-31 23:59:59.999-01:00", "2025-01-01T00:59:59.999000Z"),
    (T.RADIO, "gold", "gold"),
    (T.CHECKBOX, ["gold", "silver", "gold"], ["gold", "silver"]),
    (T.CHECKBOX, [], []),
]

STRICT_REFUSED = [
    (T.TEXT, 5, NO_TEXT),
    (T.TEXT, True, NO_TEXT),
    (T.TEXT, ["a"], NO_TEXT),
    (T.TEXT, None, NO_TEXT),
    (T.TEXT, "a\0b", "The text holds the character NUL or half of a surrogate pair."),
    (T.TEXT, "a\ud800", "The text holds the character NUL or half of a surrogate pair."),
    (T.TEXT, "x" * 10_001, "A text may have at most 10000 characters."),
    (T.EMAIL, " john.doe@example.org", NO_EMAIL),
    (T.EMAIL, "john.doe", NO_EMAIL),
    (T.EMAIL, "", NO_EMAIL),
    (T.EMAIL, {"value": "john.doe@example.org"}, NO_TEXT),
    (T.PHONE, "+34 666 777 888", NO_PHONE),
    (T.PHONE, "12", NO_PHONE),
    (T.PHONE, "٦٦٦٧٧٧٨٨٨", NO_PHONE),
    (T.PHONE, 666777888, NO_TEXT),
    (T.INTEGER, Decimal("10.0"), "Expected a whole number."),
    (T.INTEGER, 10.0, "Expected a whole number."),
    (T.INTEGER, "10", "Expected a whole number."),
    (T.INTEGER, True, "Expected a whole number."),
    (T.INTEGER, 10**18, "A whole number may have at most 18 digits."),
    (T.DECIMAL, "49.9", "Expected a number."),
    (T.DECIMAL, True, "Expected a number."),
    (T.DECIMAL, float("nan"), "Expected a number."),
    (T.DECIMAL, Decimal("Infinity"), "Expected a number."),
    (T.DECIMAL, Decimal("1E+999999"), TOO_LONG),
    (T.DECIMAL, Decimal("1E-31"), TOO_LONG),
    (T.DECIMAL, Decimal("1E18"), TOO_LONG),
    (T.BOOLEAN, "true", "Expected true or false."),
    (T.BOOLEAN, 1, "Expected true or false."),
    (T.DATE, "15/03/2024", NO_DATE),
    (T.DATE, "2024-02-30", NO_DATE),
    (T.DATE, "2024-03-15x10:30:00Z", NO_DATE),
    (T.DATE, "2024-03-15T25:00:00Z", NO_DATE),
    (T.DATE, "", NO_DATE),
    (T.DATE, "2024-03-15T10:30:00", NO_OFFSET),
    (T.DATE, "0001-01-01T00:00:00+01:00", "The date is out of range."),
    (T.DATE, 1710498600, NO_TEXT),
    (T.RADIO, "Gold", NO_OPTION),
    (T.RADIO, ["gold"], NO_TEXT),
    (T.CHECKBOX, "gold", NO_LIST),
    (T.CHECKBOX, ["gold", 1], NO_LIST),
    (T.CHECKBOX, ["gold", "bronze"], NO_OPTION),
    (T.CHECKBOX, None, NO_LIST),
]

LENIENT = [
    (T.TEXT, 5, "5"),
    (T.TEXT, Decimal("1.50"), "1.50"),
    (T.TEXT, True, "true"),
    (T.TEXT, False, "false"),
    (T.EMAIL, " John.Doe@example.org\n", "john.doe@example.org"),
    (T.PHONE, "+34 (666) 77.78-88", "+34666777888"),
    (T.PHONE, "[666]\u2011777\u00a0888", "+34666777888"),
    (T.PHONE, 666777888, "+34666777888"),
    (T.PHONE, Decimal("666777888.0"), "+34666777888"),
    (T.INTEGER, "120", 120),
    (T.INTEGER, " +120.0 ", 120),
    (T.INTEGER, Decimal("1E2"), 100),
    (T.DECIMAL, "49.90", "49.9"),
    (T.DECIMAL, "-7", "-7"),
    (T.BOOLEAN, "true", True),
    (T.BOOLEAN, "false", False),
    (T.CHECKBOX, "gold", ["gold"]),
]

LENIENT_REFUSED = [
    (T.TEXT, ["a"], NO_TEXT),
    (T.TEXT, float("inf"), NO_TEXT),
    (T.EMAIL, 5, NO_TEXT),
    (T.PHONE, "call me", NO_PHONE),
    (T.PHONE, True, NO_PHONE),
    (T.PHONE, Decimal("6.5"), NO_PHONE),
    (T.PHONE, Decimal("1E+999999"), NO_PHONE),
    (T.INTEGER, "1.5", "Expected a whole number."),
    (T.INTEGER, "1e3", "Expected a whole number."),
    (T.INTEGER, True, "Expected a whole number."),
    (T.INTEGER, "1" * 19, "A whole number may have at most 18 digits."),
    (T.DECIMAL, "49,90", "Expected a number."),
    (T.DECIMAL, "", "Expected a number."),
    (T.BOOLEAN, "yes", "Expected true or false."),
    (T.DATE, "15/03/2024", NO_DATE),
    (T.DATE, "2024-03-15T10:30:00", NO_OFFSET),
    (T.RADIO, "Gold", NO_OPTION),
    (T.CHECKBOX, "Gold", NO_OPTION),
]


@pytest.mark.parametrize(("type_", "value", "expected"), STRICT)
def test_strict_value_is_stored_in_one_form(type_: T, value: Any, expected: Any) -> None:
    found = strict(DEFINITIONS[type_], value)
    expected = str(value) if expected is None else expected
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("type_", "value", "reason"), STRICT_REFUSED)
def test_strict_reading_says_what_it_expects(type_: T, value: Any, reason: str) -> None:
    with pytest.raises(FieldError) as refusal:
        strict(DEFINITIONS[type_], value)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(("type_", "value", "expected"), LENIENT)
def test_lenient_reading_converts(type_: T, value: Any, expected: Any) -> None:
    with pytest.raises(FieldError):
        strict(DEFINITIONS[type_], value)
    found = lenient(DEFINITIONS[type_], value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("type_", "value", "reason"), LENIENT_REFUSED)
def test_lenient_reading_has_its_limits(type_: T, value: Any, reason: str) -> None:
    with pytest.raises(FieldError) as refusal:
        lenient(DEFINITIONS[type_], value)
    assert refusal.value.reason == reason


def test_phone_without_prefix_needs_a_country_code() -> None:
    without = field(T.PHONE, country_code="")
    assert strict(without, "+34666777888") == "+34666777888"
    with pytest.raises(FieldError, match="phone"):
        strict(without, "666777888")


def test_day_is_the_day_as_written() -> None:
    birthdate = field(T.DATE, is_day=True)
    for text in ("1990-02-17", "1990-02-17T00:00:00.000Z", "1990-02-17T00:30+02:00"):
        assert strict(birthdate, text) == "1990-02-17"
    assert strict(birthdate, "1990-02-17T00:00:00") == "1990-02-17"


def test_reason_lists_some_of_many_options() -> None:
    options = tuple(FieldOption(id=f"o{number}", label="x") for number in range(50))
    with pytest.raises(FieldError) as refusal:
        strict(field(T.RADIO, options=options), "other")
    assert refusal.value.reason.endswith("o18, o19, ….")
