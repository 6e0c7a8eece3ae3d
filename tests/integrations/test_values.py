"""JSON values, pointers, instants and KSUIDs: the small readers that presets share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import jsonpointer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.instants import occurred_at, parse_instant, parse_instant_or_epoch
from integrations.json_values import stored_json, text_of
from integrations.ksuid import ksuid_time, new_ksuid
from integrations.pointers import MISSING, resolve
from tests.integrations.arrivals import NOW

# RFC 6901, section 5.
RFC_DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", RFC_DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/-", MISSING),
        ("/foo/01", MISSING),
        ("/foo/-1", MISSING),
        ("/foo/\uff12", MISSING),
        ("/foo/2", MISSING),
        ("/foo/bar", MISSING),
        ("/foo/0/0", MISSING),
        ("/missing/x", MISSING),
        ("/m~2n", MISSING),
        ("foo", MISSING),
    ],
)
def test_pointer_finds_what_the_rfc_says(pointer: str, expected: Any) -> None:
    assert resolve(RFC_DOCUMENT, pointer) == expected


def test_message_of_a_miss_does_not_print_the_document() -> None:
    with pytest.raises(jsonpointer.JsonPointerException) as miss:
        jsonpointer.resolve_pointer({"person": "jane@example.com"}, "/missing")
    assert "jane" not in str(miss.value)


@given(st.text(max_size=20), st.sampled_from([RFC_DOCUMENT, [], "text", None, 5, Decimal(1)]))
def test_pointer_never_raises(pointer: str, document: Any) -> None:
    resolve(document, pointer)
    resolve(document, f"/{pointer}")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1000.1234", "1000.1234"),
        ("50.0", "50.0"),
        ("1E+3", "1000"),
        ("-0.000001", "-0.000001"),
        ("1E-7", "0.0000001"),
        ("1E+300", "1E+300"),
        ("1E-300", "1E-300"),
    ],
)
def test_decimals_become_plain_text(number: str, text: str) -> None:
    assert stored_json({"a": [Decimal(number)]}) == {"a": [text]}


def test_other_values_stay_and_containers_are_copied() -> None:
    value: dict[str, Any] = {"a": [1, True, None, "x", {}]}
    copy = stored_json(value)
    assert copy == value
    assert copy["a"] is not value["a"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(" a ", "a"), (5, "5"), (True, ""), (None, ""), (Decimal("1.5"), ""), ([], ""), ({}, "")],
)
def test_text_of_text_and_whole_numbers_only(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-15T10:30:15Z",
        "2024-03-15T11:30:15+01:00",
        "2024-03-15T10:30:15+0000",
        "2024-03-15T10:30:15.000000+00:00",
        " 2024-03-15T10:30:15Z ",
    ],
)
def test_instant_with_an_offset(written: str) -> None:
    assert parse_instant(written) == datetime(2024, 3, 15, 10, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-15T10:30:15",
        "2024-03-15",
        "",
        "soon",
        None,
        5,
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_no_instant(written: Any) -> None:
    assert parse_instant(written) is None


@pytest.mark.parametrize("number", [True, 10**400, Decimal("1e307"), -(10**18)])
def test_number_that_is_no_time(number: Any) -> None:
    assert parse_instant_or_epoch(number) is None


def test_fraction_of_a_second_since_1970() -> None:
    assert parse_instant_or_epoch(Decimal("1.5")) == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)


def test_time_ahead_of_reception_does_not_win_over_later_facts() -> None:
    near, far = NOW + timedelta(minutes=5), NOW + timedelta(minutes=6)
    assert occurred_at(near, given="x", received_at=NOW) == (near, ())
    instant, notes = occurred_at(far, given="x", received_at=NOW)
    assert instant is None
    assert "future" in notes[0]


def test_ksuid_of_the_open_source_server() -> None:
    expected = datetime(2021, 5, 21, 20, 4, 3, 900_000, tzinfo=UTC)
    assert ksuid_time("1srOrx2ZWZBpBUvZwXKQmoEYga2") == expected


@pytest.mark.parametrize("text", ["", "loFOjxBNrRLzqYUf", "z" * 27, "é" * 27, "-" * 27, "0" * 28])
def test_no_ksuid(text: str) -> None:
    assert ksuid_time(text) is None


@given(st.integers(0, 4_000_000_000_000))
def test_ksuid_carries_its_time_to_four_milliseconds(milliseconds: int) -> None:
    at = datetime(2014, 6, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    first, second = new_ksuid(at), new_ksuid(at)
    assert first != second
    found = ksuid_time(first)
    assert found is not None
    assert timedelta(0) <= at - found < timedelta(milliseconds=4)
