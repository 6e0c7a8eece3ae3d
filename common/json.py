"""Our own bounded reader of JSON from strangers: what it returns, both databases can store.

Stricter than RFC 8259 where readers disagree (keys sent twice) or a later step would fail (NUL,
lone surrogates, numbers out of range). Each refusal is one sentence with its line and column, and
holds nothing of the body.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Final, NoReturn, TypeAlias, Union

from common.json_places import ESCAPE, TextPlace, key_place, token_place

JsonValue: TypeAlias = Union[  # noqa: UP007 - `|` does not take a name that is not bound yet
    bool, int, Decimal, str, list["JsonValue"], dict[str, "JsonValue"], None
]

MAX_DEPTH: Final = 64
MAX_KEYS: Final = 10_000
MAX_KEY_LENGTH: Final = 1_000
MAX_INTEGER_DIGITS: Final = 300
MAX_DECIMAL_CHARACTERS: Final = 100
# A double reaches to 1.8e308: whoever reads these numbers later can hold them.
MAX_EXPONENT: Final = 307

_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
# Cheap and too wide (an escaped backslash before it): what it finds is looked at again.
_SUSPECT_ESCAPE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_TAIL: Final = re.compile(r"(?: starting)? at$|[: ]+$")


class BadJson(ValueError):
    """The bytes are refused. `reason` is a sentence that may be shown to the sender."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{reason} (line {line}, column {column})")
        self.reason = reason
        self.line = line
        self.column = column


class _Unacceptable(Exception):
    """Raised inside the decoder, which does not know the place; `place` finds it afterwards."""

    def __init__(self, reason: str, place: TextPlace) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


def parse_json(raw: bytes, *, max_depth: int = MAX_DEPTH) -> JsonValue:
    """Return the value of one JSON text in UTF-8; numbers with a fraction or exponent as Decimal.

    Raises `BadJson`, and nothing else, for anything that is not acceptable.
    """
    text = _decoded(raw)
    _check_depth(raw, text, max_depth)
    if "\\u" in text and _SUSPECT_ESCAPE.search(text):
        _check_escapes(text)
    try:
        value: JsonValue = _DECODER.decode(text)
    except _Unacceptable as error:
        _refuse(error.reason, text, error.place(text))
    except json.JSONDecodeError as error:
        raise BadJson(f"Not valid JSON: {_plain(error.msg)}.", error.lineno, error.colno) from None
    except RecursionError:
        raise BadJson(f"Nested deeper than {max_depth} levels.") from None
    return value


def _decoded(raw: bytes) -> str:
    if raw.startswith(_BOMS):
        raise BadJson("The body starts with a byte order mark. Send plain UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        _refuse("The body is not UTF-8.", before, len(before))
    if not text.strip(" \t\r\n"):
        raise BadJson("The body is empty.")
    return text


def _check_depth(raw: bytes, text: str, max_depth: int) -> None:
    # Fewer brackets than levels settle it for nearly every body without a look at the strings.
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return
    brackets = _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > max_depth:
        place = token_place(text, lambda part, depth: part in "[{" and depth > max_depth)
        _refuse(f"Nested deeper than {max_depth} levels.", text, place)


def _check_escapes(text: str) -> None:
    """Refuse escapes that no text column can hold: NUL, and halves of surrogate pairs."""
    high_ends_at = -1
    for match in ESCAPE.finditer(text):
        code = int(match[1], 16) if match[1] else -1
        if 0xDC00 <= code <= 0xDFFF and high_ends_at == match.start():
            high_ends_at = -1
            continue
        if high_ends_at >= 0 or 0xDC00 <= code <= 0xDFFF:
            _refuse("A \\u escape is half of a surrogate pair.", text, match.start())
        if code == 0:
            _refuse("A text holds the character NUL (\\u0000).", text, match.start())
        high_ends_at = match.end() if 0xD800 <= code <= 0xDBFF else -1
    if high_ends_at >= 0:
        _refuse("A \\u escape is half of a surrogate pair.", text, high_ends_at)


def _refuse(reason: str, text: str, at: int) -> NoReturn:
    line_start = text.rfind("\n", 0, at) + 1
    raise BadJson(reason, text.count("\n", 0, at) + 1, at - line_start + 1)


def _plain(message: str) -> str:
    """Return the decoder's message without the tail that its own rendering completes."""
    return _TAIL.sub("", message[:1].lower() + message[1:])


def _number_place(number: str) -> TextPlace:
    return lambda text: token_place(text, lambda part, _: part == number)


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise _Unacceptable(
            f"A whole number has more than {MAX_INTEGER_DIGITS} digits.", _number_place(text)
        )
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DECIMAL_CHARACTERS:
        raise _Unacceptable(
            f"A number is longer than {MAX_DECIMAL_CHARACTERS} characters.", _number_place(text)
        )
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("Infinity")
    if not value.is_finite() or abs(value.adjusted()) > MAX_EXPONENT:
        raise _Unacceptable("A number is out of range.", _number_place(text))
    return value


def _constant(text: str) -> NoReturn:
    raise _Unacceptable(
        "NaN and Infinity are no JSON. Send null, or leave the field out.", _number_place(text)
    )


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Unacceptable("An object has the same key twice.", _repeated_key)
    if len(members) > MAX_KEYS:
        raise _Unacceptable(f"An object has more than {MAX_KEYS} keys.", _key_too_many)
    if members and max(map(len, members)) > MAX_KEY_LENGTH:
        raise _Unacceptable(f"A key is longer than {MAX_KEY_LENGTH} characters.", _long_key)
    return members


def _repeated_key(text: str) -> int:
    return key_place(text, lambda key, before: key in before)


def _key_too_many(text: str) -> int:
    return key_place(text, lambda _, before: len(before) == MAX_KEYS)


def _long_key(text: str) -> int:
    return key_place(text, lambda key, _: len(key) > MAX_KEY_LENGTH)


_DECODER: Final = json.JSONDecoder(
    parse_int=_integer,
    parse_float=_decimal,
    parse_constant=_constant,
    object_pairs_hook=_object,
)
