"""JSON values as compact text: what `parse_json` returned, it takes again as the same value."""

from __future__ import annotations

import json
import re
import secrets
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

# The encoder writes no numbers of other types than its own. It writes them as text that nobody
# else can know, and the quotes are taken off afterwards.
_MARK: Final = secrets.token_hex(16)
_MARKED: Final = re.compile(rf'"{_MARK}([^"]*)"')


def json_text(value: Any) -> str:
    """Return the value as JSON without blanks; a Decimal is a number, an instant is ISO 8601.

    Raises TypeError for what is no JSON value, and ValueError for NaN and infinities.
    """
    text = _encode(value)
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("NaN and infinities are no JSON.")
        text, short = _number(value), float(value)
        return short if repr(short) == text else f"{_MARK}{text}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON value.")


def _number(value: Decimal) -> str:
    """Return the shorter spelling: a number at the limit of length must not grow beyond it."""
    sign, digits, exponent = value.as_tuple()
    coefficient = "".join(map(str, digits))
    return min(str(value), f"{'-' if sign else ''}{coefficient}E{exponent}", key=len)


# One for all, and without a look for circles: payloads are small and many.
_encode: Final = json.JSONEncoder(
    default=_plain,
    check_circular=False,
    separators=(",", ":"),
    ensure_ascii=False,
    allow_nan=False,
).encode
