"""Conditions on the fields of a contact, as SQL over its own row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from django.db.models import Case, CharField, F, IntegerField, Q, Value, When
from django.db.models.functions import (
    Cast,
    Coalesce,
    ExtractDay,
    ExtractMonth,
    Length,
    StrIndex,
    Substr,
)
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from automation.segments.conditions import FieldCondition
from automation.segments.days import Bound, Clock, Span
from automation.segments.fields import FieldKind
from automation.segments.json_values import JsonListHolds, JsonValue

ATTRIBUTES: Final = "attributes"
_DAY_LENGTH: Final = 10
COMPARISONS: Final[Mapping[str, Any]] = {
    "eq": Exact,
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
    "lt": LessThan,
    "le": LessThanOrEqual,
}


def known(test: Any) -> Q:
    """Return a test that is false where it would be NULL, so that its negation is true there."""
    return Q(Coalesce(test, Value(False)))


def text_tests(expression: Any, operator: str, value: Any) -> Q:
    """Return a test of a text expression, in which nothing is NULL; never NULL itself."""
    if operator == "ne":
        return ~known(Exact(expression, value))
    if operator == "contains":
        place = StrIndex(expression, Value(value, output_field=CharField()))
        return known(GreaterThan(place, 0))
    if operator == "starts_with":
        return known(Exact(Substr(expression, 1, len(value)), value))
    if operator == "in":
        return known(In(expression, list(value)))
    return known(COMPARISONS[operator](expression, value))


def number_tests(expression: Any, operator: str, value: Decimal) -> Q:
    if operator == "ne":
        return ~known(Exact(expression, value))
    return known(COMPARISONS[operator](expression, value))


def field_query(condition: FieldCondition, clock: Clock) -> Q:
    """Return the condition as a query over contacts that is true or false, never NULL."""
    if condition.field.attribute:
        return _of_attribute(condition, clock)
    return _COLUMNS.get(condition.field.id, _text_column)(condition, clock)


def _of_attribute(condition: FieldCondition, clock: Clock) -> Q:
    field, operator, value = condition.field, condition.operator, condition.value
    path = (field.attribute,)
    if field.is_list:
        return _list(path, operator, value)
    # An option is stored as text.
    kind = "text" if field.kind is FieldKind.OPTIONS else field.kind.value
    stored = JsonValue(ATTRIBUTES, path, kind)
    if operator in ("is_set", "is_not_set"):
        return Q(IsNull(stored, operator == "is_not_set"))
    if field.kind is FieldKind.DATE:
        return _stored_date(stored, operator, value, clock)
    if field.kind is FieldKind.NUMBER:
        return number_tests(stored, operator, cast(Decimal, value))
    return _plain(stored, operator, value)


def _plain(stored: Any, operator: str, value: Any) -> Q:
    if operator == "is":
        return known(Exact(stored, value))
    return (
        ~text_tests(stored, "in", value)
        if operator == "not_in"
        else text_tests(stored, operator, value)
    )


def _list(path: tuple[str, ...], operator: str, value: Any) -> Q:
    if operator in ("is_set", "is_not_set"):
        size = JsonValue(ATTRIBUTES, path, "size")
        is_set = known(GreaterThan(size, 0))
        return is_set if operator == "is_set" else ~is_set
    holds = Q(JsonListHolds(ATTRIBUTES, path, value))
    return ~holds if operator == "not_in" else holds


def _stored_date(stored: Any, operator: str, value: Any, clock: Clock) -> Q:
    """Return a test of an attribute: a day, or an instant in UTC, as ISO text."""
    if operator == "anniversary_within_days":
        days = [f"{each // 100:02}-{each % 100:02}" for each in clock.anniversaries(value)]
        return known(In(Substr(stored, 6, 5), days))
    span = clock.span(operator, value)
    test = Q()
    if span.start:
        test &= known(GreaterThanOrEqual(stored, _as_stored(stored, span.start)))
    if span.end:
        test &= known(LessThan(stored, _as_stored(stored, span.end)))
    return test


def _as_stored(stored: Any, bound: Bound) -> Case:
    return Case(
        When(Exact(Length(stored), _DAY_LENGTH), then=Value(bound.day.isoformat())),
        default=Value(bound.instant_text),
        output_field=CharField(),
    )


def _text_column(condition: FieldCondition, clock: Clock) -> Q:
    column, operator, value = condition.field.id, condition.operator, condition.value
    if operator in ("is_set", "is_not_set"):
        is_not_set = Q(**{column: ""}) | Q(**{f"{column}__isnull": True})
        return is_not_set if operator == "is_not_set" else ~is_not_set
    if operator == "ne":
        return Q(**{f"{column}__isnull": True}) | ~Q(**{column: value})
    if operator == "eq":
        return Q(**{f"{column}__isnull": False, column: value})
    if operator == "in":
        return Q(**{f"{column}__isnull": False, f"{column}__in": value})
    return text_tests(F(column), operator, value)


def _birth_date(condition: FieldCondition, clock: Clock) -> Q:
    return _date_column(condition, clock, lambda bound: bound.day)


def _instant(condition: FieldCondition, clock: Clock) -> Q:
    return _date_column(condition, clock, lambda bound: bound.instant)


def _date_column(condition: FieldCondition, clock: Clock, stored_as: Callable[[Bound], date]) -> Q:
    column, operator = condition.field.id, condition.operator
    if operator in ("is_set", "is_not_set"):
        return Q(**{f"{column}__isnull": operator == "is_not_set"})
    if operator == "anniversary_within_days":
        zone = None if column == "birth_date" else clock.zone
        day = ExtractMonth(column, tzinfo=zone) * 100 + ExtractDay(column, tzinfo=zone)
        listed = In(
            Cast(day, IntegerField()), list(clock.anniversaries(cast(int, condition.value)))
        )
        return Q(**{f"{column}__isnull": False}) & Q(listed)
    span: Span = clock.span(operator, condition.value)
    test = Q(**{f"{column}__isnull": False})
    if span.start:
        test &= Q(**{f"{column}__gte": stored_as(span.start)})
    if span.end:
        test &= Q(**{f"{column}__lt": stored_as(span.end)})
    return test


_COLUMNS: Final[Mapping[str, Callable[[FieldCondition, Clock], Q]]] = {
    "birth_date": _birth_date,
    "created_at": _instant,
    "updated_at": _instant,
}
