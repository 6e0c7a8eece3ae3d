"""Rules in plain words, for people who did not write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import singledispatchmethod
from typing import Any, Final

from automation.segments.conditions import (
    ActivityCondition,
    Condition,
    ConsentCondition,
    EmailStatusCondition,
    FieldCondition,
    Group,
    PointsCondition,
    PreferenceCondition,
    PropertyCondition,
    Rule,
)
from automation.segments.operators import (
    COUNT_OPERATORS,
    FIELD_OPERATORS,
    POINTS_OPERATORS,
    PROPERTY_OPERATORS,
)
from automation.segments.rule_names import RuleNames
from integrations.json_values import decimal_text
from sites.models import Site

_CHANNELS: Final = {"email": "e-mail", "sms": "SMS", "postal": "post"}
_ACCEPTS: Final = {
    "yes": "accepts {}",
    "no": "does not accept {}",
    "not_set": "has not said whether {} is accepted",
}
_CONSENTS: Final = {
    "yes": "agreed to {}",
    "no": "said no to {}",
    "not_set": "has not answered {}",
}
_MOST_NAMED: Final = 10


def rule_words(rule: Rule, site: Site, names: RuleNames | None = None) -> str:
    """Return the whole rule as one or two sentences; `names` are those of the site."""
    words = _Words(names or RuleNames(site))
    include = words.of_group(rule.include) if rule.include.items else "every contact"
    text = f"{include[0].upper()}{include[1:]}."
    return (
        f"{text} Without those of whom: {words.of_group(rule.exclude)}." if rule.exclude else text
    )


def condition_words(condition: Condition, names: RuleNames) -> str:
    """Return one condition, as it stands in the words of a rule."""
    return _Words(names).of(condition)


class _Words:
    def __init__(self, names: RuleNames) -> None:
        self._names = names

    def of_group(self, group: Group) -> str:
        word = " and " if group.match == "all" else " or "
        return word.join(
            f"({self.of_group(item)})"
            if isinstance(item, Group) and len(item.items) > 1
            else self.of_group(item)
            if isinstance(item, Group)
            else self.of(item)
            for item in group.items
        )

    @singledispatchmethod
    def of(self, item: Any) -> str:
        raise TypeError(f"{type(item).__name__} is no condition.")

    @of.register
    def _field(self, item: FieldCondition) -> str:
        words = FIELD_OPERATORS[item.field.kind][item.operator].words
        labels = {option.id: option.label for option in item.field.options}
        value = item.value
        if isinstance(value, tuple):
            value = tuple(labels.get(each, each) for each in value)
        if item.operator == "within_days" and value == 0:
            return f"{item.field.label} is today"
        return f"{item.field.label} {_with(words, value)}"

    @of.register
    def _preference(self, item: PreferenceCondition) -> str:
        return _ACCEPTS[item.answer].format(_CHANNELS[item.channel])

    @of.register
    def _consent(self, item: ConsentCondition) -> str:
        name = self._names.consents.get(item.consent_id, item.consent_id)
        return _CONSENTS[item.answer].format(f"“{name}”")

    @of.register
    def _email_status(self, item: EmailStatusCondition) -> str:
        return f"has an e-mail address that is {' or '.join(item.statuses)}"

    @of.register
    def _points(self, item: PointsCondition) -> str:
        name = self._names.points.get(item.definition, f"points {item.definition}")
        return f"balance of “{name}” {_with(POINTS_OPERATORS[item.operator].words, item.value)}"

    @of.register
    def _activity(self, item: ActivityCondition) -> str:
        if item.count == 0 and item.operator != "at_least":
            did = f"never did “{item.type}”"
        elif item.count == 1 and item.operator == "at_least":
            did = f"did “{item.type}”"
        else:
            times = "once" if item.count == 1 else f"{item.count:,} times"
            did = f"did “{item.type}” {COUNT_OPERATORS[item.operator]} {times}"
        if item.days is not None:
            did += f" in the last {item.days:,} days" if item.days > 1 else " in the last 24 hours"
        wanted = " and ".join(property_words(each) for each in item.properties)
        return f"{did} with {wanted}" if wanted else did


def property_words(item: PropertyCondition) -> str:
    return f"{item.path} {_with(PROPERTY_OPERATORS[item.operator], item.value)}"


def _with(words: str, value: Any) -> str:
    """Put a value into the words of an operator."""
    text = words.replace("{}", _told(value))
    return text.replace(" 1 days", " 1 day")


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        named = ", ".join(_told(each) for each in value[:_MOST_NAMED])
        more = f" and {len(value) - _MOST_NAMED} more" if len(value) > _MOST_NAMED else ""
        return named + more
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else _quoted(value)


def _quoted(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else str(value)
