"""Rules from documents: everything that is wrong is found at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from automation.segments.activity_reading import read_activity
from automation.segments.conditions import (
    Condition,
    ConsentCondition,
    EmailStatusCondition,
    FieldCondition,
    Group,
    Item,
    PointsCondition,
    PreferenceCondition,
    Rule,
)
from automation.segments.operators import (
    ANSWERS,
    FIELD_OPERATORS,
    MATCHES,
    POINTS_OPERATORS,
    ValueForm,
)
from automation.segments.rule_names import RuleNames
from automation.segments.values import chosen, field_value, number_value, texts_value
from integrations.contact_change import Channel, EmailStatus
from sites.models import Site

MOST_DEPTH: Final = 5
MOST_CONDITIONS: Final = 50
Problem = tuple[str, str]


class BadRule(ValueError):
    """A document is no rule of the site. `problems` are (place, sentence), in reading order.

    A place is a path into the document, such as `include.items.0.value`.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = tuple(problems)


class _Reader:
    """Reads one document, collecting what is wrong with it."""

    def __init__(self, names: RuleNames) -> None:
        self.names = names
        self._count = 0
        self.problems: list[Problem] = []

    def problem(self, place: str, sentence: str) -> None:
        self.problems.append((place, sentence))

    def group(self, document: Any, place: str, depth: int) -> Group | None:
        if not isinstance(document, Mapping) or document.get("kind") != "group":
            self.problem(place, "This is no group of conditions.")
            return None
        match, items = document.get("match"), document.get("items")
        if not isinstance(match, str) or match not in MATCHES:
            self.problem(f"{place}.match", "Choose whether all or any of the conditions must hold.")
        if not isinstance(items, list):
            self.problem(f"{place}.items", "The conditions of a group are a list.")
            return None
        if depth > MOST_DEPTH:
            self.problem(place, f"Groups can be nested {MOST_DEPTH} deep.")
            return None
        if not items and depth > 1:
            self.problem(place, "Add a condition to this group, or remove it.")
        return Group(match=str(match), items=tuple(self._items(items, f"{place}.items", depth)))

    def _items(self, documents: Sequence[Any], place: str, depth: int) -> Iterator[Item]:
        for index, document in enumerate(documents):
            at = f"{place}.{index}"
            if isinstance(document, Mapping) and document.get("kind") == "group":
                item: Item | None = self.group(document, at, depth + 1)
            else:
                item = self._condition(document, at)
            if item is not None:
                yield item

    def _condition(self, document: Any, place: str) -> Condition | None:
        self._count += 1
        if self._count > MOST_CONDITIONS:
            if self._count == MOST_CONDITIONS + 1:
                self.problem(place, f"A segment has at most {MOST_CONDITIONS} conditions.")
            return None
        kind = document.get("kind") if isinstance(document, Mapping) else None
        read = _CONDITIONS.get(kind) if isinstance(kind, str) else None
        if read is None:
            self.problem(place, f"Choose one of: {', '.join(_CONDITIONS)}.")
            return None
        unknown = set(document) - _KEYS[str(kind)] - {"kind"}
        if unknown:
            self.problem(place, f"Unknown here: {', '.join(sorted(map(str, unknown)))}.")
            return None
        found: list[Problem] = []
        condition = read(self, document, lambda key, sentence: found.append((key, sentence)))
        self.problems += [(f"{place}.{key}" if key else place, text) for key, text in found]
        return None if found else condition


def read_rule(document: Any, site: Site, names: RuleNames | None = None) -> Rule:
    """Return the rule of a document. Raises `BadRule` with everything that is wrong with it.

    `names` are those of the site, given where several rules are read or worded.
    """
    reader = _Reader(names or RuleNames(site))
    if not isinstance(document, Mapping) or set(document) - {"include", "exclude"}:
        raise BadRule([("", "A rule has the groups include and exclude, and nothing else.")])
    include = reader.group(document.get("include"), "include", 1)
    given = document.get("exclude")
    exclude = None if given is None else reader.group(given, "exclude", 1)
    if reader.problems or include is None:
        raise BadRule(reader.problems)
    return Rule(include=include, exclude=exclude if exclude and exclude.items else None)


Told = Callable[[str, str], None]


def _field(reader: _Reader, document: Mapping[str, Any], told: Told) -> Condition | None:
    field = reader.names.fields.get(str(document.get("field")))
    if field is None:
        told("field", "Contacts of this site have no such field.")
        return None
    operators = FIELD_OPERATORS[field.kind]
    operator = chosen(document.get("operator"), operators, told, "operator")
    if not operator:
        return None
    form = operators[operator].form
    if form is ValueForm.NONE:
        return FieldCondition(field=field, operator=operator)
    try:
        value = field_value(field, form, document.get("value"), reader.names.site.default_country)
    except ValueError as error:
        told("value", str(error))
        return None
    return FieldCondition(field=field, operator=operator, value=value)


def _preference(reader: _Reader, document: Mapping[str, Any], told: Told) -> Condition | None:
    channels = [each.value for each in Channel]
    channel = chosen(document.get("channel"), channels, told, "channel")
    answer = chosen(document.get("is"), ANSWERS, told, "is")
    return PreferenceCondition(channel=channel, answer=answer)


def _consent(reader: _Reader, document: Mapping[str, Any], told: Told) -> Condition | None:
    consent_id = document.get("consent_id")
    if not isinstance(consent_id, str) or consent_id not in reader.names.consents:
        told("consent_id", "This site has no such consent.")
    answer = chosen(document.get("is"), ANSWERS, told, "is")
    return ConsentCondition(consent_id=str(consent_id), answer=answer)


def _email_status(reader: _Reader, document: Mapping[str, Any], told: Told) -> Condition | None:
    try:
        statuses = texts_value(document.get("is"))
    except ValueError as error:
        told("is", str(error))
        return None
    known = [each.value for each in EmailStatus]
    if not set(statuses) <= set(known):
        told("is", f"Choose among: {', '.join(known)}.")
    return EmailStatusCondition(statuses=statuses)


def _points(reader: _Reader, document: Mapping[str, Any], told: Told) -> Condition | None:
    number = document.get("definition")
    if isinstance(number, bool) or not isinstance(number, int) or number not in reader.names.points:
        told("definition", "This site has no such points.")
        return None
    operator = chosen(document.get("operator"), POINTS_OPERATORS, told, "operator")
    try:
        value = number_value(document.get("value"))
    except ValueError as error:
        told("value", str(error))
        return None
    return PointsCondition(definition=number, operator=operator, value=value)


def _activity(reader: _Reader, document: Mapping[str, Any], told: Told) -> Condition | None:
    return read_activity(document, told)


_CONDITIONS: Final[Mapping[str, Callable[[_Reader, Mapping[str, Any], Told], Condition | None]]] = {
    "field": _field,
    "preference": _preference,
    "consent": _consent,
    "email_status": _email_status,
    "points": _points,
    "activity": _activity,
}
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "field": frozenset(("field", "operator", "value")),
    "preference": frozenset(("channel", "is")),
    "consent": frozenset(("consent_id", "is")),
    "email_status": frozenset(("is",)),
    "points": frozenset(("definition", "operator", "value")),
    "activity": frozenset(("type", "operator", "count", "days", "properties")),
}
