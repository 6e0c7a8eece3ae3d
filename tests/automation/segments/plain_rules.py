"""Rules evaluated in plain Python over what a contact has: what the database is compared with.

It shares the rule as it was read and the clock's idea of days with the product, and nothing of how
questions become SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from automation.segments.rules import (
    ActivityCondition,
    ConsentCondition,
    EmailStatusCondition,
    FieldCondition,
    Group,
    PointsCondition,
    PreferenceCondition,
    PropertyCondition,
    Rule,
)

ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")


@dataclass
class Person:
    """Everything that rules look at, as it is stored."""

    columns: dict[str, Any]
    preferences: dict[str, bool] = field(default_factory=dict)
    consents: dict[str, bool] = field(default_factory=dict)
    points: dict[int, Decimal] = field(default_factory=dict)
    activities: list[tuple[str, datetime, dict[str, Any]]] = field(default_factory=list)


@dataclass
class Moment:
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


def matches(rule: Rule, person: Person, moment: Moment) -> bool:
    if not _holds(rule.include, person, moment) and rule.include.items:
        return False
    return rule.exclude is None or not _holds(rule.exclude, person, moment)


def _holds(item: Any, person: Person, moment: Moment) -> bool:
    if isinstance(item, Group):
        of_items = all if item.match == "all" else any
        return of_items(_holds(each, person, moment) for each in item.items)
    if isinstance(item, FieldCondition):
        return _field(item, person, moment)
    if isinstance(item, PreferenceCondition):
        return _answer(person.preferences.get(item.channel)) == item.answer
    if isinstance(item, ConsentCondition):
        return _answer(person.consents.get(item.consent_id)) == item.answer
    if isinstance(item, EmailStatusCondition):
        columns = person.columns
        return columns["email"] is not None and columns["email_status"] in item.statuses
    if isinstance(item, PointsCondition):
        balance = person.points.get(item.definition, Decimal(0))
        return ORDER[item.operator](balance, item.value)
    assert isinstance(item, ActivityCondition)
    return _activity(item, person, moment)


def _answer(value: bool | None) -> str:
    return "not_set" if value is None else "yes" if value else "no"


def _activity(item: ActivityCondition, person: Person, moment: Moment) -> bool:
    since = moment.now - timedelta(days=item.days) if item.days is not None else None
    count = sum(
        kind == item.type
        and (since is None or at >= since)
        and all(_property(each, properties) for each in item.properties)
        for kind, at, properties in person.activities
    )
    if item.operator == "at_least":
        return count >= item.count
    return count <= item.count if item.operator == "at_most" else count == item.count


def _property(item: PropertyCondition, properties: dict[str, Any]) -> bool:
    found: Any = properties
    for name in item.path.split("/")[1:] if item.path.startswith("/") else [item.path]:
        found = found.get(name) if isinstance(found, dict) else None
    if item.operator == "is_set":
        return found is not None
    if item.operator == "contains":
        return item.value in found if isinstance(found, str | list) else False
    if isinstance(item.value, tuple):
        return any(_compared("eq", found, each) for each in item.value)
    return _compared(item.operator, found, item.value)


def _compared(operator: str, found: Any, value: Any) -> bool:
    if operator == "ne":
        return not _compared("eq", found, value)
    if isinstance(value, bool):
        return found is value
    if isinstance(value, Decimal):
        number = _number(found)
        return number is not None and ORDER[operator](number, value)
    return isinstance(found, str) and found != "" and ORDER[operator](found, value)


def _number(found: Any) -> Decimal | None:
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    text = str(found)
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


def _field(item: FieldCondition, person: Person, moment: Moment) -> bool:
    attributes = person.columns["attributes"]
    attribute = item.field.attribute
    stored = attributes.get(attribute) if attribute else person.columns[item.field.id]
    if item.field.is_list:
        return _list(item, stored if isinstance(stored, list) else [])
    kind = item.field.kind.value
    if kind in ("text", "options"):
        return _text(item, stored if isinstance(stored, str) and stored else None)
    if kind == "number":
        return _plain(item, _number(stored))
    if kind == "boolean":
        return _plain(item, stored if isinstance(stored, bool) else None)
    return _date(item, stored, moment)


def _list(item: FieldCondition, stored: list[Any]) -> bool:
    if item.value is None:
        return bool(stored) == (item.operator == "is_set")
    assert isinstance(item.value, tuple)
    has_one = any(each in stored for each in item.value)
    return has_one == (item.operator == "in")


def _text(item: FieldCondition, stored: str | None) -> bool:
    value: Any = item.value
    if item.operator == "contains":
        return stored is not None and value in stored
    if item.operator == "starts_with":
        return stored is not None and stored.startswith(value)
    if item.operator in ("in", "not_in"):
        return (stored in value) == (item.operator == "in")
    return _plain(item, stored)


def _plain(item: FieldCondition, stored: Any) -> bool:
    if item.operator in ("is_set", "is_not_set"):
        return (stored is not None) == (item.operator == "is_set")
    if item.operator == "ne":
        return bool(stored != item.value)
    if item.operator == "is":
        return stored is item.value
    return stored is not None and ORDER[item.operator](stored, item.value)


def _date(item: FieldCondition, stored: Any, moment: Moment) -> bool:
    if isinstance(stored, str):
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", stored):
            stored = None
        else:
            is_day = len(stored) == 10
            stored = date.fromisoformat(stored) if is_day else datetime.fromisoformat(stored)
    elif not isinstance(stored, date):
        stored = None
    if item.operator in ("is_set", "is_not_set"):
        return (stored is not None) == (item.operator == "is_set")
    if stored is None:
        return False
    value: Any = item.value
    if item.operator == "anniversary_within_days":
        # Attributes have their instants in UTC; columns are read as the site sees them.
        zone = UTC if item.field.attribute else moment.zone
        day = stored.astimezone(zone).date() if isinstance(stored, datetime) else stored
        return _has_anniversary(day, moment.today, value)
    if isinstance(value, date):
        day = stored.astimezone(moment.zone).date() if isinstance(stored, datetime) else stored
        tests = {"before": day < value, "after": day > value, "on": day == value}
        return bool(tests[item.operator])
    return _span(item.operator, stored, value, moment)


def _span(operator: str, stored: date, days: int, moment: Moment) -> bool:
    span = timedelta(days=days)
    now: Any = moment.now.replace(microsecond=0)
    past, future = now - span, now + span
    if isinstance(stored, datetime):
        stored = stored.replace(microsecond=0)
    else:
        past, now, future = (each.astimezone(moment.zone).date() for each in (past, now, future))
    if operator == "older_than_days":
        return bool(stored < past)
    return (
        bool(past <= stored <= now) if operator == "within_days" else bool(now <= stored <= future)
    )


def _has_anniversary(day: date, today: date, days: int) -> bool:
    for number in range(days + 1):
        coming = today + timedelta(days=number)
        if (day.month, day.day) == (coming.month, coming.day):
            return True
        is_last_of_february = (coming.month, (coming + timedelta(days=1)).month) == (2, 3)
        if (day.month, day.day) == (2, 29) and is_last_of_february:
            return True
    return False
