"""Conditions on properties of an activity, each of the type of the value it compares with."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.db.models import Q, Value
from django.db.models.lookups import Exact, IsNull

from automation.segments.conditions import PropertyCondition, PropertyValue
from automation.segments.field_queries import known, number_tests, text_tests
from automation.segments.json_values import JsonListHolds, JsonValue

PROPERTIES: Final = "properties"


def property_query(condition: PropertyCondition) -> Q:
    """Return the condition as a query over activities that is true or false, never NULL."""
    path, operator, value = path_of(condition.path), condition.operator, condition.value
    if operator == "is_set":
        kind = JsonValue(PROPERTIES, path, "type")
        return Q(IsNull(kind, False)) & ~known(Exact(kind, Value("null")))
    if operator == "contains":
        text = JsonValue(PROPERTIES, path, "text")
        return text_tests(text, operator, value) | Q(JsonListHolds(PROPERTIES, path, (str(value),)))
    if isinstance(value, tuple):
        alternatives = Q()
        for each in value:
            alternatives |= _tests(path, "eq", each)
        return alternatives
    return _tests(path, operator, value)


def path_of(text: str) -> tuple[str, ...]:
    """Return the names that lead to a property: one, or those of a JSON Pointer."""
    if not text.startswith("/"):
        return (text,)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def _tests(path: tuple[str, ...], operator: str, value: PropertyValue) -> Q:
    if isinstance(value, bool):
        stored = JsonValue(PROPERTIES, path, "boolean")
        is_value = known(Exact(stored, value))
        return ~is_value if operator == "ne" else is_value
    if isinstance(value, Decimal):
        return number_tests(JsonValue(PROPERTIES, path, "number"), operator, value)
    return text_tests(JsonValue(PROPERTIES, path, "text"), operator, value)
