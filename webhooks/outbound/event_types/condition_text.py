"""Conditions as people type them: a place, a comparison, and a value in one line of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from webhooks.outbound.event_types.conditions import WITHOUT_VALUE


def typed_condition(pointer: str, operator: str, text: str) -> dict[str, Any]:
    """Return the row that was typed; one of several values has commas in between."""
    row = {"pointer": pointer, "operator": operator}
    if operator in WITHOUT_VALUE:
        return row
    if operator == "in":
        return {**row, "value": [_value(part) for part in text.split(",") if part.strip()]}
    return {**row, "value": _value(text)}


def value_text(row: Mapping[str, Any]) -> str:
    """Return the text that `typed_condition` reads as the value of this row."""
    value = row.get("value")
    if row["operator"] in WITHOUT_VALUE:
        return ""
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    return _text(value)


def _value(text: str) -> Any:
    """Return a number, true, false or null as such, and everything else as text."""
    text = text.strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    is_plain = value is None or isinstance(value, bool | int | float)
    if is_plain and value not in (float("inf"), float("-inf")):
        return value
    return value if isinstance(value, str) and _is_storable(value) else text


def _is_storable(text: str) -> bool:
    """Say whether both databases take it: an escape may stand for what is no character."""
    return "\0" not in text and text.encode("utf-8", "ignore").decode() == text


def _text(value: Any) -> str:
    if isinstance(value, str) and _value(value) == value and "," not in value:
        return value
    return json.dumps(value, ensure_ascii=False)
