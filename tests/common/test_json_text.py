"""What the bounded reader took, it takes again from our own text: no digit and no bound is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.json import parse_json
from common.json_text import json_text

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
EXPONENT = st.tuples(st.sampled_from(["", "e", "E", "e+", "e-"]), st.integers(0, 200)).map(
    lambda pair: f"{pair[0]}{pair[1]}" if pair[0] else ""
)
NUMBER = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{whole}{fraction}{exponent}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**45).map(str),
    st.text("0123456789", max_size=45).map(lambda digits: digits and f".{digits}"),
    EXPONENT,
)
VALUE = st.recursive(
    st.none() | st.booleans() | TEXT | NUMBER.map(str.encode).map(parse_json),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(VALUE)
def test_what_was_read_reads_the_same_again(value: Any) -> None:
    assert parse_json(json_text(value).encode()) == value


@given(NUMBER)
def test_a_number_is_never_longer_than_it_came(text: str) -> None:
    assert len(json_text(parse_json(text.encode()))) <= len(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([Decimal("1.10"), "é", None, {"a": []}], '[1.10,"é",null,{"a":[]}]'),
        ({"a": Decimal("1E+30"), "b": {}}, '{"a":1E30,"b":{}}'),
        ([], "[]"),
    ],
)
def test_text_is_compact(value: Any, text: str) -> None:
    assert json_text(value) == text
