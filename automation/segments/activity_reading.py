"""Conditions on what contacts did."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from automation.segments.conditions import ActivityCondition, PropertyCondition, PropertyValue
from automation.segments.operators import COUNT_OPERATORS, PROPERTY_OPERATORS
from automation.segments.values import MOST_DAYS, chosen, number_value, text_value, whole_value
from contacts.models import Activity
from contacts.normalisation.values import text_storable
from integrations.pointers import clean_pointer

MOST_COUNT: Final = 100_000
MOST_PROPERTIES: Final = 20
_MOST_VALUES: Final = 200
_LONGEST_PATH: Final = 200
_LONGEST_TYPE: Final = Activity._meta.get_field("type").max_length or 0
# It is kept as a number of JSON, which readers take for a double.
_MOST_DIGITS: Final = 15
_INDEX: Final = re.compile(r"-?[0-9]+")
_ORDERED: Final = frozenset(("gt", "ge", "lt", "le"))

Told = Callable[[str, str], None]


def read_activity(document: Mapping[str, Any], told: Told) -> ActivityCondition | None:
    """Return the condition, or None once what is wrong with it is told by key."""
    kind = document.get("type")
    is_name = isinstance(kind, str) and kind.strip() and text_storable(kind) == kind
    if not is_name or len(str(kind)) > _LONGEST_TYPE:
        told("type", "Name the activity.")
    operator = chosen(document.get("operator"), COUNT_OPERATORS, told, "operator")
    count = _whole(document.get("count"), 0, MOST_COUNT, told, "count")
    if operator == "at_least" and count == 0:
        told("count", "Everybody did it at least 0 times. Say “exactly 0” for those who never did.")
    days = document.get("days")
    rows = document.get("properties") or []
    if not isinstance(rows, list) or len(rows) > MOST_PROPERTIES:
        told("properties", f"Give a list of at most {MOST_PROPERTIES} properties.")
        return None
    return ActivityCondition(
        type=str(kind),
        operator=operator,
        count=count,
        days=None if days is None else _whole(days, 1, MOST_DAYS, told, "days"),
        properties=tuple(_properties(rows, told)),
    )


def _whole(value: Any, least: int, most: int, told: Told, key: str) -> int:
    try:
        return whole_value(value, least=least, most=most)
    except ValueError as error:
        told(key, str(error))
        return -1


def _properties(rows: list[Any], told: Told) -> Iterator[PropertyCondition]:
    for index, row in enumerate(rows):
        place = f"properties.{index}"
        if not isinstance(row, Mapping) or set(row) - {"path", "operator", "value"}:
            told(place, "A property has a path, an operator and a value.")
            continue
        operator = chosen(row.get("operator"), PROPERTY_OPERATORS, told, f"{place}.operator")
        try:
            path = _path(row.get("path"))
        except ValueError as error:
            told(f"{place}.path", str(error))
            continue
        try:
            value = None if operator == "is_set" else _value(operator, row.get("value"))
        except ValueError as error:
            told(f"{place}.value", str(error))
            continue
        yield PropertyCondition(path=path, operator=operator, value=value)


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > _LONGEST_PATH:
        raise ValueError("Name the property.")
    # SQLite knows no way to write it in a path.
    if '"' in value or text_storable(value) != value:
        raise ValueError("The name of a property cannot hold a quotation mark here.")
    if not value.startswith("/"):
        return value
    if any(_INDEX.fullmatch(part) for part in value.split("/")):
        raise ValueError("A path leads through names. Elements of a list have none.")
    return clean_pointer(value)


def _value(operator: str, value: Any) -> PropertyValue:
    if operator == "in":
        if not isinstance(value, list) or not 0 < len(value) <= _MOST_VALUES:
            raise ValueError(f"Give a list of 1 to {_MOST_VALUES} values.")
        return tuple(_text_or_number(each) for each in value)
    if operator == "contains":
        return text_value(value)
    if operator in _ORDERED:
        return _text_or_number(value)
    return value if isinstance(value, bool) else _text_or_number(value)


def _text_or_number(value: Any) -> str | Decimal:
    if isinstance(value, str):
        return text_value(value)
    number = number_value(value)
    if len(number.normalize().as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(f"Give a number of at most {_MOST_DIGITS} digits.")
    return number
