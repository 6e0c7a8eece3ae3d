"""The bounded JSON reader: what it refuses, where, and that nothing else escapes."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.json import MAX_KEYS, BadJson, parse_json


@pytest.mark.parametrize(
    ("raw", "reason", "line", "column"),
    [
        (b"", "empty", 1, 1),
        (b" \r\n\t", "empty", 1, 1),
        (b"\xef\xbb\xbf{}", "byte order mark", 1, 1),
        ('{"a":"å"}'.encode("utf-16"), "byte order mark", 1, 1),
        (b"\xff", "not UTF-8", 1, 1),
        (b'{"a":\n"b\xc3"}', "not UTF-8", 2, 3),
        (b"[" * 100_000, "deeper than 64", 1, 65),
        (b'{"a":' * 2_000, "deeper than 64", 1, 321),
        (b"[1e999]", "out of range", 1, 2),
        (b"[-1E400]", "out of range", 1, 2),
        (b"[1e-400]", "out of range", 1, 2),
        (b"[0e99999999999999999999]", "out of range", 1, 2),
        (b'[1,\n {"a": NaN}]', "NaN and Infinity", 2, 8),
        (b'{"a":-Infinity}', "NaN and Infinity", 1, 6),
        (b'["\\u0000"]', "NUL", 1, 3),
        (b'{"\\u0000":1}', "NUL", 1, 3),
        (b'["\\ud800"]', "surrogate", 1, 9),
        (b'["\\udc00"]', "surrogate", 1, 3),
        (b'["\\ud83d\\ud83d"]', "surrogate", 1, 9),
        (b'["\\ud83d x \\ude00"]', "surrogate", 1, 12),
        (b"[" + b"9" * 4_301 + b"]", "more than 300 digits", 1, 2),
        (b"[1." + b"1" * 200 + b"]", "longer than 100 characters", 1, 2),
        (b'{"a":1,"a":2}', "same key twice", 1, 8),
        (b'{"a":1,\n"\\u0061":2}', "same key twice", 2, 1),
        (b'{"x":{"a":1,"a":2}}', "same key twice", 1, 13),
        (b'{"' + b"k" * 1_001 + b'":1}', "longer than 1000 characters", 1, 2),
        (b'{"a":1,}', "property name", 1, 8),
        (b'"abc', "unterminated string", 1, 1),
        (b'"a\nb"', "control character", 1, 3),
        (b"[1] x", "extra data", 1, 5),
        (b"[1 2]", "delimiter", 1, 4),
    ],
)
def test_refuses_with_a_reason_and_a_place(raw: bytes, reason: str, line: int, column: int) -> None:
    with pytest.raises(BadJson) as caught:
        parse_json(raw)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).endswith(f"(line {line}, column {column})")


def test_refuses_an_object_with_too_many_keys() -> None:
    members = ",".join(f'"{number}":0' for number in range(MAX_KEYS + 1))
    with pytest.raises(BadJson, match="more than 10000 keys"):
        parse_json(f"{{{members}}}".encode())


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"[" * 64 + b"]" * 64, None),
        (b'["' + b"[{" * 500 + b'"]', ["[{" * 500]),
        (b'["\\"' + b"[" * 500 + b'"]', ['"' + "[" * 500]),
        (b'["\\\\u0000"]', ["\\u0000"]),
        (b'["\\ud83d\\ude00"]', ["\U0001f600"]),
        (b'{"a":{"a":1},"b":{"a":2}}', {"a": {"a": 1}, "b": {"a": 2}}),
        (b" 7 ", 7),
        (b"[1.10]", [Decimal("1.10")]),
        (b"[0.0, -0, 1E5]", [Decimal("0.0"), 0, Decimal("1E5")]),
        ("“å”".encode().join((b'["', b'"]')), ["“å”"]),
    ],
)
def test_reads_what_is_legal(raw: bytes, value: object) -> None:
    parsed = parse_json(raw)
    assert value is None or parsed == value


def test_amounts_keep_their_digits() -> None:
    assert str(parse_json(b"[12345678901234567.89]")[0]) == "12345678901234567.89"  # type: ignore[index]


def test_refusals_do_not_quote_the_body() -> None:
    with pytest.raises(BadJson) as caught:
        parse_json(b'{"john@example.com":1,"john@example.com":2}')
    assert "john" not in str(caught.value)


def _reads_or_refuses(raw: bytes) -> None:
    try:
        parse_json(raw)
    except BadJson as error:
        place = (error.line, error.column)
    else:
        return
    assert place >= (1, 1)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_one_error(raw: bytes) -> None:
    _reads_or_refuses(raw)


@given(st.text(alphabet='[]{}",:\\u0dD8f19eE.-+ntrueNaInfinity \n', max_size=60))
def test_any_near_json_gives_a_value_or_one_error(text: str) -> None:
    _reads_or_refuses(text.encode())


_text = st.text().filter(lambda text: "\x00" not in text)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | _text,
    lambda inner: st.lists(inner) | st.dictionaries(_text, inner),
)


@given(_values, st.booleans())
def test_reads_back_what_json_writes(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
