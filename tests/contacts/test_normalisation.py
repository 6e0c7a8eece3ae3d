from __future__ import annotations

from decimal import Decimal
from string import digits
from typing import Any

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
    is_valid_number,
    parse,
)

from contacts.normalisation.personal_identity import (
    personal_identity_masked,
    personal_identity_normalised,
)
from contacts.normalisation.values import (
    birth_date_normalised,
    country_normalised,
    json_storable,
    language_normalised,
    line_normalised,
)
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised

MOBILE_NUMBERS = [
    example
    for region in sorted(SUPPORTED_REGIONS)
    if (example := example_number_for_type(region, PhoneNumberType.MOBILE))
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A@EXAMPLE.com", "a@example.com"),
        (" jane.doe+x@mail.example.co.uk\n", "jane.doe+x@mail.example.co.uk"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("jane@xn--exmple-cua.se", "jane@exämple.se"),
        ("Jane@EXÄMPLE.se", "jane@exämple.se"),
        ("Åsa@example.com", "Åsa@example.com"),
        ("jаne@example.com", "jаne@example.com"),  # noqa: RUF001 - a Cyrillic a: another mailbox
        ("jane", None),
        ("jane@", None),
        ("jane@localhost", None),
        ("jane@example.test", None),
        ("jane@-example.com", None),
        ("jane@ex--ample.com", None),
        (".jane@example.com", None),
        ("ja..ne@example.com", None),
        ("jane doe@example.com", None),
        ("Jane <jane@example.com>", None),
        ("x" * 65 + "@example.com", None),
        ("jane@" + "x" * 64 + ".com", None),
        ("jane@" + "x." * 130 + "com", None),
        ("jane@example.com\x00", None),
        ("\ud800@example.com", None),
    ],
)
def test_email(text: str, expected: str | None) -> None:
    assert email_normalised(text) == expected


@given(st.from_regex(r"[a-z0-9_+-]{1,8}(\.[a-z0-9]{1,4})?@[a-z0-9-]{1,8}(\.[a-z]{2,4}){1,2}"))
def test_the_short_way_accepts_only_what_the_library_accepts(text: str) -> None:
    normalised = email_normalised(text)
    if normalised is not None and normalised.isascii():
        address = validate_email(normalised, check_deliverability=False)
        assert address.normalized.lower() == normalised


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("070-123 45 67", "SE", "+46701234567"),
        ("+46 (0)70-123 45 67", "SE", "+46701234567"),
        ("0046701234567", "SE", "+46701234567"),
        ("+46701234567", "FI", "+46701234567"),
        ("040 1234567", "FI", "+358401234567"),
        ("+447911123456", "SE", "+447911123456"),
        ("070", "SE", None),
        ("+999123456789", "SE", None),
        ("not a number", "SE", None),
        ("070-123 45 67 ext. 5", "SE", None),
        ("1" * 400, "SE", None),
        ("\ud800", "SE", None),
    ],
)
def test_phone(text: str, country: str, expected: str | None) -> None:
    assert phone_normalised(text, country) == expected


@given(
    example=st.sampled_from(MOBILE_NUMBERS),
    changes=st.lists(st.tuples(st.integers(2, 14), st.sampled_from(digits)), max_size=4),
)
def test_the_short_way_to_a_phone_leads_where_the_library_does(
    example: PhoneNumber, changes: list[tuple[int, str]]
) -> None:
    text = format_number(example, PhoneNumberFormat.E164)
    for place, digit in changes:
        text = text[:place] + digit + text[place + 1 :]
    try:
        number = parse(text, "SE")
    except NumberParseException:
        expected = None
    else:
        is_valid = is_valid_number(number)
        expected = format_number(number, PhoneNumberFormat.E164) if is_valid else None
    assert phone_normalised(text, "SE") == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("20040217-7935", "SE", "20040217-7935"),
        ("040217-7935", "SE", "20040217-7935"),
        ("0402177935", "FI", "20040217-7935"),
        ("701063-2391", "SE", "19701063-2391"),
        ("131052-308T", "SE", "131052-308T"),
        ("131052-308t", "FI", "131052-308T"),
        ("010594Y9032", "FI", "010594Y9032"),
        ("131052-308U", "FI", None),
        ("311152-308T", "FI", None),
        ("20040217-7936", "SE", None),
        ("٢٠٠٤٠٢١٧-٧٩٣٥", "SE", None),
        ("", "SE", None),
        ("x" * 100, "SE", None),
    ],
)
def test_personal_identity_number(text: str, country: str, expected: str | None) -> None:
    assert personal_identity_normalised(text, country) == expected


def test_a_masked_number_shows_no_individual_part() -> None:
    assert personal_identity_masked("20040217-7935") == "20040217-••••"
    assert personal_identity_masked("131052-308T") == "131052-••••"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2004-02-17", "2004-02-17"),
        ("2004-02-17T00:00:00Z", "2004-02-17"),
        ("20040217", "2004-02-17"),
        ("1849-12-31", None),
        ("2999-01-01", None),
        ("2004-02-30", None),
        ("17/02/2004", None),
        ("", None),
    ],
)
def test_birth_date(text: str, expected: str | None) -> None:
    assert birth_date_normalised(text) == expected


def test_codes() -> None:
    assert [country_normalised(each) for each in ("se", "SE", "SWE", "ß")] == [
        "SE",
        "SE",
        None,
        None,
    ]
    assert [language_normalised(each) for each in ("SV", "sv_se", "en-GB", "Swedish", "s")] == [
        "sv",
        "sv-SE",
        "en-GB",
        None,
        None,
    ]


def test_a_line_is_one_line() -> None:
    assert line_normalised("  a\r\n\tb\x00\ud800 ") == "a b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1000.1234"), "1000.1234"),
        ({"a": (1, 2.5, True, None)}, {"a": [1, 2.5, True, None]}),
        ({1: "x"}, {"1": "x"}),
        (float("inf"), None),
        (2**63, str(2**63)),
        pytest.param(10**5000, None, id="more digits than Python prints"),
        (object(), None),
    ],
)
def test_json_that_both_databases_store(value: Any, expected: Any) -> None:
    assert json_storable(value) == expected


def test_json_nested_too_deep_ends_in_null() -> None:
    value: Any = "x"
    for _ in range(100):
        value = [value]
    text = str(json_storable(value))
    assert text == "[" * 32 + "None" + "]" * 32
