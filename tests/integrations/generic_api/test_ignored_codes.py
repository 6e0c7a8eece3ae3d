from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.generic_api.ignored_codes import MOST_PARTS, is_ignored, normalise_codes
from integrations.models import GenericApi

CODES = st.integers(100, 599)
RANGES = st.tuples(CODES, CODES).map(sorted)
LISTS = st.lists(RANGES, max_size=20)


def written(ranges: list[list[int]]) -> str:
    return ", ".join(f"{low}-{high}" if low != high else f"{low}" for low, high in ranges)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  ", ""),
        ("404, 409, 500-599", "404, 409, 500-599"),
        ("500-599,409,404", "404, 409, 500-599"),
        ("404 409;500\n501", "404, 409, 500-501"),
        ("500 - 599", "500-599"),
        ("500\u2013599", "500-599"),
        ("404,405,406", "404-406"),
        ("400-450, 440-499", "400-499"),
        ("503, 503", "503"),
        ("200", ""),
        ("200-299", "201-299"),
        ("199-201", "199, 201"),
        ("409-409", "409"),
    ],
)
def test_codes_are_sorted_and_merged(text: str, expected: str) -> None:
    assert normalise_codes(text) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("404, 4o9", "“4o9”"),
        ("5xx", "“5xx”"),
        ("600", "“600” is outside"),
        ("099", "“099” is outside"),
        ("500-600", "“500-600” is outside"),
        ("599-500", "Write 500-599"),
        ("-500", "“-500”"),
        ("500-", "“500-”"),
        ("500-510-520", "“500-510-520”"),
        ("\u0664\u0660\u0664", "“\u0664\u0660\u0664”"),
        ("4040404040404040404040404040", "“40404040404040404040”"),
        ("1" * 3_000, "longer than"),
        (",".join(str(code) for code in range(100, 400, 2)), "at most"),
    ],
)
def test_message_names_the_bad_part(text: str, part: str) -> None:
    with pytest.raises(ValueError) as caught:
        normalise_codes(text)
    assert part in str(caught.value)


@settings(deadline=None)
@given(LISTS)
def test_normalised_text_means_the_same_set_without_success(ranges: list[list[int]]) -> None:
    normalised = normalise_codes(written(ranges))
    listed = {code for low, high in ranges for code in range(low, high + 1)} - {200}
    assert {code for code in range(100, 600) if is_ignored(normalised, code)} == listed
    assert normalise_codes(normalised) == normalised


def test_longest_list_fits_into_the_column() -> None:
    text = ",".join(f"{low}-{low + 1}" for low in range(300, 300 + 3 * MOST_PARTS, 3))
    column = GenericApi._meta.get_field("ignored_codes").max_length
    assert column is not None
    assert len(normalise_codes(text)) <= column


@pytest.mark.parametrize("stored", ["nonsense", "500-", "5"])
def test_list_that_cannot_be_read_ignores_nothing(stored: str) -> None:
    assert not is_ignored(stored, 500)
