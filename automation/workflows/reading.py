"""Reads documents that people or files hand in, and notes everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from automation.segments.rules import BadRule, read_rule, rule_json
from automation.workflows.problems import Problems
from automation.workflows.site_things import SiteThings
from automation.workflows.values import check_value
from integrations.field_types import FieldDefinition, FieldError, lenient
from webhooks.outbound.event_types.conditions import MOST_CONDITIONS, check_conditions

_NEEDED: Final = "This is needed."


class Reading:
    """One object of a document, at a place of it. Getters return something usable in any case."""

    def __init__(self, document: Any, place: str, problems: Problems, things: SiteThings) -> None:
        self.things = things
        self._place = place
        self._problems = problems
        self._document: Mapping[str, Any] = {}
        if isinstance(document, Mapping):
            self._document = document
        else:
            problems.add(place, "This is no object with settings.")

    def problem(self, name: str, sentence: str) -> None:
        self._problems.add(self._at(name), sentence)

    def only(self, *names: str) -> None:
        """Refuse settings of other names: a misspelt one would be lost without a word."""
        for name in self._document:
            if name not in names:
                self.problem(str(name)[:60], "There is no such setting here.")

    def get(self, name: str) -> Any:
        return self._document.get(name)

    def at(self, name: str, document: Any) -> Reading:
        return Reading(document, self._at(name), self._problems, self.things)

    def objects(self, name: str, *, most: int, needed: str = "") -> list[Reading]:
        """Return the objects of a list; `needed` is what is said when there are none."""
        rows = self._document.get(name, [])
        if not isinstance(rows, list | tuple):
            self.problem(name, "This is no list.")
            return []
        if not rows and needed:
            self.problem(name, needed)
        if len(rows) > most:
            self.problem(name, f"There may be at most {most}.")
        return [self.at(f"{name}.{number}", row) for number, row in enumerate(rows[:most])]

    def text(self, name: str, *, longest: int = 500, is_needed: bool = False) -> str:
        given = self._document.get(name, "")
        text = given.strip() if isinstance(given, str) else ""
        if not isinstance(given, str):
            self.problem(name, "This is no text.")
        elif len(text) > longest:
            self.problem(name, f"At most {longest} characters.")
        elif is_needed and not text:
            self.problem(name, _NEEDED)
        return text[:longest]

    def choice(self, name: str, choices: Sequence[str], default: str = "") -> str:
        given = self._document.get(name, default)
        if isinstance(given, str) and given in choices:
            return given
        self.problem(name, f"Choose one of: {', '.join(choices)}." if given else _NEEDED)
        return choices[0]

    def key(self, name: str, known: Collection[Any], missing: str) -> Any:
        """Return the id of something that exists; `missing` is the sentence when it does not."""
        given = self._document.get(name)
        if isinstance(given, str | int) and not isinstance(given, bool) and given in known:
            return given
        self.problem(name, missing if given else _NEEDED)
        return None

    def boolean(self, name: str) -> bool:
        given = self._document.get(name)
        if not isinstance(given, bool):
            self.problem(name, "Choose yes or no.")
        return given is True

    def whole(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        given = self._document.get(name, default)
        is_whole = isinstance(given, int) and not isinstance(given, bool)
        if not is_whole or not least <= given <= most:
            self.problem(name, f"Give a whole number from {least} to {most}.")
            return least
        return int(given)

    def value(self, name: str, definition: FieldDefinition | None = None) -> dict[str, Any]:
        """Return a literal that fits the definition, or a variable."""
        try:
            value = check_value(self._document.get(name))
            if definition is not None and value.get("literal") is not None:
                lenient(definition, value["literal"])
        except FieldError as error:
            self.problem(name, error.reason)
        except ValueError as error:
            self.problem(name, str(error))
        else:
            if "literal" in value and value["literal"] in (None, ""):
                self.problem(name, "Give a value, or a variable.")
            return value
        return {"literal": None}

    def amount(self, name: str) -> dict[str, Any]:
        """Return a number above zero with at most four places, or a variable."""
        value = self.value(name)
        if "variable" not in value and value["literal"] not in (None, ""):
            number = decimal_of(value["literal"])
            if number is None or number <= 0:
                self.problem(name, "Give a number above zero, with at most four decimals.")
            else:
                return {"literal": str(number)}
        return value

    def conditions(self, name: str) -> list[dict[str, Any]]:
        rows = self._document.get(name) or []
        if not isinstance(rows, list | tuple):
            self.problem(name, "Conditions are a list.")
        elif len(rows) > MOST_CONDITIONS:
            self.problem(name, f"There may be at most {MOST_CONDITIONS} conditions.")
        else:
            try:
                return check_conditions(rows)
            except ValueError as error:
                self.problem(name, str(error))
        return []

    def rule(self, name: str) -> dict[str, Any] | None:
        """Return a segment's rule about the contact, None when there is none."""
        document = self._document.get(name)
        if document is None:
            return None
        try:
            return rule_json(read_rule(document, self.things.site, self.things.in_rules))
        except BadRule as error:
            for place, sentence in error.problems:
                self.problem(f"{name}.{place}" if place else name, sentence)
            return None

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place and name else self._place or name


def decimal_of(value: Any) -> Decimal | None:
    """Return a number with at most four decimals and 14 digits before them, else None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
        if not number.is_finite() or number.adjusted() > 13:
            return None
        rounded = number.quantize(Decimal("0.0001"))
    except InvalidOperation:
        return None
    if rounded != number:
        return None
    return number.normalize() if number != number.to_integral_value() else number.quantize(1)
