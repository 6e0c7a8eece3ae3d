"""Parsed JSON on its way into a JSON column: decimals become text, all else stays as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

# Beyond this a plain notation would be longer than any amount that means something.
_LONGEST_PLAIN_EXPONENT: Final = 40


def stored_json(value: Any) -> Any:
    """Return the value with every Decimal as text; lists and objects are copied."""
    if isinstance(value, dict):
        return {key: stored_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [stored_json(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value


def decimal_text(value: Decimal) -> str:
    """Return a number as people write it: `1000.1234`, never `1E+3`."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or max(abs(exponent), abs(value.adjusted())) > (
        _LONGEST_PLAIN_EXPONENT
    ):
        return str(value)
    return format(value, "f")


def text_of(value: Any) -> str:
    """Return text or a whole number as trimmed text; anything else is no text and gives ""."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""
