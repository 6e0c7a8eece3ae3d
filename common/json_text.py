"""Parsed JSON back to text: what `parse_json` returned, it takes again as the same value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_text(value: Any) -> str:
    """Return compact JSON; a Decimal is a number with all its digits, never rounded."""
    try:
        return _COMPACT.encode(value)
    except TypeError:
        # The encoder has no way to write a Decimal as a number.
        return "".join(_pieces(value))


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        separator = "{"
        for key, item in value.items():
            yield f"{separator}{_COMPACT.encode(key)}:"
            yield from _pieces(item)
            separator = ","
        yield "}" if value else "{}"
    elif isinstance(value, list):
        separator = "["
        for item in value:
            yield separator
            yield from _pieces(item)
            separator = ","
        yield "]" if value else "[]"
    else:
        yield _number(value) if isinstance(value, Decimal) else _COMPACT.encode(value)


def _number(value: Decimal) -> str:
    """Return the shorter spelling: a number at the limit of length must not grow beyond it."""
    sign, digits, exponent = value.as_tuple()
    coefficient = "".join(map(str, digits))
    return min(str(value), f"{'-' if sign else ''}{coefficient}E{exponent}", key=len)
