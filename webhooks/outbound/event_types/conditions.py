"""Conditions on a payload: each names a place in it, and all of them must hold.

    [{"pointer": "/amount", "operator": "gt", "value": 100},
     {"pointer": "/deletionReason", "operator": "exists"}]

`pointer` is a JSON Pointer (RFC 6901). `gt` and `lt` compare numbers with numbers, and text with
text letter by letter, which orders times that are written alike. What is not there fulfils only
`absent` and `ne`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from integrations.pointers import MISSING, clean_pointer, resolve

MOST_CONDITIONS: Final = 20
_LONGEST_TEXT: Final = 1_000
_MOST_CHOICES: Final = 200

LABELS: Final[Mapping[str, str]] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "contains": "contains",
    "exists": "is there",
    "absent": "is not there",
    "gt": "is more than",
    "lt": "is less than",
}
# They look at the place alone.
WITHOUT_VALUE: Final = frozenset(("exists", "absent"))


def check_conditions(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the rows as they are stored; raises ValueError with a sentence naming the row."""
    if len(rows) > MOST_CONDITIONS:
        raise ValueError(f"A subscription has at most {MOST_CONDITIONS} conditions.")
    return [_checked(number, row) for number, row in enumerate(rows, start=1)]


def holds(rows: Sequence[Mapping[str, Any]], payload: Mapping[str, Any]) -> bool:
    """Say whether every condition holds; without conditions, anything does."""
    return all(
        _OPERATORS[row["operator"]](resolve(payload, row["pointer"]), row.get("value"))
        for row in rows
    )


def _checked(number: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping) or not set(row) <= {"pointer", "operator", "value"}:
        raise ValueError(f"Condition {number} is no row of pointer, operator and value.")
    operator = row.get("operator")
    if not isinstance(operator, str) or operator not in _OPERATORS:
        raise ValueError(f"Condition {number}: choose one of {', '.join(_OPERATORS)}.")
    pointer = row.get("pointer")
    try:
        checked = clean_pointer(pointer if isinstance(pointer, str) else "")
    except ValueError as error:
        raise ValueError(f"Condition {number}: {error}") from None
    if operator in WITHOUT_VALUE:
        return {"pointer": checked, "operator": operator}
    value = _checked_value(number, operator, row.get("value"))
    return {"pointer": checked, "operator": operator, "value": value}


def _checked_value(number: int, operator: str, value: Any) -> Any:
    if operator == "in":
        if not isinstance(value, list) or not 0 < len(value) <= _MOST_CHOICES:
            raise ValueError(f"Condition {number}: give a list of 1 to {_MOST_CHOICES} values.")
        return [_plain(number, each) for each in value]
    if operator in ("gt", "lt") and not _is_number(value) and not isinstance(value, str):
        raise ValueError(f"Condition {number}: only a number or text can be more or less.")
    return _plain(number, value)


def _plain(number: int, value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        raise ValueError(f"Condition {number}: the value is longer than {_LONGEST_TEXT}.")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ValueError(f"Condition {number}: the value is no text, number, yes, no or null.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _equal(found: Any, value: Any) -> bool:
    """Compare as JSON does: true is not 1, and 1 is 1.0."""
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    if isinstance(found, Decimal) and isinstance(value, float):
        # What a person typed as 10.1 is the number that is written so, not its nearest double.
        return found == Decimal(repr(value))
    return bool(found == value)


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    return isinstance(found, list | tuple) and any(_equal(each, value) for each in found)


def _compared(found: Any, value: Any, compare: Callable[[Any, Any], bool]) -> bool:
    if _is_number(found) and _is_number(value):
        return compare(found, value)
    return isinstance(found, str) and isinstance(value, str) and compare(found, value)


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda found, value: found is not MISSING and _equal(found, value),
    "ne": lambda found, value: found is MISSING or not _equal(found, value),
    "in": lambda found, value: found is not MISSING and any(_equal(found, each) for each in value),
    "contains": _contains,
    "exists": lambda found, _: found is not MISSING,
    "absent": lambda found, _: found is MISSING,
    "gt": lambda found, value: _compared(found, value, lambda left, right: left > right),
    "lt": lambda found, value: _compared(found, value, lambda left, right: left < right),
}
