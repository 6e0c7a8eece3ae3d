"""Rules as the JSON that is stored, exported and answered; one rule has one document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any

from automation.segments.conditions import (
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
from integrations.json_values import decimal_text

Document = dict[str, Any]


def rule_json(rule: Rule) -> Document:
    return {
        "include": item_json(rule.include),
        "exclude": item_json(rule.exclude) if rule.exclude else None,
    }


@singledispatch
def item_json(item: Any) -> Document:
    """Return the document of a group or of one condition."""
    raise TypeError(f"{type(item).__name__} is no part of a rule.")


@item_json.register
def _group(item: Group) -> Document:
    return {"kind": "group", "match": item.match, "items": [item_json(each) for each in item.items]}


@item_json.register
def _field(item: FieldCondition) -> Document:
    document = {"kind": "field", "field": item.field.id, "operator": item.operator}
    return document if item.value is None else {**document, "value": _plain(item.value)}


@item_json.register
def _preference(item: PreferenceCondition) -> Document:
    return {"kind": "preference", "channel": item.channel, "is": item.answer}


@item_json.register
def _consent(item: ConsentCondition) -> Document:
    return {"kind": "consent", "consent_id": item.consent_id, "is": item.answer}


@item_json.register
def _email_status(item: EmailStatusCondition) -> Document:
    return {"kind": "email_status", "is": list(item.statuses)}


@item_json.register
def _points(item: PointsCondition) -> Document:
    return {
        "kind": "points",
        "definition": item.definition,
        "operator": item.operator,
        "value": decimal_text(item.value),
    }


@item_json.register
def _activity(item: ActivityCondition) -> Document:
    return {
        "kind": "activity",
        "type": item.type,
        "operator": item.operator,
        "count": item.count,
        "days": item.days,
        "properties": [_property(each) for each in item.properties],
    }


def _property(item: PropertyCondition) -> Document:
    document = {"path": item.path, "operator": item.operator}
    return document if item.value is None else {**document, "value": _number_kept(item.value)}


def _plain(value: Any) -> Any:
    """Return a value of a field: numbers as text, as no reader of JSON rounds those."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _number_kept(value: Any) -> Any:
    """Return a value of a property, whose type says how it is compared: numbers stay numbers."""
    if isinstance(value, tuple):
        return [_number_kept(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
