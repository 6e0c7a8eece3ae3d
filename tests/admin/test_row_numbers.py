"""Numbers of rows are what a browser sends, and so may be anything."""

from __future__ import annotations

import pytest

from common.admin.row_numbers import next_row_number, row_number


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "²", "٣", "9" * 7, "9" * 5_000])
def test_what_is_no_number_of_a_row_is_none(text: str) -> None:
    assert row_number(text) is None
    assert next_row_number([text]) == "0"


def test_the_next_number_is_above_all() -> None:
    assert row_number("7") == 7
    assert next_row_number(["3", "x", "11", "9" * 5_000]) == "12"
    assert next_row_number([]) == "0"
